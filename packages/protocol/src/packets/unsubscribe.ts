import type { ByteReader } from "../bytes/byte-reader.ts";
import type { ByteWriter } from "../bytes/byte-writer.ts";
import { ProtocolError } from "../errors.ts";
import type { DecodeLimits } from "./decode-limits.ts";
import type { Mutable } from "./mutable.ts";
import { decodePacketIdentifier, encodePacketIdentifier } from "./packet-identifier.ts";
import { decodeProperties, encodeProperties } from "./properties.ts";
import type { ProtocolVersion } from "./protocol-version.ts";
import { decodeTopicFilter, encodeTopicFilter } from "./topic-bytes.ts";
import type { UserProperties } from "./user-properties.ts";

/** Properties of UNSUBSCRIBE (MQTT 5.0). */
export interface UnsubscribeProperties {
  readonly userProperties?: UserProperties;
}

/** UNSUBSCRIBE: ends one or more Subscriptions. */
export interface UnsubscribePacket {
  readonly type: "unsubscribe";
  readonly packetIdentifier: number;
  readonly topicFilters: readonly string[];
  readonly properties?: UnsubscribeProperties;
}

/**
 * Reads the body of UNSUBSCRIBE.
 * @throws ProtocolError 0x82 without any filter [MQTT-3.10.3-2]; 0x8F for a filter that is not well formed.
 */
export function decodeUnsubscribe(
  reader: ByteReader,
  version: ProtocolVersion,
  limits: DecodeLimits,
): UnsubscribePacket {
  const packetIdentifier = decodePacketIdentifier(reader);
  const properties = version === 5 ? decodeProperties(reader, "unsubscribe", limits) : undefined;
  const topicFilters: string[] = [];
  while (reader.remaining > 0) {
    topicFilters.push(decodeTopicFilter(reader, version));
  }
  if (topicFilters.length === 0) {
    throw new ProtocolError("UNSUBSCRIBE has no Topic Filter");
  }
  const packet: Mutable<UnsubscribePacket> = {
    type: "unsubscribe",
    packetIdentifier,
    topicFilters,
  };
  if (properties !== undefined) {
    packet.properties = properties;
  }
  return packet;
}

/** Writes UNSUBSCRIBE. @throws RangeError without any filter, or for an empty one. */
export function encodeUnsubscribe(
  writer: ByteWriter,
  packet: UnsubscribePacket,
  version: ProtocolVersion,
): void {
  if (packet.topicFilters.length === 0) {
    throw new RangeError("UNSUBSCRIBE needs at least one Topic Filter");
  }
  writer.u8(0xa2);
  const start = writer.openLength(0);
  encodePacketIdentifier(writer, packet.packetIdentifier);
  if (version === 5) {
    encodeProperties(writer, "unsubscribe", packet.properties);
  }
  for (const topicFilter of packet.topicFilters) {
    encodeTopicFilter(writer, topicFilter);
  }
  writer.closeLength(start, 0);
}
