using System.Net;
using System.Text.Json.Nodes;
using MQTTnet;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace Anax.Interop;

/// <summary>The servers of the tutorials, one at a time. What they say are events with a text.</summary>
public sealed class TutorialServers : JsonLines
{
    MqttServer? _server;

    protected override async Task<object?> DoAsync(string operation, JsonObject command)
    {
        switch (operation)
        {
            case "start": await StartAsync(command.Text("tutorial")!, command.Number("port")); return true;
            case "stop": await _server!.StopAsync(); return true;
            case "statuses": await SayStatusesAsync(); return true;
            default: throw new ArgumentException($"no command {operation}");
        }
    }

    void Say(string text) => Write(new { @event = "line", text });

    Task Said(string text)
    {
        Say(text);
        return Task.CompletedTask;
    }

    async Task StartAsync(string tutorial, int port)
    {
        var options = new MqttServerOptionsBuilder()
            .WithDefaultEndpoint().WithDefaultEndpointPort(port).WithDefaultEndpointBoundIPAddress(IPAddress.Loopback);
        if (tutorial == "persistent session") options.WithPersistentSessions();
        var server = _server = new MqttServerFactory().CreateMqttServer(options.Build());
        switch (tutorial)
        {
            case "five events": TellFiveEvents(server); break;
            case "user and password": Guard(server); break;
            case "server push": Push(server); break;
            case "persistent session": TellSessions(server); break;
            case "retained": TellRetained(server); break;
            case "cloud client": TellCloud(server); break;
            default: TellMessages(server); break;
        }
        await server.StartAsync();
    }

    void TellMessages(MqttServer server) => server.InterceptingPublishAsync += args =>
        Said($"{args.ClientId} publishes {args.ApplicationMessage.Topic}: {args.ApplicationMessage.ConvertPayloadToString()}");

    void TellFiveEvents(MqttServer server)
    {
        server.ValidatingConnectionAsync += args => Said($"{args.ClientId} wants to connect, user {args.UserName ?? "none"}");
        server.ClientConnectedAsync += args => Said($"{args.ClientId} is connected, version {(int)args.ProtocolVersion}");
        server.ClientSubscribedTopicAsync += args =>
            Said($"{args.ClientId} has subscribed to {args.TopicFilter.Topic}, QoS {(int)args.TopicFilter.QualityOfServiceLevel}");
        server.ClientUnsubscribedTopicAsync += args => Said($"{args.ClientId} has unsubscribed from {args.TopicFilter}");
        server.ClientDisconnectedAsync += args => Said($"{args.ClientId} is gone: {Words.Of(args.DisconnectType)}");
    }

    void Guard(MqttServer server)
    {
        server.ValidatingConnectionAsync += args =>
        {
            if (args.UserName != "ann" || args.Password != "secret") args.ReasonCode = MqttConnectReasonCode.BadUserNameOrPassword;
            return Said($"{args.UserName} is answered {(int)args.ReasonCode}");
        };
        server.InterceptingSubscriptionAsync += args =>
        {
            var isAllowed = args.TopicFilter.Topic.StartsWith("open/", StringComparison.Ordinal);
            args.ProcessSubscription = isAllowed;
            if (!isAllowed) args.Response.ReasonCode = MqttSubscribeReasonCode.NotAuthorized;
            return Said($"{args.ClientId} asks for {args.TopicFilter.Topic}: {(isAllowed ? "yes" : "no")}");
        };
        server.InterceptingPublishAsync += args =>
        {
            var isAllowed = args.ApplicationMessage.Topic.StartsWith("open/", StringComparison.Ordinal);
            args.ProcessPublish = isAllowed;
            if (!isAllowed) args.Response.ReasonCode = MqttPubAckReasonCode.NotAuthorized;
            return Said($"{args.ClientId} publishes to {args.ApplicationMessage.Topic}: {(isAllowed ? "yes" : "no")}");
        };
    }

    void Push(MqttServer server) => server.ClientSubscribedTopicAsync += async args =>
    {
        foreach (var number in new[] { 1, 2, 3 })
        {
            var message = new MqttApplicationMessageBuilder()
                .WithTopic($"news/{number}").WithPayload($"number {number}").WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build();
            await server.InjectApplicationMessage(new InjectedMqttApplicationMessage(message) { SenderClientId = "server" });
        }
        Say($"pushed to {args.ClientId}");
    };

    void TellSessions(MqttServer server)
    {
        server.SessionDeletedAsync += args => Said($"the session of {args.Id} is deleted");
        server.ClientDisconnectedAsync += async args =>
        {
            var message = new MqttApplicationMessageBuilder()
                .WithTopic("waiting").WithPayload("for you").WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build();
            await server.InjectApplicationMessage(new InjectedMqttApplicationMessage(message) { SenderClientId = "server" });
            Say($"{args.ClientId} is gone; a message for it");
        };
        server.ApplicationMessageNotConsumedAsync += args => Said($"{args.ApplicationMessage.Topic} went to nobody");
    }

    void TellRetained(MqttServer server) => server.RetainedMessageChangedAsync += args =>
        Said($"{args.ChangedRetainedMessage.Topic} changed; kept: {string.Join(", ", args.StoredRetainedMessages.Select(one => one.Topic).Order(StringComparer.Ordinal))}");

    void TellCloud(MqttServer server)
    {
        TellMessages(server);
        server.ClientDisconnectedAsync += args => Said($"{args.ClientId} is gone: {Words.Of(args.DisconnectType)}");
        server.ClientAcknowledgedPublishPacketAsync += args =>
            Said($"{args.ClientId} has acknowledged {args.PublishPacket.Topic}");
    }

    async Task SayStatusesAsync()
    {
        foreach (var client in (await _server!.GetClientsAsync()).OrderBy(one => one.Id, StringComparer.Ordinal))
        {
            Say($"client {client.Id}, version {(int)client.ProtocolVersion}");
            Say($"counters of {client.Id}: {client.SentApplicationMessagesCount} sent, {client.ReceivedApplicationMessagesCount} received");
        }
        foreach (var session in (await _server.GetSessionsAsync()).OrderBy(one => one.Id, StringComparer.Ordinal))
            Say($"session {session.Id}, {session.PendingApplicationMessagesCount} pending");
    }
}

/// <summary>The same words as on the other side.</summary>
static class Words
{
    public static string Of(MqttClientDisconnectType type) => type switch
    {
        MqttClientDisconnectType.Clean => "clean",
        MqttClientDisconnectType.NotClean => "notClean",
        _ => "takeover",
    };
}
