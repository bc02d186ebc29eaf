using System.Net;
using MQTTnet.Server;

namespace Anax.Interop;

/// <summary>MQTTnet's server as the benchmarks measure it: its defaults, but for what would drop what a load counts.</summary>
public static class BenchServer
{
    /// <summary>Pending messages for each client; the default is 250.</summary>
    const int PendingMessages = 1_000_000;
    /// <summary>Connections that may wait to be accepted; the default is 10.</summary>
    const int Backlog = 4_096;

    public static async Task<int> RunAsync(int port)
    {
        var options = new MqttServerOptionsBuilder()
            .WithDefaultEndpoint()
            .WithDefaultEndpointPort(port)
            .WithDefaultEndpointBoundIPAddress(IPAddress.Loopback)
            .WithMaxPendingMessagesPerClient(PendingMessages)
            .WithConnectionBacklog(Backlog)
            .WithPersistentSessions()
            .Build();
        using var server = new MqttServerFactory().CreateMqttServer(options);
        await server.StartAsync();
        await Task.Delay(Timeout.Infinite);
        return 0;
    }
}
