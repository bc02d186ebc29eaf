import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { MalformedPacketError, ProtocolError } from "../errors.ts";
import type { DecodeLimits } from "./decode-limits.ts";
import { requireInteger } from "../integer.ts";
import type { Mutable } from "./mutable.ts";
import { decodePacketIdentifier, encodePacketIdentifier } from "./packet-identifier.ts";
import { decodeProperties, encodeProperties } from "./properties.ts";
import type { ProtocolVersion } from "./protocol-version.ts";
import { decodeQos, requireQos } from "./qos.ts";
import type { QoS } from "./qos.ts";
import { decodeTopicFilter, encodeTopicFilter } from "./topic-bytes.ts";
import type { UserProperties } from "./user-properties.ts";

/** Properties of SUBSCRIBE (MQTT 5.0). */
export interface SubscribeProperties {
  readonly subscriptionIdentifier?: number;
  readonly userProperties?: UserProperties;
}

/** One Topic Filter of a SUBSCRIBE with its Subscription Options. */
export interface SubscriptionRequest {
  readonly topicFilter: string;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: 0 | 1 | 2;
}

/** SUBSCRIBE: asks for one or more Subscriptions. */
export interface SubscribePacket {
  readonly type: "subscribe";
  readonly packetIdentifier: number;
  readonly subscriptions: readonly SubscriptionRequest[];
  readonly properties?: SubscribeProperties;
}

const NO_LOCAL_BIT = 0x04;
const RETAIN_AS_PUBLISHED_BIT = 0x08;
const SHARED_PREFIX = "$share/";

/**
 * Reads the body of SUBSCRIBE.
 *
 * @throws ProtocolError 0x82 without any filter [MQTT-3.8.3-2], for QoS 3 or Retain Handling 3 in
 *   MQTT 5.0, and for No Local on a Shared Subscription [MQTT-3.8.3-4]; 0x8F for a filter that is not well formed.
 * @throws MalformedPacketError for reserved bits, but in 3.1, [MQTT-3.8.3-5] and, before MQTT 5.0, for QoS 3.
 */
export function decodeSubscribe(
  reader: ByteReader,
  version: ProtocolVersion,
  limits: DecodeLimits,
): SubscribePacket {
  const packetIdentifier = decodePacketIdentifier(reader);
  const properties = version === 5 ? decodeProperties(reader, "subscribe", limits) : undefined;
  const subscriptions: SubscriptionRequest[] = [];
  while (reader.remaining > 0) {
    subscriptions.push(
      version === 5 ? decodeSubscription(reader) : decodeOldSubscription(reader, version),
    );
  }
  if (subscriptions.length === 0) {
    throw new ProtocolError("SUBSCRIBE has no Topic Filter");
  }
  const packet: Mutable<SubscribePacket> = { type: "subscribe", packetIdentifier, subscriptions };
  if (properties !== undefined) {
    packet.properties = properties;
  }
  return packet;
}

function decodeSubscription(reader: ByteReader): SubscriptionRequest {
  const topicFilter = decodeTopicFilter(reader, 5);
  const options = reader.u8();
  if ((options & 0xc0) !== 0) {
    throw new MalformedPacketError("Reserved bits of Subscription Options are set");
  }
  const qos = options & 0x03;
  const retainHandling = options >> 4;
  if (qos === 3 || retainHandling === 3) {
    throw new ProtocolError("Subscription Options have QoS 3 or Retain Handling 3");
  }
  const noLocal = (options & NO_LOCAL_BIT) !== 0;
  if (noLocal && topicFilter.startsWith(SHARED_PREFIX)) {
    throw new ProtocolError("Shared Subscription has No Local");
  }
  return {
    topicFilter,
    qos: decodeQos(qos),
    noLocal,
    retainAsPublished: (options & RETAIN_AS_PUBLISHED_BIT) !== 0,
    retainHandling: retainHandling === 0 ? 0 : retainHandling === 1 ? 1 : 2,
  };
}

/** In 3.1 and 3.1.1 the options byte holds the QoS only; the others get the values it implies. */
function decodeOldSubscription(reader: ByteReader, version: 3 | 4): SubscriptionRequest {
  const topicFilter = decodeTopicFilter(reader, version);
  const options = reader.u8();
  if (version === 4 && (options & 0xfc) !== 0) {
    throw new MalformedPacketError("Reserved bits of Requested QoS are set");
  }
  // MQTT 3.1 does not use the upper six.
  const qos = decodeQos(options & 0x03);
  return { topicFilter, qos, noLocal: false, retainAsPublished: false, retainHandling: 0 };
}

/**
 * Writes SUBSCRIBE. In 3.1 and 3.1.1 everything but filter and QoS is left out.
 * @throws RangeError without any filter, and for options that no Server may accept.
 */
export function encodeSubscribe(
  writer: ByteWriter,
  packet: SubscribePacket,
  version: ProtocolVersion,
): void {
  if (packet.subscriptions.length === 0) {
    throw new RangeError("SUBSCRIBE needs at least one Topic Filter");
  }
  writer.u8(0x82);
  const start = writer.openLength(0);
  encodePacketIdentifier(writer, packet.packetIdentifier);
  if (version === 5) {
    encodeProperties(writer, "subscribe", packet.properties);
  }
  for (const subscription of packet.subscriptions) {
    encodeTopicFilter(writer, subscription.topicFilter);
    const qos = requireQos(subscription.qos);
    writer.u8(version === 5 ? qos | subscriptionFlags(subscription) : qos);
  }
  writer.closeLength(start, 0);
}

function subscriptionFlags(subscription: SubscriptionRequest): number {
  if (subscription.noLocal && subscription.topicFilter.startsWith(SHARED_PREFIX)) {
    throw new RangeError("a Shared Subscription cannot have noLocal");
  }
  const retainHandling = requireInteger(subscription.retainHandling, "retainHandling", 0, 2);
  const noLocal = subscription.noLocal ? NO_LOCAL_BIT : 0;
  const retainAsPublished = subscription.retainAsPublished ? RETAIN_AS_PUBLISHED_BIT : 0;
  return noLocal | retainAsPublished | (retainHandling << 4);
}
