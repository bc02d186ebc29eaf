import { decodeVarint } from "@anax/protocol";
import { copyInto } from "../core/copying.ts";

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
  const frames = Buffer.allocUnsafe(framedLength(packets));
  let at = 0;
  for (let start = 0; start < packets.length;) {
    const end = endOfPacket(packets, start);
    at = writeHead(frames, at, end - start);
    at = copyInto(frames, at, packets, start, end);
    start = end;
  }
  return frames;
}

/** True if the bytes are one packet. */
export function isOnePacket(packets: Uint8Array): boolean {
  return endOfPacket(packets, 0) === packets.length;
}

function framedLength(packets: Uint8Array): number {
  let length = packets.length;
  for (let start = 0; start < packets.length;) {
    const end = endOfPacket(packets, start);
    length += headLength(end - start);
    start = end;
  }
  return length;
}

/** What is no whole packet, which the server does not write, would be one frame. */
function endOfPacket(packets: Uint8Array, start: number): number {
  const answer = decodeVarint(packets, start + 1, packets.length);
  const end = start + 1 + (answer & 7) + (answer >>> 3);
  return answer === 0 || end > packets.length ? packets.length : end;
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
