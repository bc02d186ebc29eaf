import { MalformedPacketError } from "../errors.ts";

/** Largest value of a Variable Byte Integer, and so of a Remaining Length. */
export const VARINT_MAXIMUM = 268_435_455;

/**
 * Reads a Variable Byte Integer at `position` without allocating: the primitive of the framer and
 * of hot loops that parse several packets of a chunk in place.
 *
 * Answers 0 when the integer is not whole before `limit`; otherwise value and size in one number:
 * `answer >>> 3` is the value, `answer & 7` its size in bytes (1 to 4). The largest answer still
 * is a small integer of the engine.
 *
 * @throws MalformedPacketError when a fifth byte would follow, or when the form is
 *   not the shortest [MQTT-1.5.5-1].
 */
export function decodeVarint(bytes: Uint8Array, position: number, limit: number): number {
  let value = 0;
  let scale = 0;
  for (let size = 1; size <= 4; size += 1) {
    const index = position + size - 1;
    if (index >= limit) {
      return 0;
    }
    const byte = bytes[index] as number;
    value |= (byte & 0x7f) << scale;
    if (byte < 0x80) {
      if (byte === 0 && size > 1) {
        throw new MalformedPacketError("Variable Byte Integer is not minimal");
      }
      return (value << 3) | size;
    }
    scale += 7;
  }
  throw new MalformedPacketError("Variable Byte Integer exceeds 4 bytes");
}

/** Bytes that `value` takes as a Variable Byte Integer: 1 to 4. */
export function varintSize(value: number): number {
  if (value < 0x80) {
    return 1;
  }
  if (value < 0x4000) {
    return 2;
  }
  return value < 0x20_0000 ? 3 : 4;
}

/**
 * Writes `value` (0 to VARINT_MAXIMUM, not checked) at `position`, in the shortest form
 * [MQTT-1.5.5-1], and answers the position behind it.
 */
export function encodeVarintInto(value: number, target: Uint8Array, position: number): number {
  let rest = value;
  let next = position;
  while (rest > 0x7f) {
    target[next] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
    next += 1;
  }
  target[next] = rest;
  return next + 1;
}
