import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { Attributes, Context, Tracer } from "@opentelemetry/api";
import type { FollowedDelivery, FollowedMessage } from "@anax/server";
import { publisherSpan } from "./trace-context.ts";

/** Versions by their number in CONNECT. */
const VERSIONS: Readonly<Record<number, string>> = { 3: "3.1", 4: "3.1.1", 5: "5.0" };

/**
 * Makes the spans of one message that has passed the server: `publish`, from the read that brought it to the write that gave it
 * to its last receiver; in it `route`, until its receivers were known, and a `deliver` for each of them. `publish` is a
 * child of the span that the message was published in, if it says which.
 */
export function makeSpans(tracer: Tracer, message: FollowedMessage): void {
  const { publisher, receivedAtMs, routedAtMs, receivers, deliveries, userProperties } = message;
  const parent = publisherSpan(userProperties);
  const outer = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
  const publish = tracer.startSpan(
    `publish`,
    {
      kind: SpanKind.SERVER,
      startTime: receivedAtMs,
      root: parent === undefined,
      attributes: {
        ...attributesOf("publish", message),
        ...clientAttributes(publisher),
        "mqtt.retain": message.retain,
        "messaging.message.body.size": message.payloadBytes,
        "mqtt.receivers": receivers,
      },
    },
    outer,
  );
  const inner = trace.setSpan(outer, publish);
  const route = tracer.startSpan("route", { startTime: receivedAtMs }, inner);
  route.end(routedAtMs);
  let endsAtMs = routedAtMs;
  for (const delivery of deliveries)
    endsAtMs = Math.max(endsAtMs, makeDeliverySpan({ tracer, inner }, message, delivery));
  publish.end(endsAtMs);
}

/** Gives when it ended. */
function makeDeliverySpan(
  { tracer, inner }: { readonly tracer: Tracer; readonly inner: Context },
  message: FollowedMessage,
  delivery: FollowedDelivery,
): number {
  const { givenAtMs, writtenAtMs } = delivery;
  const attributes = { ...attributesOf("deliver", message), ...clientAttributes(delivery) };
  const span = tracer.startSpan(
    "deliver",
    { kind: SpanKind.PRODUCER, startTime: givenAtMs, attributes },
    inner,
  );
  if (writtenAtMs === undefined) {
    const because = "the client did not read for ten seconds, or went away";
    span.setStatus({ code: SpanStatusCode.ERROR, message: because });
  }
  const endsAtMs = writtenAtMs ?? Math.max(givenAtMs, Date.now());
  span.end(endsAtMs);
  return endsAtMs;
}

function attributesOf(operation: string, { topic, qos }: FollowedMessage): Attributes {
  return {
    "messaging.system": "mqtt",
    "messaging.operation.name": operation,
    "messaging.operation.type": "send",
    "messaging.destination.name": topic,
    "mqtt.qos": qos,
    "network.protocol.name": "mqtt",
  };
}

function clientAttributes(
  client: Partial<FollowedMessage["publisher"]> & { readonly clientId: string },
): Attributes {
  const { clientId, protocolVersion, remoteAddress, transport } = client;
  const version = protocolVersion === undefined ? undefined : VERSIONS[protocolVersion];
  return {
    ...(clientId !== "" && { "messaging.client.id": clientId }),
    ...(version !== undefined && { "network.protocol.version": version }),
    ...(remoteAddress !== undefined && { "client.address": remoteAddress }),
    ...(transport !== undefined && { "mqtt.transport": transport }),
  };
}
