import type { ComponentChildren } from "preact";

/** A label, and what it says. Undefined: left out. */
export type Fact = readonly [label: string, value: ComponentChildren];

/** Facts about one thing. */
export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value !== undefined)
        .map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
