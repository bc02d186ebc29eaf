// The same as `utf8.ts` by what the platform has: a tenth of the code, so it is what browsers load,
// and slower for the short strings of MQTT, so it is not what Node runs.

import type * as full from "./utf8.ts";

declare const TextDecoder: new (
  label: string,
  options: { readonly fatal: boolean; readonly ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };

declare const TextEncoder: new () => {
  encode(text: string): Uint8Array;
  encodeInto(text: string, target: Uint8Array): { readonly written: number };
};

// `ignoreBOM: true` keeps the bytes EF BB BF as U+FEFF [MQTT-1.5.4-3].
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** What MQTT cannot carry [MQTT-1.5.4-1] [MQTT-1.5.4-2]: half a surrogate pair, and U+0000. */
const FORBIDDEN = /[\0\p{Surrogate}]/u;

/** As in `utf8.ts`. */
export const validateUtf8: typeof full.validateUtf8 = (bytes, start, end) => {
  try {
    return !decodeUtf8(bytes, start, end).includes("\0");
  } catch {
    return false;
  }
};

/** As in `utf8.ts`, but bytes that are no UTF-8 throw a TypeError. */
export const decodeUtf8: typeof full.decodeUtf8 = (bytes, start, end) =>
  decoder.decode(bytes.subarray(start, end));

/** As in `utf8.ts`. */
export const encodedLength: typeof full.encodedLength = (text) => encoder.encode(text).length;

/** As in `utf8.ts`. */
export const encodeUtf8: typeof full.encodeUtf8 = (text) => {
  requireCarriable(text);
  return encoder.encode(text);
};

/** As in `utf8.ts`. */
export const encodeUtf8Into: typeof full.encodeUtf8Into = (text, target, position) => {
  requireCarriable(text);
  return position + encoder.encodeInto(text, target.subarray(position)).written;
};

function requireCarriable(text: string): void {
  if (FORBIDDEN.test(text)) throw new RangeError("MQTT cannot carry U+0000 or a lone surrogate");
}
