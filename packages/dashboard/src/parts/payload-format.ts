/** Bytes as they are entered. */
import { bytesOfBase64 } from "../state/payload.ts";
import { say } from "../words/words.ts";

export type Format = "text" | "json" | "hex" | "base64";

export interface EnteredBytes {
  readonly text: string;
  readonly format: Format;
}

export const NO_BYTES: EnteredBytes = { text: "", format: "text" };

/** The bytes of what was entered. Throws `RangeError` that says what is wrong. */
export function bytesOf({ text, format }: EnteredBytes): Uint8Array<ArrayBuffer> {
  switch (format) {
    case "text":
      return new TextEncoder().encode(text);
    case "json":
      try {
        return new TextEncoder().encode(JSON.stringify(JSON.parse(text)));
      } catch {
        throw new RangeError(say("wrongJson", { text: brief(text) }));
      }
    case "hex": {
      const digits = text.replace(/\s+/g, "");
      if (!/^([0-9a-f]{2})*$/i.test(digits))
        throw new RangeError(say("wrongHex", { text: brief(text) }));
      return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    }
    case "base64":
      try {
        return bytesOfBase64(text.trim());
      } catch {
        throw new RangeError(say("wrongBase64", { text: brief(text) }));
      }
  }
}

/** The same, or undefined where nothing was entered. */
export function optionalBytes(entered: EnteredBytes): Uint8Array<ArrayBuffer> | undefined {
  return entered.text === "" ? undefined : bytesOf(entered);
}

function brief(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
