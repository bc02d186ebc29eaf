using System.Text.Json.Nodes;
using System.Threading.Channels;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;

namespace Anax.Interop;

/// <summary>The clients of the tutorials. Each is run to its end; what it says are events with a text.</summary>
public sealed class TutorialClients : JsonLines
{
    int _port;
    TaskCompletionSource<bool> _goOn = new();

    protected override async Task<object?> DoAsync(string operation, JsonObject command)
    {
        switch (operation)
        {
            case "run": _port = command.Number("port"); await RunAsync(command.Text("tutorial")!, command.Number("periodMs")); return true;
            case "goOn": _goOn.SetResult(true); return true;
            default: throw new ArgumentException($"no command {operation}");
        }
    }

    void Say(string text) => Write(new { @event = "line", text });

    Task RunAsync(string tutorial, int periodMs) => tutorial switch
    {
        "five events" => FiveEventsAsync(),
        "publisher" => PublisherAsync(periodMs),
        "subscriber" => SubscriberAsync(),
        "user and password" => UserAndPasswordAsync(),
        "server push" => ServerPushAsync(),
        "status list" => StatusListAsync(),
        "persistent session" => PersistentSessionAsync(),
        "retained" => RetainedAsync(),
        "cloud client" => CloudClientAsync(),
        _ => throw new ArgumentException($"no tutorial {tutorial}"),
    };

    MqttClientOptionsBuilder Options(string clientId) => new MqttClientOptionsBuilder()
        .WithTcpServer("127.0.0.1", _port).WithClientId(clientId).WithProtocolVersion(MQTTnet.Formatter.MqttProtocolVersion.V500);

    async Task<Tutee> ConnectAsync(MqttClientOptions options)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        var tutee = new Tutee(client, Say);
        client.ApplicationMessageReceivedAsync += args =>
        {
            var message = args.ApplicationMessage;
            tutee.Receive($"got {message.Topic}: {message.ConvertPayloadToString()}{(message.Retain ? " (retained)" : "")}");
            return Task.CompletedTask;
        };
        var result = await client.ConnectAsync(options);
        Say($"{options.ClientId} connected: {(int)result.ResultCode}, session {(result.IsSessionPresent ? "kept" : "new")}");
        return tutee;
    }

    async Task PublishAsync(Tutee tutee, string topic, string payload, int qos = 1, bool retain = false)
    {
        var message = new MqttApplicationMessageBuilder().WithTopic(topic).WithPayload(payload)
            .WithQualityOfServiceLevel((MqttQualityOfServiceLevel)qos).WithRetainFlag(retain).Build();
        Say($"published {topic}: {(int)(await tutee.Client.PublishAsync(message)).ReasonCode}");
    }

    async Task SubscribeAsync(Tutee tutee, string filter)
    {
        var result = await tutee.Client.SubscribeAsync(filter, MqttQualityOfServiceLevel.AtLeastOnce);
        Say($"subscribed {filter}: {(int)result.Items.First().ResultCode}");
    }

    async Task UnsubscribeAsync(Tutee tutee, string filter)
    {
        var result = await tutee.Client.UnsubscribeAsync(filter);
        Say($"unsubscribed {filter}: {(int)result.Items.First().ResultCode}");
    }

    async Task FiveEventsAsync()
    {
        var tutee = await ConnectAsync(Options("guest").WithCredentials("ann", "secret").Build());
        await SubscribeAsync(tutee, "a/#");
        await PublishAsync(tutee, "a/b", "hello");
        await tutee.Messages(1);
        await UnsubscribeAsync(tutee, "a/#");
        await UnsubscribeAsync(tutee, "never");
        await tutee.Client.DisconnectAsync();
        var second = await ConnectAsync(Options("hasty").Build());
        second.Client.Dispose();
    }

    async Task PublisherAsync(int periodMs)
    {
        var tutee = await ConnectAsync(Options("publisher").Build());
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(periodMs));
        for (var number = 1; number <= 3 && await timer.WaitForNextTickAsync(); number++) await PublishAsync(tutee, "clock", $"{number}", 0);
        await tutee.Client.PingAsync();
        await tutee.Client.DisconnectAsync();
    }

    async Task SubscriberAsync()
    {
        var tutee = await ConnectAsync(Options("subscriber").Build());
        await SubscribeAsync(tutee, "clock");
        await PublishAsync(tutee, "clock", "one");
        await PublishAsync(tutee, "clock", "two", 2);
        await tutee.Messages(2);
        await UnsubscribeAsync(tutee, "clock");
        await PublishAsync(tutee, "clock", "three");
        await tutee.Client.DisconnectAsync();
    }

    async Task UserAndPasswordAsync()
    {
        try
        {
            var refused = await new MqttClientFactory().CreateMqttClient().ConnectAsync(Options("eve").WithCredentials("eve", "guess").Build());
            Say($"refused: {(int)refused.ResultCode}");
        }
        catch (MqttCommunicationException error)
        {
            Say($"refused: {error.GetType().Name}");
        }
        var tutee = await ConnectAsync(Options("ann").WithCredentials("ann", "secret").Build());
        await SubscribeAsync(tutee, "open/+");
        await SubscribeAsync(tutee, "closed/+");
        await PublishAsync(tutee, "open/door", "come in");
        await tutee.Messages(1);
        await PublishAsync(tutee, "closed/door", "let me in");
        await PublishAsync(tutee, "closed/door", "let me in", 2);
        await tutee.Client.DisconnectAsync();
    }

    async Task ServerPushAsync()
    {
        var tutee = await ConnectAsync(Options("reader").Build());
        await SubscribeAsync(tutee, "news/+");
        await tutee.Messages(3);
        await tutee.Client.PingAsync();
        await tutee.Client.DisconnectAsync();
    }

    async Task StatusListAsync()
    {
        var first = await ConnectAsync(Options("first").Build());
        var second = await ConnectAsync(Options("second").WithProtocolVersion(MQTTnet.Formatter.MqttProtocolVersion.V311).Build());
        await SubscribeAsync(first, "shown");
        await PublishAsync(second, "shown", "1");
        await PublishAsync(second, "shown", "2");
        await first.Messages(2);
        await first.Client.PingAsync();
        Say("ready");
        await _goOn.Task;
        _goOn = new();
        await second.Client.DisconnectAsync();
        await first.Client.DisconnectAsync();
    }

    async Task PersistentSessionAsync()
    {
        MqttClientOptions Lasting(bool isClean) => Options("sleeper").WithCleanSession(isClean).WithSessionExpiryInterval(60).Build();
        var tutee = await ConnectAsync(Lasting(false));
        await SubscribeAsync(tutee, "waiting");
        await tutee.Client.DisconnectAsync();
        Say("ready");
        await _goOn.Task;
        _goOn = new();
        tutee = await ConnectAsync(Lasting(false));
        await tutee.Messages(1);
        await tutee.Client.DisconnectAsync();
        Say("ready");
        await _goOn.Task;
        _goOn = new();
        tutee = await ConnectAsync(Lasting(true));
        await tutee.Client.PingAsync();
        await tutee.Client.DisconnectAsync(new MqttClientDisconnectOptionsBuilder().WithSessionExpiryInterval(0).Build());
    }

    async Task RetainedAsync()
    {
        var tutee = await ConnectAsync(Options("keeper").Build());
        await PublishAsync(tutee, "state/door", "open", 1, true);
        await PublishAsync(tutee, "state/lamp", "on", 1, true);
        await SubscribeAsync(tutee, "state/door");
        await tutee.Messages(1);
        await PublishAsync(tutee, "state/lamp", "", 1, true);
        await PublishAsync(tutee, "state/door", "open", 1, true);
        await tutee.Messages(1);
        await tutee.Client.DisconnectAsync();
    }

    async Task CloudClientAsync()
    {
        var options = Options("device").WithCredentials("device", "key").WithKeepAlivePeriod(TimeSpan.FromSeconds(30))
            .WithWillTopic("devices/device/state").WithWillPayload("lost").WithWillQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build();
        var tutee = await ConnectAsync(options);
        await SubscribeAsync(tutee, "devices/device/commands");
        await PublishAsync(tutee, "devices/device/telemetry", "21.5");
        await PublishAsync(tutee, "devices/device/commands", "restart");
        await tutee.Messages(1);
        await tutee.Client.DisconnectAsync(new MqttClientDisconnectOptionsBuilder()
            .WithReason(MqttClientDisconnectOptionsReason.DisconnectWithWillMessage).Build());
    }

    /// <summary>A client, and what it has got and not yet said: acknowledgements may come before or after it.</summary>
    sealed class Tutee(IMqttClient client, Action<string> say)
    {
        readonly Channel<string> _received = Channel.CreateUnbounded<string>();

        public IMqttClient Client { get; } = client;

        public void Receive(string text) => _received.Writer.TryWrite(text);

        /// <summary>Waits for so many messages, and says what they were.</summary>
        public async Task Messages(int count)
        {
            for (var index = 0; index < count; index++) say(await _received.Reader.ReadAsync());
        }
    }
}
