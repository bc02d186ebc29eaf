import { useEffect, useState } from "preact/hooks";
import { textOf } from "../state/payload.ts";
import { bytes, say } from "../words/words.ts";
import type { Word } from "../words/words.ts";

type View = "text" | "json" | "hex" | "image";

const VIEWS: Readonly<Record<View, Word>> = {
  text: "viewText",
  json: "viewJson",
  hex: "viewHex",
  image: "viewImage",
};
const HEX_BYTES_MAX = 4_096;

/** A payload as JSON, text, hex or an image: what fits it, or what the reader chooses. */
export function PayloadView({
  payload,
  total = payload.length,
  contentType,
}: {
  readonly payload: Uint8Array<ArrayBuffer>;
  /** Bytes of the whole, of which this is the beginning. */
  readonly total?: number;
  readonly contentType?: string | undefined;
}) {
  const [chosen, choose] = useState<View | "">("");
  const view = chosen === "" ? fittingView(payload, contentType) : chosen;
  return (
    <div class="payload">
      <label>
        {say("view")}{" "}
        <select value={chosen} onChange={(event) => choose(event.currentTarget.value as View | "")}>
          <option value="">
            {say("viewAuto")}: {say(VIEWS[view])}
          </option>
          {Object.entries(VIEWS).map(([one, word]) => (
            <option key={one} value={one}>
              {say(word)}
            </option>
          ))}
        </select>
      </label>{" "}
      <span class="soft">
        {payload.length < total
          ? say("cut", { count: payload.length, total })
          : say("bytes", { count: total })}
      </span>
      {view === "image" ? (
        <Picture payload={payload} contentType={contentType} />
      ) : (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the keyboard has to scroll it
        <pre tabIndex={0} aria-label={say("payload")} role="region">
          {shownAs(view, payload)}
        </pre>
      )}
    </div>
  );
}

function Picture({
  payload,
  contentType = "image/png",
}: {
  readonly payload: Uint8Array<ArrayBuffer>;
  readonly contentType?: string | undefined;
}) {
  const [url, setUrl] = useState<string | undefined>(undefined);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([payload], { type: contentType }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [payload, contentType]);
  return url === undefined ? null : <img src={url} alt={say("payload")} class="picture" />;
}

function shownAs(view: Exclude<View, "image">, payload: Uint8Array): string {
  switch (view) {
    case "hex":
      return hexOf(payload.subarray(0, HEX_BYTES_MAX));
    case "json":
      return prettyJson(textOf(payload));
    case "text":
      return textOf(payload);
  }
}

/** Such as `00000000  48 65 6c 6c 6f  Hello`. */
function hexOf(payload: Uint8Array): string {
  const lines: string[] = [];
  for (let from = 0; from < payload.length; from += 16) {
    const part = Array.from(payload.subarray(from, from + 16));
    const hex = part.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = part
      .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "."))
      .join("");
    lines.push(`${from.toString(16).padStart(8, "0")}  ${hex.padEnd(47)}  ${text}`);
  }
  return lines.join("\n");
}

function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}

const IMAGES: readonly (readonly number[])[] = [
  [0x89, 0x50, 0x4e, 0x47],
  [0xff, 0xd8, 0xff],
  [0x47, 0x49, 0x46, 0x38],
];

function fittingView(payload: Uint8Array, contentType: string | undefined): View {
  if (contentType?.startsWith("image/") === true) return "image";
  if (IMAGES.some((magic) => magic.every((byte, index) => payload[index] === byte))) return "image";
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(payload, { stream: true });
    // oxlint-disable-next-line no-control-regex -- text that has them is none
    if (/[\u0000-\u0008\u000e-\u001f]/.test(text)) return "hex";
    return /^\s*[[{]/.test(text) ? "json" : "text";
  } catch {
    return "hex";
  }
}

/** A payload in one short line. */
export function briefOf(payload: Uint8Array, total: number): string {
  const view = fittingView(payload, undefined);
  if (view === "image" || view === "hex") return bytes(total);
  return textOf(payload.subarray(0, 120)).replace(/\s+/g, " ");
}
