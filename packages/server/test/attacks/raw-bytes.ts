/** Packets as an attacker writes them: in bytes, right or wrong. */
import { encodeVarintInto } from "@anax/protocol";

/** A packet of this first byte and body (hex; spaces do not count), with the Remaining Length that it has. */
export function packetBytes(firstByte: number, body: string): Uint8Array {
  return withHeader(firstByte, new Uint8Array(Buffer.from(body.replaceAll(" ", ""), "hex")));
}

/** Puts a fixed header before a body. */
export function withHeader(firstByte: number, body: Uint8Array): Uint8Array {
  const header = new Uint8Array(5);
  header[0] = firstByte;
  const end = encodeVarintInto(body.length, header, 1);
  return new Uint8Array(Buffer.concat([header.subarray(0, end), body]));
}

/** The same bytes with the one occurrence of `text` replaced by as many bytes of hex. */
export function replaceText(bytes: Uint8Array, text: string, hex: string): Uint8Array {
  const changed = Buffer.from(bytes);
  const replacement = Buffer.from(hex, "hex");
  if (replacement.length !== text.length) throw new Error(`${hex} is not as long as ${text}`);
  const at = changed.indexOf(text);
  if (at < 0 || changed.indexOf(text, at + 1) >= 0) throw new Error(`${text} is not there once`);
  replacement.copy(changed, at);
  return new Uint8Array(changed);
}
