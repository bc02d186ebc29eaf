import { encodeVarintInto, varintSize } from "@anax/protocol";
import type { QoS } from "@anax/protocol";
import { readU16 } from "../numbers.ts";

/*
 * How a PUBLISH lies in bytes, for whatever reads or writes one without a codec: fixed header, topic behind its length, Packet
 * Identifier with QoS 1 and 2, with MQTT 5.0 properties behind their length, payload. `protocol` has the codec.
 */

const PUBLISH = 0x30;
const DUP = 0x08;
const RETAIN = 0x01;

/** The first byte: type and flags. */
export function firstByteOf(qos: QoS, retain = false, duplicate = false): number {
  return PUBLISH | (duplicate ? DUP : 0) | (qos << 1) | (retain ? RETAIN : 0);
}

/** The QoS that the first byte says; 2 too where it says 3, which is none. */
export function qosIn(firstByte: number): QoS {
  const bits = firstByte & 0x06;
  if (bits === 0) return 0;
  return bits === 0x02 ? 1 : 2;
}

/** Where the topic ends that begins with its length at `at`. */
export function topicEndOf(bytes: Uint8Array, at: number): number {
  return at + 2 + readU16(bytes, at);
}

/** Bytes of a packet with this Remaining Length. */
export function packetSize(remainingLength: number): number {
  return 1 + varintSize(remainingLength) + remainingLength;
}

/** Writes the fixed header, and gives the position behind it. */
export function writeFixedHeader(
  bytes: Uint8Array,
  at: number,
  firstByte: number,
  remainingLength: number,
): number {
  bytes[at] = firstByte;
  return encodeVarintInto(remainingLength, bytes, at + 1);
}
