import { decodeVarint } from "@anax/protocol";
import { copyInto } from "../core/copying.ts";
import type { Pieces } from "./piece-writer.ts";

/** First byte of a frame: the only one of its message, binary. */
const BINARY_FRAME = 0x82;
/** Up to this many bytes of payload the second byte tells their number; 126 and 127 announce a longer number. */
const SHORT_MAX = 125;
const TWO_BYTES = 126;
const TWO_BYTES_MAX = 0xffff;
const EIGHT_BYTES = 127;

/**
 * MQTT packets as WebSocket frames, one for each packet. A packet may share a frame with others [MQTT-6.0.0-2], but some
 * clients read only the first of a frame, and wait for ever then.
 */
export function framesOf(packets: Uint8Array): Buffer {
  return framesBefore(packets, packets.length);
}

/** The same, of packets the last of which may end elsewhere: all together have `length` bytes. */
function framesBefore(packets: Uint8Array, length: number): Buffer {
  const frames = Buffer.allocUnsafe(framedLength(packets, length));
  let at = 0;
  for (let start = 0; start < packets.length;) {
    const end = endOfPacket(packets, start, length);
    at = writeHead(frames, at, end - start);
    at = copyInto(frames, at, packets, start, Math.min(end, packets.length));
    start = end;
  }
  return frames;
}

/** Frames of packets that lie in several arrays. What is given together ends with a frame. */
export function framedPieces(pieces: Pieces): Pieces[] {
  const framed: Pieces[] = [];
  let together: Uint8Array[] = [];
  let left = 0;
  for (const { length } of pieces) left += length;
  /** Bytes of the last packet that are in the pieces to come. */
  let missing = 0;
  for (const piece of pieces) {
    const own = Math.min(missing, piece.length);
    if (own > 0) together.push(piece.subarray(0, own));
    missing -= own;
    if (own < piece.length) {
      const packets = piece.subarray(own);
      together.push(framesBefore(packets, left - own));
      missing = lastEnd(packets, left - own) - packets.length;
    }
    left -= piece.length;
    if (missing > 0) continue;
    framed.push(together);
    together = [];
  }
  return framed;
}

/** Where the last packet ends, here or elsewhere. */
function lastEnd(packets: Uint8Array, length: number): number {
  let end = 0;
  while (end < packets.length) end = endOfPacket(packets, end, length);
  return end;
}

/** True if the bytes are one packet. */
export function isOnePacket(packets: Uint8Array): boolean {
  return endOfPacket(packets, 0, packets.length) === packets.length;
}

function framedLength(packets: Uint8Array, length: number): number {
  let framed = packets.length;
  for (let start = 0; start < packets.length;) {
    const end = endOfPacket(packets, start, length);
    framed += headLength(end - start);
    start = end;
  }
  return framed;
}

/** What is no whole packet within `length` bytes, which the server does not write, would be one frame. */
function endOfPacket(packets: Uint8Array, start: number, length: number): number {
  const answer = decodeVarint(packets, start + 1, packets.length);
  const end = start + 1 + (answer & 7) + (answer >>> 3);
  return answer === 0 || end > length ? length : end;
}

function headLength(payloadBytes: number): number {
  if (payloadBytes <= SHORT_MAX) return 2;
  return payloadBytes <= TWO_BYTES_MAX ? 4 : 10;
}

function writeHead(frames: Buffer, at: number, payloadBytes: number): number {
  frames[at] = BINARY_FRAME;
  if (payloadBytes <= SHORT_MAX) {
    frames[at + 1] = payloadBytes;
    return at + 2;
  }
  if (payloadBytes <= TWO_BYTES_MAX) {
    frames[at + 1] = TWO_BYTES;
    return frames.writeUInt16BE(payloadBytes, at + 2);
  }
  frames[at + 1] = EIGHT_BYTES;
  frames.writeUInt32BE(0, at + 2);
  return frames.writeUInt32BE(payloadBytes, at + 6);
}
