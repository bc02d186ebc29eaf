import { count, say } from "../words/words.ts";

const WIDTH = 240;
const HEIGHT = 48;

/** Numbers as a line, oldest first. */
export function Sparkline({ values }: { readonly values: readonly number[] }) {
  const now = values.at(-1);
  if (values.length < 2 || now === undefined) return null;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const points = values.map((value, index) => {
    const x = (index / (values.length - 1)) * WIDTH;
    const y =
      high === low ? HEIGHT / 2 : HEIGHT - 2 - ((value - low) / (high - low)) * (HEIGHT - 4);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  const label = say("trend", {
    count: values.length,
    from: count(low),
    to: count(high),
    now: count(now),
  });
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <polyline points={points.join(" ")} />
    </svg>
  );
}
