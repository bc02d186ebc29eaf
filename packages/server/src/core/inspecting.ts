import { copyBytes, decodeUtf8, validateUtf8 } from "@anax/protocol";

/** An object that says what it is, for JSON and for people. */
interface Showable {
  toJSON(): object;
}

type Inspect = (value: unknown, options: unknown) => string;

/** Has Node print objects of a class with its name and what `toJSON` gives, for fields that are private show nothing. */
export function makeInspectable(prototype: Showable, name: string): void {
  const value = function (
    this: Showable,
    _depth: number,
    options: unknown,
    inspect: Inspect,
  ): string {
    return `${name} ${inspect(this.toJSON(), options)}`;
  };
  Object.defineProperty(prototype, Symbol.for("nodejs.util.inspect.custom"), { value });
}

const HIDDEN = {
  value(this: Uint8Array): string {
    return `(${this.length} bytes that are not shown)`;
  },
};

/** Has print and JSON show the number of these bytes only, in whatever object they are. Whoever reads them has them all. */
export function hideBytes(bytes: Uint8Array): void {
  if (!Object.isExtensible(bytes)) return;
  Object.defineProperties(bytes, {
    toJSON: HIDDEN,
    [Symbol.for("nodejs.util.inspect.custom")]: HIDDEN,
  });
}

/** A copy for handlers to do with as they like; hidden if these are. */
export function shownBytes(bytes: Uint8Array): Uint8Array {
  // The one array without bytes is shared.
  const copy = bytes.length === 0 ? new Uint8Array(0) : copyBytes(bytes, 0, bytes.length);
  if (Object.hasOwn(bytes, "toJSON")) hideBytes(copy);
  return copy;
}

/** Bytes for JSON: text where they are UTF-8, and else Base64 under a name that says so. */
export function jsonBytes(name: string, bytes: Uint8Array): object {
  return validateUtf8(bytes, 0, bytes.length)
    ? { [name]: decodeUtf8(bytes, 0, bytes.length) }
    : { [`${name}Base64`]: base64(bytes) };
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3);
    const group = (first << 16) | (second << 8) | third;
    for (let shift = 18; shift >= 0; shift -= 6) text += DIGITS[(group >> shift) & 63] ?? "";
  }
  const missing = (3 - (bytes.length % 3)) % 3;
  return text.slice(0, text.length - missing) + "=".repeat(missing);
}
