using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting;
using MQTTnet;
using MQTTnet.AspNetCore;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace Anax.Interop;

/// <summary>MQTTnet's server, by itself or inside ASP.NET, with handlers on every event if asked for.</summary>
public sealed class ServerPart : JsonLines
{
    MqttServer? _server;
    WebApplication? _web;
    ServerEvents? _events;

    MqttServer Server => _server ?? throw new InvalidOperationException("no server was started");

    protected override async Task<object?> DoAsync(string operation, JsonObject command)
    {
        switch (operation)
        {
            case "start": return await StartAsync(command);
            case "startWeb": return await StartWebAsync(command);
            case "stop": return await StopAsync();
            case "answer": _events!.Answer(command.Text("event")!, command.Part("set")!, command.Number("times", int.MaxValue)); return true;
            case "answerNothing": _events!.AnswerNothing(); return true;
            case "inject": return await InjectAsync(command);
            case "setRetained": await Server.UpdateRetainedMessageAsync(Messages.From(command)); return true;
            case "clearRetained": await Server.DeleteRetainedMessagesAsync(); return true;
            case "retained": return (await Server.GetRetainedMessagesAsync()).Select(one => one.Topic).Order(StringComparer.Ordinal).ToArray();
            case "disconnectClient":
                await Server.DisconnectClientAsync(command.Text("clientId")!, (MqttDisconnectReasonCode)command.Number("reason")); return true;
            case "deleteSession": await (await Server.GetSessionAsync(command.Text("clientId")!)).DeleteAsync(); return true;
            case "tryEnqueue": return await TryEnqueueAsync(command);
            case "subscribeFor":
                await Server.SubscribeAsync(command.Text("clientId")!, [.. command["filters"]!.AsArray().Select(one => Messages.Filter(one!))]); return true;
            case "unsubscribeFor":
                await Server.UnsubscribeAsync(command.Text("clientId")!, [.. command["filters"]!.AsArray().Select(one => (string)one!)]); return true;
            case "ping": return true;
            case "fields": return ServerEvents.Fields();
            case "surface": return Surface.Types();
            case "sleepy": _events!.DelayMs = command.Number("ms"); return true;
            default: throw new ArgumentException($"no command {operation}");
        }
    }

    async Task<object?> StartAsync(JsonObject command)
    {
        var builder = new MqttServerOptionsBuilder();
        if (command["port"] is not null)
            builder.WithDefaultEndpoint().WithDefaultEndpointPort(command.Number("port")).WithDefaultEndpointBoundIPAddress(IPAddress.Loopback);
        else builder.WithoutDefaultEndpoint();
        if (command.Part("tls") is { } tls)
        {
            var certificate = X509Certificate2.CreateFromPemFile(tls.Text("cert")!, tls.Text("key"));
            // What comes from PEM has its key in memory only, which the handshake of some systems does not take.
            builder.WithEncryptedEndpoint().WithEncryptedEndpointPort(tls.Number("port")).WithEncryptedEndpointBoundIPAddress(IPAddress.Loopback)
                .WithEncryptionCertificate(X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null));
        }
        Configure(builder, command);
        _server = new MqttServerFactory().CreateMqttServer(builder.Build());
        Observe(command);
        await _server.StartAsync();
        return true;
    }

    static void Configure(MqttServerOptionsBuilder builder, JsonObject command)
    {
        builder.WithPersistentSessions(command.Flag("persistent", true));
        if (command["pendingMax"] is not null) builder.WithMaxPendingMessagesPerClient(command.Number("pendingMax"));
        if (command.Flag("dropNewest"))
            builder.WithPendingMessagesOverflowStrategy(MqttPendingMessagesOverflowStrategy.DropNewMessage);
    }

    void Observe(JsonObject command)
    {
        if (command.Flag("events")) _events = new ServerEvents(Server, line => Write(line));
        if (command.Part("users") is not { } users) return;
        Server.ValidatingConnectionAsync += args =>
        {
            var isKnown = args.UserName is { } name && users.Text(name) == args.Password;
            if (!isKnown) args.ReasonCode = MqttConnectReasonCode.BadUserNameOrPassword;
            return Task.CompletedTask;
        };
    }

    /// <summary>ASP.NET: MQTT over plain TCP by Kestrel, MQTT over WebSocket at /mqtt, and a page with a script.</summary>
    async Task<object?> StartWebAsync(JsonObject command)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, command.Number("mqttPort"), listen => listen.UseMqtt());
            kestrel.Listen(IPAddress.Loopback, command.Number("webPort"));
        });
        builder.Services.AddHostedMqttServer(options => { options.WithoutDefaultEndpoint(); Configure(options, command); });
        builder.Services.AddMqttConnectionHandler();
        builder.Services.AddConnections();
        _web = builder.Build();
        _web.UseWebSockets();
        _web.UseRouting();
        _web.MapMqtt("/mqtt");
        _web.MapGet("/", () => Results.Content(
            "<!doctype html><meta charset=\"utf-8\"><title>MQTT</title><script type=\"module\" src=\"/page.js\"></script>", "text/html"));
        var script = command.Text("script") ?? "";
        _web.MapGet("/page.js", () => Results.Content(script, "text/javascript"));
        _web.UseMqttServer(server => _server = server);
        Observe(command);
        await _web.StartAsync();
        return true;
    }

    async Task<object?> StopAsync()
    {
        if (_web is not null) await _web.StopAsync();
        else await Server.StopAsync();
        return true;
    }

    async Task<object?> InjectAsync(JsonObject command)
    {
        await Server.InjectApplicationMessage(new InjectedMqttApplicationMessage(Messages.From(command)) { SenderClientId = command.Text("sender") ?? "" });
        return true;
    }

    async Task<object?> TryEnqueueAsync(JsonObject command)
    {
        var session = await Server.GetSessionAsync(command.Text("clientId")!);
        var isEnqueued = session.TryEnqueueApplicationMessage(Messages.From(command), out var result);
        return new { isEnqueued, hasIdentifier = isEnqueued && result.PacketIdentifier > 0 };
    }
}
