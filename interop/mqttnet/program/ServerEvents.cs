using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using MQTTnet;
using MQTTnet.Packets;
using MQTTnet.Server;

namespace Anax.Interop;

/// <summary>
/// A handler on each of the 22 events: it writes what it is given as a line, under the names that Anax uses, and answers what
/// it was told to.
/// </summary>
public sealed class ServerEvents
{
    readonly Action<object> _write;
    readonly Dictionary<string, (JsonObject Set, int Times)> _answers = [];

    /// <summary>Milliseconds that each handler takes.</summary>
    public int DelayMs { get; set; }

    public ServerEvents(MqttServer server, Action<object> write)
    {
        _write = write;
        server.ApplicationMessageEnqueuedOrDroppedAsync += args => Tell("applicationMessageEnqueuedOrDropped", args,
            new { sender = args.SenderClientId ?? "", receiver = args.ReceiverClientId, args.ApplicationMessage.Topic, args.IsDropped });
        server.ApplicationMessageNotConsumedAsync += args => Tell("applicationMessageNotConsumed", args,
            new { sender = args.SenderId ?? "", args.ApplicationMessage.Topic });
        server.ClientAcknowledgedPublishPacketAsync += args => Tell("clientAcknowledgedPublishPacket", args, new
        {
            args.ClientId,
            args.PublishPacket.Topic,
            packet = Type(args.AcknowledgePacket),
            qos = (int)args.PublishPacket.QualityOfServiceLevel,
            args.PublishPacket.Retain,
            duplicate = args.PublishPacket.Dup,
            identifiers = args.PublishPacket.SubscriptionIdentifiers?.Count ?? 0,
            args.IsCompleted,
        });
        server.ClientConnectedAsync += args => Tell("clientConnected", args, new { args.ClientId, args.UserName, version = (int)args.ProtocolVersion });
        server.ClientDisconnectedAsync += args => Tell("clientDisconnected", args,
            new { args.ClientId, type = Camel(args.DisconnectType.ToString()), reason = (int)(args.ReasonCode ?? 0) });
        server.ClientSubscribedTopicAsync += args => Tell("clientSubscribedTopic", args,
            new { args.ClientId, filter = args.TopicFilter.Topic, qos = (int)args.TopicFilter.QualityOfServiceLevel });
        server.ClientUnsubscribedTopicAsync += args => Tell("clientUnsubscribedTopic", args, new { args.ClientId, filter = args.TopicFilter });
        server.InterceptingClientEnqueueAsync += args => Tell("interceptingClientEnqueue", args,
            new { sender = args.SenderClientId ?? "", receiver = args.ReceiverClientId, args.ApplicationMessage.Topic });
        server.InterceptingInboundPacketAsync += args => Tell("interceptingInboundPacket", args, new { args.ClientId, packet = Type(args.Packet) });
        server.InterceptingOutboundPacketAsync += args => Tell("interceptingOutboundPacket", args, new { args.ClientId, packet = Type(args.Packet) });
        server.InterceptingPublishAsync += args => Tell("interceptingPublish", args, new
        {
            args.ClientId,
            args.ApplicationMessage.Topic,
            payload = args.ApplicationMessage.ConvertPayloadToString() ?? "",
            qos = (int)args.ApplicationMessage.QualityOfServiceLevel,
            args.ApplicationMessage.Retain,
        });
        server.InterceptingSubscriptionAsync += args => Tell("interceptingSubscription", args,
            new { args.ClientId, filter = args.TopicFilter.Topic, qos = (int)args.TopicFilter.QualityOfServiceLevel });
        server.InterceptingUnsubscriptionAsync += args => Tell("interceptingUnsubscription", args, new { args.ClientId, filter = args.Topic });
        server.LoadingRetainedMessageAsync += args => Tell("loadingRetainedMessage", args, new { });
        server.PreparingSessionAsync += args => Tell("preparingSession", args, new { });
        server.QueuedApplicationMessageOverwrittenAsync += args => Tell("queuedApplicationMessageOverwritten", args,
            new { receiver = args.ReceiverClientId, (args.Packet as MqttPublishPacket)?.Topic });
        server.RetainedMessageChangedAsync += args => Tell("retainedMessageChanged", args,
            new { args.ClientId, args.ChangedRetainedMessage.Topic, payload = args.ChangedRetainedMessage.ConvertPayloadToString() ?? "" });
        server.RetainedMessagesClearedAsync += args => Tell("retainedMessagesCleared", args, new { });
        server.SessionDeletedAsync += args => Tell("sessionDeleted", args, new { clientId = args.Id });
        server.StartedAsync += args => Tell("started", args, new { });
        server.StoppedAsync += args => Tell("stopped", args, new { });
        server.ValidatingConnectionAsync += args => Tell("validatingConnection", args,
            new { args.ClientId, args.UserName, clean = args.CleanSession ?? false, version = (int)args.ProtocolVersion });
    }

    /// <summary>Every property of the arguments of each event, and whether handlers may write it.</summary>
    public static Dictionary<string, Dictionary<string, bool>> Fields() => typeof(MqttServer).GetEvents().ToDictionary(
        one => Camel(one.Name[..^"Async".Length]),
        one =>
        {
            var type = one.EventHandlerType!.GetGenericArguments()[0];
            // Its static type is EventArgs; this is what handlers are given.
            if (one.Name == "PreparingSessionAsync") type = typeof(PreparingSessionEventArgs);
            return type.GetProperties().ToDictionary(property => Camel(property.Name), property => property.SetMethod?.IsPublic == true);
        });

    /// <summary>From now on, or for so many events, the handler writes these values into the event.</summary>
    public void Answer(string name, JsonObject set, int times)
    {
        lock (_answers) _answers[name] = (set, times);
    }

    public void AnswerNothing()
    {
        lock (_answers) _answers.Clear();
    }

    async Task Tell(string name, EventArgs args, object fields)
    {
        _write(new { @event = name, fields = Normal(fields) });
        if (DelayMs > 0) await Task.Delay(DelayMs);
        JsonObject set;
        lock (_answers)
        {
            if (!_answers.TryGetValue(name, out var answer) || answer.Times == 0) return;
            _answers[name] = (answer.Set, answer.Times - 1);
            set = answer.Set;
        }
        if (set.ContainsKey("throw")) throw new InvalidOperationException("told to");
        foreach (var (path, value) in set) Write(args, path, value!);
    }

    /// <summary>Writes a value at a path such as "response.reasonCode".</summary>
    static void Write(object target, string path, JsonNode value)
    {
        if (path == "payload")
        {
            var message = (MqttApplicationMessage)target.GetType().GetProperty("ApplicationMessage")!.GetValue(target)!;
            message.PayloadSegment = Encoding.UTF8.GetBytes((string)value!);
            return;
        }
        var names = path.Split('.');
        foreach (var name in names[..^1]) target = Property(target, name).GetValue(target)!;
        var property = Property(target, names[^1]);
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        object? converted = type.IsEnum ? Enum.ToObject(type, (int)value!)
            : type == typeof(bool) ? (bool)value!
            : type == typeof(string) ? (string)value!
            : Convert.ChangeType((int)value!, type);
        property.SetValue(target, converted);
    }

    static PropertyInfo Property(object target, string name)
    {
        var pascal = name switch
        {
            "assignedClientId" => "AssignedClientIdentifier",
            "qos" => "QualityOfServiceLevel",
            "filter" => "Topic",
            _ => char.ToUpperInvariant(name[0]) + name[1..],
        };
        return target.GetType().GetProperty(pascal) ?? throw new ArgumentException($"{target.GetType().Name} has no {pascal}");
    }

    /// <summary>The kind of a packet, and the Reason Code of an answer.</summary>
    static string Type(MqttPacket packet)
    {
        var name = packet.GetType().Name["Mqtt".Length..^"Packet".Length].ToLowerInvariant();
        name = name switch { "puback" or "pubrec" or "pubrel" or "pubcomp" => name, _ => name };
        return packet switch
        {
            MqttPublishPacket publish => $"publish {publish.Topic} qos {(int)publish.QualityOfServiceLevel}{(publish.Retain ? " retain" : "")}{(publish.Dup ? " dup" : "")}",
            MqttConnAckPacket connack => $"connack {Hex((int)connack.ReasonCode)}{(connack.IsSessionPresent ? " present" : "")}",
            MqttPubAckPacket puback => $"puback {Hex((int)puback.ReasonCode)}",
            MqttPubRecPacket pubrec => $"pubrec {Hex((int)pubrec.ReasonCode)}",
            MqttPubCompPacket pubcomp => $"pubcomp {Hex((int)pubcomp.ReasonCode)}",
            MqttSubAckPacket suback => $"suback {string.Join(' ', suback.ReasonCodes.Select(one => Hex((int)one)))}".TrimEnd(),
            MqttUnsubAckPacket unsuback => $"unsuback {string.Join(' ', (unsuback.ReasonCodes ?? []).Select(one => Hex((int)one)))}".TrimEnd(),
            MqttDisconnectPacket disconnect => $"disconnect {Hex((int)disconnect.ReasonCode)}",
            _ => name,
        };
    }

    static string Hex(int code) => $"0x{code:x2}";

    static string Camel(string text) => char.ToLowerInvariant(text[0]) + text[1..];

    /// <summary>Anonymous objects with the names as JSON has them.</summary>
    static JsonObject Normal(object fields)
    {
        var normal = new JsonObject();
        foreach (var property in fields.GetType().GetProperties())
            if (property.GetValue(fields) is { } value) normal[Camel(property.Name)] = JsonValue.Create(value);
        return normal;
    }
}
