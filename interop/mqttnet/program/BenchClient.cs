using System.Diagnostics;
using System.Text;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace Anax.Interop;

/// <summary>MQTTnet's client under the loads of the client's table: scenario, port, seconds, version, core and program of the generator.</summary>
public static class BenchClient
{
    const int PayloadBytes = 64;
    /// <summary>The runtime compiles what is hot anew within some seconds.</summary>
    static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(8);

    static long _done;
    static long _errors;

    public static async Task<int> RunAsync(string scenario, int port, double seconds, string version, string feedCpu, string generator)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(new MqttClientOptionsBuilder()
            .WithTcpServer("127.0.0.1", port)
            .WithProtocolVersion(version == "5" ? MqttProtocolVersion.V500 : MqttProtocolVersion.V311)
            .WithKeepAlivePeriod(TimeSpan.Zero)
            .Build());
        switch (scenario)
        {
            case "publish-q0": Publish(client, 0, 1); break;
            case "publish-q1": Publish(client, 1, 100); break;
            case "publish-q2": Publish(client, 2, 100); break;
            case "receive-q0":
                using (var feed = await ReceiveAsync(client, port, seconds, version, feedCpu, generator))
                {
                    await SayAsync(seconds);
                    feed.Kill();
                    await feed.WaitForExitAsync();
                }
                return 0;
            default: throw new ArgumentException($"no scenario {scenario}");
        }
        await SayAsync(seconds);
        return 0;
    }

    /// <summary>Keeps so many messages on their way, each followed by the next when it is acknowledged, at QoS 0 when it is sent.</summary>
    static void Publish(IMqttClient client, int qos, int inFlight)
    {
        var message = new MqttApplicationMessageBuilder()
            .WithTopic($"bench/client/{Environment.ProcessId}")
            .WithPayload(Enumerable.Repeat((byte)'x', PayloadBytes).ToArray())
            .WithQualityOfServiceLevel((MqttQualityOfServiceLevel)qos)
            .Build();
        for (var number = 0; number < inFlight; number++) _ = Task.Run(() => PublishOnAsync(client, message));
    }

    static async Task PublishOnAsync(IMqttClient client, MqttApplicationMessage message)
    {
        for (; ; )
        {
            // Nobody subscribes: 0x10 is no error.
            var result = await client.PublishAsync(message);
            if (!result.IsSuccess && result.ReasonCode != MqttClientPublishReasonCode.NoMatchingSubscribers) Interlocked.Increment(ref _errors);
            Interlocked.Increment(ref _done);
        }
    }

    /// <summary>Takes what the generator sends; it waits for credits, so nothing can be dropped on the way.</summary>
    static async Task<Process> ReceiveAsync(IMqttClient client, int port, double seconds, string version, string feedCpu, string generator)
    {
        var prefix = $"bench{Environment.ProcessId}";
        Task CreditAsync() => client.PublishAsync(new MqttApplicationMessageBuilder()
            .WithTopic($"{prefix}/credit").WithPayload(Encoding.ASCII.GetBytes($"{Interlocked.Read(ref _done)}")).Build());
        client.ApplicationMessageReceivedAsync += args =>
        {
            var payload = args.ApplicationMessage.Payload.FirstSpan;
            if (payload.Length != PayloadBytes || BitConverter.ToUInt32(payload[8..]) != (uint)_done) _errors++;
            _done++;
            return _done % 250 == 0 ? CreditAsync() : Task.CompletedTask;
        };
        await client.SubscribeAsync($"{prefix}/0");
        var time = $"{seconds + WarmUp.TotalSeconds + 4}";
        List<string> command = [generator, "-m", "feed", "-T", prefix, "-p", $"{port}", "-q", "0", "-Q", "0", "-w", "2000",
            "-b", $"{PayloadBytes}", "-t", time, "-a", "0", "-j", "-y"];
        if (feedCpu != "") command.InsertRange(0, ["taskset", "-c", feedCpu]);
        if (version == "5") command.Add("-5");
        var feed = Process.Start(new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true })!;
        while (Interlocked.Read(ref _done) == 0)
        {
            await CreditAsync();
            await Task.Delay(100);
        }
        return feed;
    }

    /// <summary>Counts what is done per second, after a time to get warm, and what it costs in processor time.</summary>
    static async Task SayAsync(double seconds)
    {
        await Task.Delay(WarmUp);
        var (done, cpu, clock) = (Interlocked.Read(ref _done), Process.GetCurrentProcess().TotalProcessorTime, Stopwatch.StartNew());
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        var messages = Interlocked.Read(ref _done) - done;
        var rate = messages / clock.Elapsed.TotalSeconds;
        var perCpuSecond = messages / (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds;
        Console.WriteLine($$"""{"rate":{{rate:F0}},"perCpuSecond":{{perCpuSecond:F0}},"errors":{{Interlocked.Read(ref _errors)}}}""");
    }
}
