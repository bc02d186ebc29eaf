using System.Diagnostics;
using System.Net;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace Anax.Interop;

/// <summary>MQTTnet's server and client as the benchmarks measure them.</summary>
public static class Bench
{
    /// <summary>Pending messages for each client: MQTTnet's default of 250 drops what a load counts.</summary>
    const int PendingMessages = 1_000_000;

    public static async Task<int> ServeAsync(int port)
    {
        var options = new MqttServerOptionsBuilder()
            .WithDefaultEndpoint()
            .WithDefaultEndpointPort(port)
            .WithDefaultEndpointBoundIPAddress(IPAddress.Loopback)
            .WithMaxPendingMessagesPerClient(PendingMessages)
            .WithConnectionBacklog(4_096)
            .Build();
        using var server = new MqttServerFactory().CreateMqttServer(options);
        await server.StartAsync();
        Console.WriteLine("ready");
        await Task.Delay(Timeout.Infinite);
        return 0;
    }

    /// <summary>One scenario of `bench:client`; prints messages, errors, seconds and seconds of processor time.</summary>
    public static async Task<int> MeasureAsync(int port, string scenario, double seconds)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(new MqttClientOptionsBuilder()
            .WithTcpServer("127.0.0.1", port)
            .WithProtocolVersion(MqttProtocolVersion.V311)
            .WithNoKeepAlive()
            .Build());
        var (messages, errors) = (0L, 0L);
        var process = Process.GetCurrentProcess();
        var isReceiving = scenario == "receive-q0";
        if (isReceiving)
        {
            client.ApplicationMessageReceivedAsync += _ => { Interlocked.Increment(ref messages); return Task.CompletedTask; };
            await client.SubscribeAsync("bench/receive", MqttQualityOfServiceLevel.AtMostOnce);
            Console.WriteLine("{\"ready\":true}");
        }
        var deadline = Stopwatch.StartNew();
        var cpuBefore = process.TotalProcessorTime;
        var atStart = Interlocked.Read(ref messages);
        if (isReceiving) await Task.Delay(TimeSpan.FromSeconds(seconds));
        else (messages, errors) = await PublishAsync(client, scenario, deadline, seconds);
        var elapsed = deadline.Elapsed.TotalSeconds;
        process.Refresh();
        var cpu = (process.TotalProcessorTime - cpuBefore).TotalSeconds;
        Console.WriteLine(FormattableString.Invariant(
            $"{{\"messages\":{Interlocked.Read(ref messages) - atStart},\"errors\":{errors},\"seconds\":{elapsed},\"cpuSeconds\":{cpu}}}"));
        return 0;
    }

    static async Task<(long, long)> PublishAsync(IMqttClient client, string scenario, Stopwatch clock, double seconds)
    {
        var qos = scenario switch { "publish-q0" => 0, "publish-q1" => 1, _ => 2 };
        var inFlight = qos == 0 ? 1_000 : 100;
        var message = new MqttApplicationMessageBuilder().WithTopic("bench/publish").WithPayload(new byte[64])
            .WithQualityOfServiceLevel((MqttQualityOfServiceLevel)qos).Build();
        var (messages, errors) = (0L, 0L);
        var workers = Enumerable.Range(0, inFlight).Select(async _ =>
        {
            while (clock.Elapsed.TotalSeconds < seconds)
            {
                try
                {
                    await client.PublishAsync(message);
                    Interlocked.Increment(ref messages);
                }
                catch (Exception)
                {
                    Interlocked.Increment(ref errors);
                }
            }
        });
        await Task.WhenAll(workers);
        return (messages, errors);
    }
}
