/** Payloads as bytes: from JSON of the API, as text, and as numbers. */

/** The bytes of a text in Base64. Throws `SyntaxError` or `DOMException` if it is none. */
export function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** A message of the API: its payload, or the beginning of it, is text where it is UTF-8. */
export interface MessageItem {
  readonly topic: string;
  readonly payload?: string;
  readonly payloadBase64?: string;
  readonly payloadBytes: number;
  readonly qos: number;
  readonly contentType?: string;
}

/** The bytes that are there of its payload. */
export function payloadOf({ payload, payloadBase64 }: MessageItem): Uint8Array<ArrayBuffer> {
  if (payloadBase64 !== undefined) return bytesOfBase64(payloadBase64);
  return new TextEncoder().encode(payload ?? "");
}

export function textOf(payload: Uint8Array): string {
  return new TextDecoder().decode(payload);
}

/** The number that a payload is; undefined if it is none. */
export function numberOf(payload: Uint8Array): number | undefined {
  if (payload.length === 0 || payload.length > 64) return undefined;
  const text = textOf(payload).trim();
  return /^[-+]?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

/** Bytes that are shown where there is room for few. */
const SHORT_BYTES = 64;

/** The text that a few bytes are, else their hex digits. */
export function bytesText(payload: Uint8Array): string {
  const short = payload.subarray(0, SHORT_BYTES);
  const rest = payload.length > SHORT_BYTES ? "…" : "";
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(short, { stream: true });
    // oxlint-disable-next-line no-control-regex -- text that has them is none
    if (!/[\u0000-\u001f]/.test(text)) return `${text}${rest}`;
  } catch {
    // It is no text.
  }
  return `0x${hexDigits(short)}${rest}`;
}

export function hexDigits(payload: Uint8Array): string {
  return Array.from(payload, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
