/**
 * Makes text safe to show on a terminal: what moves the cursor, changes colours, hides or turns text around comes from
 * strangers, and is shown as an escape instead.
 */

/** Controls, and what formats invisibly; not the two joiners, of which many scripts and emojis are made. */
const INVISIBLE = /[\p{Cc}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;
/** The same without line feed and tab, which do no harm within a payload. */
const INVISIBLE_BUT_LAYOUT = /(?![\n\t])\p{Cc}|[\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text with `\u001b` in the place of what cannot be seen. */
export function visibleText(text: string): string {
  return text.replace(INVISIBLE, escaped);
}

/** The same of a payload, whose lines stay lines. Where it is no UTF-8, `\xff` stands for each byte that is no ASCII. */
export function visiblePayload(bytes: Uint8Array): string {
  let text: string;
  try {
    text = strictUtf8.decode(bytes);
  } catch {
    text = Array.from(bytes, (byte) =>
      byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`,
    ).join("");
  }
  return text.replace(INVISIBLE_BUT_LAYOUT, escaped);
}

/** JSON in which every such character is escaped; JSON itself asks for that below U+0020 only. */
export function visibleJson(json: string): string {
  // Line feeds and spaces between fields are JSON's own; within texts they are escaped already.
  return json.replace(INVISIBLE_BUT_LAYOUT, escaped);
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}
