import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { encodedLength } from "#utf8";
import { VARINT_MAXIMUM, varintSize } from "../bytes/varint.ts";
import { MalformedPacketError, ProtocolError } from "../errors.ts";
import type { DecodeLimits } from "./decode-limits.ts";
import type { Mutable } from "./mutable.ts";
import { decodePacketIdentifier, encodePacketIdentifier } from "./packet-identifier.ts";
import { decodeProperties, encodeProperties } from "./properties.ts";
import type { ProtocolVersion } from "./protocol-version.ts";
import { decodeQos, requireQos } from "./qos.ts";
import type { QoS } from "./qos.ts";
import { decodeTopicName, encodeTopicName } from "./topic-bytes.ts";
import type { UserProperties } from "./user-properties.ts";

/** Properties of PUBLISH (MQTT 5.0). */
export interface PublishProperties {
  readonly payloadFormatIndicator?: 0 | 1;
  readonly messageExpiryIntervalSeconds?: number;
  readonly topicAlias?: number;
  readonly responseTopic?: string;
  readonly correlationData?: Uint8Array;
  readonly userProperties?: UserProperties;
  readonly subscriptionIdentifiers?: readonly number[];
  readonly contentType?: string;
}

/** PUBLISH: carries an Application Message, in either direction. */
export interface PublishPacket {
  readonly type: "publish";
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly duplicate: boolean;
  /** Present for QoS 1 and 2, absent for QoS 0 [MQTT-2.2.1-2]. */
  readonly packetIdentifier?: number;
  readonly properties?: PublishProperties;
}

const RETAIN_BIT = 0x01;
const DUP_BIT = 0x08;

/**
 * Reads the body of PUBLISH; the flags are in `firstByte`. Topic and payload are copies.
 *
 * @throws MalformedPacketError for QoS 3 [MQTT-3.3.1-4] and, but in 3.1, for DUP with QoS 0
 *   [MQTT-3.3.1-2].
 * @throws ProtocolError 0x90 for a wildcard in the Topic Name [MQTT-3.3.2-2]; 0x82 for an empty
 *   one without Topic Alias; 0x82 for Packet Identifier 0 [MQTT-2.2.1-4].
 */
export function decodePublish(
  firstByte: number,
  reader: ByteReader,
  version: ProtocolVersion,
  limits: DecodeLimits,
): PublishPacket {
  const qos = decodeQos((firstByte >> 1) & 0x03);
  // In MQTT 3.1 DUP applies to QoS 1 and 2 only.
  const duplicate = (firstByte & DUP_BIT) !== 0 && (qos !== 0 || version !== 3);
  if (duplicate && qos === 0) {
    throw new MalformedPacketError("PUBLISH of QoS 0 is a duplicate");
  }
  const retain = (firstByte & RETAIN_BIT) !== 0;
  const topic = decodeTopicName(reader, "Topic Name");
  const packetIdentifier = qos === 0 ? undefined : decodePacketIdentifier(reader);
  const properties = version === 5 ? decodeProperties(reader, "publish", limits) : undefined;
  if (topic.length === 0 && properties?.topicAlias === undefined) {
    throw new ProtocolError("PUBLISH needs a Topic Name or a Topic Alias");
  }
  const payload = reader.rest();
  const packet: Mutable<PublishPacket> = {
    type: "publish",
    topic,
    payload,
    qos,
    retain,
    duplicate,
  };
  if (packetIdentifier !== undefined) {
    packet.packetIdentifier = packetIdentifier;
  }
  if (properties !== undefined) {
    packet.properties = properties;
  }
  return packet;
}

/**
 * Writes PUBLISH. With QoS 0 `packetIdentifier` is left out [MQTT-2.2.1-2], in 3.1 and 3.1.1
 * `properties`.
 *
 * @throws RangeError for DUP with QoS 0, QoS 1 or 2 without identifier, a Topic Name with a
 *   wildcard, or an empty one without Topic Alias.
 */
export function encodePublish(
  writer: ByteWriter,
  packet: PublishPacket,
  version: ProtocolVersion,
): void {
  const { topic, payload, qos } = packet;
  requireEncodable(packet, version);
  const duplicateBit = packet.duplicate ? DUP_BIT : 0;
  writer.u8(0x30 | duplicateBit | (qos << 1) | (packet.retain ? RETAIN_BIT : 0));
  const expected = leastBodySize(packet, version);
  const start = writer.openLength(expected);
  encodeTopicName(writer, topic, "Topic Name");
  if (qos !== 0) {
    encodePacketIdentifier(writer, packet.packetIdentifier ?? 0);
  }
  if (version === 5) {
    encodeProperties(writer, "publish", packet.properties);
  }
  writer.raw(payload);
  writer.closeLength(start, expected);
}

function requireEncodable(packet: PublishPacket, version: ProtocolVersion): void {
  if (requireQos(packet.qos) === 0 && packet.duplicate) {
    throw new RangeError("PUBLISH of QoS 0 is a duplicate");
  }
  if (packet.topic === "" && (version !== 5 || packet.properties?.topicAlias === undefined)) {
    throw new RangeError("PUBLISH needs a Topic Name or a Topic Alias");
  }
}

/**
 * Bytes behind Remaining Length; exact for an ASCII topic without properties, otherwise the least.
 * Looked at before anything is copied.
 *
 * @throws TypeError when the payload is no Uint8Array; RangeError when they are more than
 *   268 435 455.
 */
function leastBodySize(packet: PublishPacket, version: ProtocolVersion): number {
  const { topic, payload, qos } = packet;
  if (!(payload instanceof Uint8Array)) {
    throw new TypeError("payload must be a Uint8Array");
  }
  const headerSize = 2 + topic.length + (qos === 0 ? 0 : 2) + (version === 5 ? 1 : 0);
  const size = headerSize + payload.length;
  if (size > VARINT_MAXIMUM) {
    throw new RangeError(`Length ${size} exceeds ${VARINT_MAXIMUM}`);
  }
  return size;
}

/** Bytes of the whole packet: exact without properties, otherwise the least. Throws as encoding. */
export function leastPublishSize(packet: PublishPacket, version: ProtocolVersion): number {
  const { topic } = packet;
  const bodySize = leastBodySize(packet, version) + encodedLength(topic) - topic.length;
  return 1 + varintSize(bodySize) + bodySize;
}
