import { count } from "../words/words.ts";

export interface Bar {
  readonly label: string;
  readonly value: number;
}

/** How many are in each range, as bars with their numbers beside them. */
export function Histogram({
  title,
  hint,
  bars,
}: {
  readonly title: string;
  readonly hint: string;
  readonly bars: readonly Bar[];
}) {
  const most = Math.max(1, ...bars.map(({ value }) => value));
  return (
    <figure class="chart card">
      <figcaption>{title}</figcaption>
      <ul class="bars" aria-label={title}>
        {bars.map(({ label, value }) => (
          <li key={label}>
            <span>{label}</span>
            <span aria-hidden="true">
              <span class="bar" style={{ width: `${(100 * value) / most}%` }} />
            </span>
            <strong>{count(value)}</strong>
          </li>
        ))}
      </ul>
      <p class="soft">{hint}</p>
    </figure>
  );
}
