import { say } from "../words/words.ts";
import { Field } from "./field.tsx";
import type { EnteredBytes, Format } from "./payload-format.ts";

/** Bytes to be entered, and how they are written. */
export function BytesField({
  label,
  value,
  set,
  rows = 1,
  hasJson = false,
}: {
  readonly label: string;
  readonly value: EnteredBytes;
  readonly set: (value: EnteredBytes) => void;
  readonly rows?: number;
  /** Whether it may be JSON, which is made shorter. Default false. */
  readonly hasJson?: boolean;
}) {
  const formats: readonly (readonly [Format, string])[] = [
    ["text", say("viewText")],
    ...(hasJson ? [["json", say("viewJson")] as const] : []),
    ["hex", say("viewHex")],
    ["base64", say("formatBase64")],
  ];
  return (
    <div class={rows > 1 ? "bytes wide" : "bytes"}>
      <Field label={label}>
        <textarea
          rows={rows}
          value={value.text}
          onInput={({ currentTarget }) => set({ ...value, text: currentTarget.value })}
        />
      </Field>
      <select
        aria-label={`${label}: ${say("format")}`}
        value={value.format}
        onChange={({ currentTarget }) => set({ ...value, format: currentTarget.value as Format })}
      >
        {formats.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}
