import type { ComponentChildren, InputHTMLAttributes, TargetedInputEvent } from "preact";

/** A label above what is entered. */
export function Field({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ComponentChildren;
}) {
  return (
    <label class="field">
      <span>{label}</span>
      {children}
    </label>
  );
}

/** A text to be entered. */
export function TextField({
  label,
  value,
  set,
  type = "text",
}: {
  readonly label: string;
  readonly value: string;
  readonly set: (value: string) => void;
  readonly type?: "text" | "number" | "password" | "search";
}) {
  const attributes = {
    type,
    value,
    autocomplete: "off",
    onInput: ({ currentTarget }: TargetedInputEvent<HTMLInputElement>) => set(currentTarget.value),
  };
  // Preact's types have one for each type of input, and none for a few of them.
  return (
    <Field label={label}>
      <input {...(attributes as InputHTMLAttributes<HTMLInputElement>)} />
    </Field>
  );
}

/** A number to be entered, or nothing. */
export function NumberField(field: {
  readonly label: string;
  readonly value: string;
  readonly set: (value: string) => void;
}) {
  return <TextField type="number" {...field} />;
}

/** The number that was entered, if one was. */
export function optionalNumber(text: string): number | undefined {
  return text.trim() === "" ? undefined : Number(text);
}

/** A box to be checked. */
export function CheckField({
  label,
  value,
  set,
}: {
  readonly label: string;
  readonly value: boolean;
  readonly set: (value: boolean) => void;
}) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={value}
        onChange={({ currentTarget }) => set(currentTarget.checked)}
      />
      {label}
    </label>
  );
}

/** One of a few. */
export function ChoiceField<Value extends string>({
  label,
  value,
  set,
  choices,
}: {
  readonly label: string;
  readonly value: Value;
  readonly set: (value: Value) => void;
  /** Value and text of each. */
  readonly choices: readonly (readonly [Value, string])[];
}) {
  return (
    <Field label={label}>
      <select value={value} onChange={({ currentTarget }) => set(currentTarget.value as Value)}>
        {choices.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </Field>
  );
}

const QOS_CHOICES = [
  ["0", "0"],
  ["1", "1"],
  ["2", "2"],
] as const;

export function QosField({
  label,
  value,
  set,
}: {
  readonly label: string;
  readonly value: 0 | 1 | 2;
  readonly set: (value: 0 | 1 | 2) => void;
}) {
  return (
    <ChoiceField
      label={label}
      value={`${value}`}
      set={(text) => set(Number(text) as 0 | 1 | 2)}
      choices={QOS_CHOICES}
    />
  );
}
