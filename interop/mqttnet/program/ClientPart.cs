using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Anax.Interop;

/// <summary>MQTTnet's clients, named by the commands. Messages and losses of connections are events.</summary>
public sealed class ClientPart : JsonLines
{
    readonly ConcurrentDictionary<string, IMqttClient> _clients = new();

    protected override Task<object?> DoAsync(string operation, JsonObject command)
    {
        var name = command.Text("client")!;
        return operation switch
        {
            "connect" => ConnectAsync(name, command),
            "subscribe" => SubscribeAsync(_clients[name], command),
            "unsubscribe" => UnsubscribeAsync(_clients[name], command),
            "publish" => PublishAsync(_clients[name], Messages.From(command)),
            "publishMany" => PublishManyAsync(_clients[name], command),
            "ping" => PingAsync(_clients[name]),
            "reauthenticate" => ReauthenticateAsync(_clients[name], command),
            "disconnect" => DisconnectAsync(_clients[name], command),
            "destroy" => DestroyAsync(name),
            _ => throw new ArgumentException($"no command {operation}"),
        };
    }

    async Task<object?> ConnectAsync(string name, JsonObject command)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        if (_clients.TryRemove(name, out var before)) before.Dispose();
        _clients[name] = client;
        var isManual = command.Flag("manual");
        client.ApplicationMessageReceivedAsync += args =>
        {
            if (isManual) args.AutoAcknowledge = false;
            Write(new { @event = "message", client = name, message = Messages.Shown(args.ApplicationMessage) });
            return Task.CompletedTask;
        };
        client.DisconnectedAsync += args =>
        {
            if (args.ClientWasConnected)
                Write(new { @event = "disconnected", client = name, reason = (int)args.Reason, text = args.ReasonString });
            return Task.CompletedTask;
        };
        var result = await client.ConnectAsync(OptionsFrom(command));
        return new
        {
            code = (int)result.ResultCode,
            present = result.IsSessionPresent,
            assigned = result.AssignedClientIdentifier,
            reason = result.ReasonString,
            reference = result.ServerReference,
            responseInformation = result.ResponseInformation,
            userProperties = Messages.Pairs(result.UserProperties),
            receiveMaximum = result.ReceiveMaximum,
        };
    }

    static MqttClientOptions OptionsFrom(JsonObject command)
    {
        var version = command.Number("version", 5) switch
        {
            3 => MqttProtocolVersion.V310,
            4 => MqttProtocolVersion.V311,
            _ => MqttProtocolVersion.V500,
        };
        var builder = new MqttClientOptionsBuilder()
            .WithProtocolVersion(version)
            .WithClientId(command.Text("clientId") ?? "")
            .WithCleanSession(command.Flag("clean", true))
            .WithKeepAlivePeriod(TimeSpan.FromSeconds(command.Number("keepAlive", 60)))
            .WithTimeout(TimeSpan.FromSeconds(20));
        if (command.Text("webSocket") is { } uri) builder.WithWebSocketServer(options => options.WithUri(uri));
        else builder.WithTcpServer("127.0.0.1", command.Number("port"));
        if (command.Part("tls") is { } tls) builder.WithTlsOptions(options => Secure(options, tls));
        if (command["expiry"] is not null) builder.WithSessionExpiryInterval((uint)command.Number("expiry"));
        if (command["receiveMaximum"] is not null) builder.WithReceiveMaximum((ushort)command.Number("receiveMaximum"));
        if (command.Text("userName") is { } userName) builder.WithCredentials(userName, command.Text("password"));
        if (command.Flag("requestResponseInformation")) builder.WithRequestResponseInformation();
        if (command.Part("will") is { } will) AddWill(builder, will);
        if (command.Part("scram") is { } scram)
        {
            var exchange = new Scram(scram.Text("userName")!, scram.Text("password")!);
            builder.WithEnhancedAuthentication("SCRAM-SHA-256", exchange.First());
            builder.WithEnhancedAuthenticationHandler(exchange);
        }
        return builder.Build();
    }

    static void Secure(MqttClientTlsOptionsBuilder options, JsonObject tls)
    {
        options.UseTls().WithTargetHost("127.0.0.1");
        options.WithTrustChain([X509CertificateLoader.LoadCertificateFromFile(tls.Text("ca")!)]);
        options.WithRevocationMode(X509RevocationMode.NoCheck);
        if (tls.Text("cert") is not { } cert) return;
        options.WithClientCertificates([X509Certificate2.CreateFromPemFile(cert, tls.Text("key"))]);
    }

    static void AddWill(MqttClientOptionsBuilder builder, JsonObject will)
    {
        builder.WithWillTopic(will.Text("topic"))
            .WithWillPayload(will.Text("payload"))
            .WithWillQualityOfServiceLevel((MqttQualityOfServiceLevel)will.Number("qos"))
            .WithWillRetain(will.Flag("retain"));
        if (will["delay"] is not null) builder.WithWillDelayInterval((uint)will.Number("delay"));
    }

    static async Task<object?> SubscribeAsync(IMqttClient client, JsonObject command)
    {
        var builder = new MqttClientSubscribeOptionsBuilder();
        foreach (var filter in command["filters"]!.AsArray()) builder.WithTopicFilter(Messages.Filter(filter!));
        if (command["identifier"] is not null) builder.WithSubscriptionIdentifier((uint)command.Number("identifier"));
        var result = await client.SubscribeAsync(builder.Build());
        return result.Items.Select(item => (int)item.ResultCode).ToArray();
    }

    static async Task<object?> UnsubscribeAsync(IMqttClient client, JsonObject command)
    {
        var builder = new MqttClientUnsubscribeOptionsBuilder();
        foreach (var filter in command["filters"]!.AsArray()) builder.WithTopicFilter((string)filter!);
        var result = await client.UnsubscribeAsync(builder.Build());
        return result.Items.Select(item => (int)item.ResultCode).ToArray();
    }

    static async Task<object?> PublishAsync(IMqttClient client, MqttApplicationMessage message)
    {
        var result = await client.PublishAsync(message);
        return new { code = (int)result.ReasonCode, reason = result.ReasonString, userProperties = Messages.Pairs(result.UserProperties) };
    }

    /// <summary>Publishes with all of them on their way at the same time; gives how many were answered with each code.</summary>
    static async Task<object?> PublishManyAsync(IMqttClient client, JsonObject command)
    {
        var (from, count) = (command.Number("from"), command.Number("count"));
        var publishing = Enumerable.Range(from, count).Select(async index =>
        {
            var message = new MqttApplicationMessageBuilder()
                .WithTopic(command.Text("topic"))
                .WithPayload(index.ToString())
                .WithQualityOfServiceLevel((MqttQualityOfServiceLevel)command.Number("qos"))
                .Build();
            try
            {
                return (await client.PublishAsync(message)).IsSuccess ? index : -1;
            }
            catch (Exception)
            {
                return -1;
            }
        });
        var acknowledged = await Task.WhenAll(publishing);
        return acknowledged.Where(index => index >= 0).ToArray();
    }

    static async Task<object?> PingAsync(IMqttClient client)
    {
        await client.PingAsync();
        return true;
    }

    static async Task<object?> ReauthenticateAsync(IMqttClient client, JsonObject command)
    {
        var handler = (Scram)client.Options.EnhancedAuthenticationHandler;
        handler.Begin(command.Text("password"));
        await client.SendEnhancedAuthenticationExchangeDataAsync(new MqttEnhancedAuthenticationExchangeData
        {
            AuthenticationData = handler.First(),
            ReasonCode = MqttAuthenticateReasonCode.ReAuthenticate,
        });
        await handler.Done;
        return true;
    }

    static async Task<object?> DisconnectAsync(IMqttClient client, JsonObject command)
    {
        var builder = new MqttClientDisconnectOptionsBuilder().WithReason((MqttClientDisconnectOptionsReason)command.Number("reason"));
        if (command["expiry"] is not null) builder.WithSessionExpiryInterval((uint)command.Number("expiry"));
        await client.DisconnectAsync(builder.Build());
        return true;
    }

    /// <summary>As a program that ends: no DISCONNECT is sent.</summary>
    Task<object?> DestroyAsync(string name)
    {
        if (_clients.TryRemove(name, out var client)) client.Dispose();
        return Task.FromResult<object?>(true);
    }
}
