/** A payload as it is entered. */
import { say } from "../words/words.ts";
import { bytesOfBase64 } from "./base64.ts";

export type Format = "text" | "json" | "hex" | "base64";

/** The bytes of what was entered. Throws `RangeError` that says what is wrong. */
export function bytesOf(text: string, format: Format): Uint8Array<ArrayBuffer> {
  switch (format) {
    case "text":
      return new TextEncoder().encode(text);
    case "json":
      try {
        return new TextEncoder().encode(JSON.stringify(JSON.parse(text)));
      } catch {
        throw new RangeError(say("wrongJson"));
      }
    case "hex": {
      const digits = text.replace(/\s+/g, "");
      if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new RangeError(say("wrongHex"));
      return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    }
    case "base64":
      try {
        return bytesOfBase64(text.trim());
      } catch {
        throw new RangeError(say("wrongBase64"));
      }
  }
}
