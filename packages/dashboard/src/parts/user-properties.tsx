import { say } from "../words/words.ts";
import { Field } from "./field.tsx";

/** User Properties to be entered. */
export function UserPropertiesField({
  value,
  set,
}: {
  readonly value: string;
  readonly set: (value: string) => void;
}) {
  return (
    <Field label={say("userProperties")}>
      <textarea value={value} onInput={({ currentTarget }) => set(currentTarget.value)} />
    </Field>
  );
}

/** User Properties from lines `name=value`. Throws `RangeError` that names the line. */
export function userPropertiesOf(text: string): [string, string][] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const at = line.indexOf("=");
      if (at < 1) throw new RangeError(say("wrongProperty", { line }));
      return [line.slice(0, at), line.slice(at + 1)];
    });
}

/** The same as an option that is absent where there are none. */
export function optionalUserProperties(text: string): {
  readonly userProperties?: [string, string][];
} {
  const userProperties = userPropertiesOf(text);
  return userProperties.length > 0 ? { userProperties } : {};
}
