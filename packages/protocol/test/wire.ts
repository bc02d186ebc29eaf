/** Bytes written as hexadecimal text, and packets cut from them. */
import { decodePacket, decodeVarint } from "../src/index.ts";
import type { DecodeLimits, Packet, ProtocolVersion } from "../src/index.ts";

/** Bytes of hexadecimal text; blanks are for the reader, "quoted" parts are characters. */
export function hex(text: string): Uint8Array {
  const digits = text
    .replaceAll(/"([^"]*)"/g, (_, quoted: string) => toHex(new TextEncoder().encode(quoted)))
    .replaceAll(" ", "");
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Lower-case hexadecimal text of bytes, without blanks. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Fixed header, with the right Remaining Length, before a body given as hexadecimal text. */
export function packetBytes(firstByte: number, body: string): Uint8Array {
  const bytes = hex(body);
  const length: number[] = [];
  let rest = bytes.length;
  do {
    length.push(rest > 127 ? (rest % 128) + 128 : rest);
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Uint8Array.from([firstByte, ...length, ...bytes]);
}

/** Decodes one whole packet, fixed header included. */
export function decodeWhole(
  bytes: Uint8Array,
  version: ProtocolVersion,
  limits?: DecodeLimits,
): Packet {
  const answer = decodeVarint(bytes, 1, bytes.length);
  return decodePacket(bytes[0] ?? 0, bytes, 1 + (answer & 7), bytes.length, version, limits);
}

/** What the function throws; a failure when it throws nothing. */
export function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("Nothing was thrown");
}
