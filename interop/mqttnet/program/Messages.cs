using System.Text;
using System.Text.Json.Nodes;
using MQTTnet;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Anax.Interop;

/// <summary>Application messages from commands, and as lines show them.</summary>
public static class Messages
{
    public static MqttApplicationMessage From(JsonObject command)
    {
        var builder = new MqttApplicationMessageBuilder()
            .WithTopic(command.Text("topic"))
            .WithPayload(command.Text("payload") ?? new string('x', command.Number("size")))
            .WithQualityOfServiceLevel((MqttQualityOfServiceLevel)command.Number("qos"))
            .WithRetainFlag(command.Flag("retain"));
        if (command["expiry"] is not null) builder.WithMessageExpiryInterval((uint)command.Number("expiry"));
        if (command.Text("contentType") is { } contentType) builder.WithContentType(contentType);
        if (command.Text("responseTopic") is { } responseTopic) builder.WithResponseTopic(responseTopic);
        if (command.Text("correlation") is { } correlation) builder.WithCorrelationData(Encoding.UTF8.GetBytes(correlation));
        if (command.Flag("isText")) builder.WithPayloadFormatIndicator(MqttPayloadFormatIndicator.CharacterData);
        foreach (var pair in command["userProperties"]?.AsArray() ?? [])
            builder.WithUserProperty((string)pair![0]!, new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes((string)pair[1]!)));
        return builder.Build();
    }

    /// <summary>What a message says; what it does not have is left out.</summary>
    public static JsonObject Shown(MqttApplicationMessage message)
    {
        var shown = new JsonObject
        {
            ["topic"] = message.Topic,
            ["payload"] = message.ConvertPayloadToString() ?? "",
            ["qos"] = (int)message.QualityOfServiceLevel,
            ["retain"] = message.Retain,
        };
        if (message.Dup) shown["duplicate"] = true;
        if (message.MessageExpiryInterval > 0) shown["expiry"] = message.MessageExpiryInterval;
        if (message.ContentType is not null) shown["contentType"] = message.ContentType;
        if (message.ResponseTopic is not null) shown["responseTopic"] = message.ResponseTopic;
        if (message.CorrelationData is not null) shown["correlation"] = Encoding.UTF8.GetString(message.CorrelationData);
        if (message.PayloadFormatIndicator == MqttPayloadFormatIndicator.CharacterData) shown["isText"] = true;
        if (message.SubscriptionIdentifiers is { Count: > 0 } identifiers)
            shown["identifiers"] = new JsonArray([.. identifiers.Select(one => JsonValue.Create(one))]);
        if (Pairs(message.UserProperties) is { } pairs) shown["userProperties"] = pairs;
        return shown;
    }

    public static JsonArray? Pairs(IReadOnlyCollection<MqttUserProperty>? properties) =>
        properties is null or { Count: 0 }
            ? null
            : new JsonArray([.. properties.Select(one => new JsonArray(one.Name, Encoding.UTF8.GetString(one.ValueBuffer.Span)))]);

    public static MqttTopicFilter Filter(JsonNode node)
    {
        var filter = node.AsObject();
        return new MqttTopicFilterBuilder()
            .WithTopic(filter.Text("topicFilter"))
            .WithQualityOfServiceLevel((MqttQualityOfServiceLevel)filter.Number("qos"))
            .WithNoLocal(filter.Flag("noLocal"))
            .WithRetainAsPublished(filter.Flag("retainAsPublished"))
            .WithRetainHandling((MqttRetainHandling)filter.Number("retainHandling"))
            .Build();
    }
}
