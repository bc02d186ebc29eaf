import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { theme } from "../state/preferences.ts";
import { useStore } from "../state/store.ts";
import { time } from "../words/words.ts";

export interface Series {
  readonly label: string;
  /** Name of a colour of the style sheet, such as `--series-1`. */
  readonly color: string;
  readonly values: readonly (number | null)[];
}

const HEIGHT = 160;

/** Lines over time. What they show now is said in words beneath, for those who do not see them. */
export function Chart({
  title,
  times,
  series,
  format,
}: {
  readonly title: string;
  /** Unix time in seconds. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
}) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const colors = useStore(theme);
  const labels = series.map(({ label }) => label).join("\n");

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const made = new uPlot(
      optionsOf(element.clientWidth, series, format),
      dataOf(times, series),
      element,
    );
    plot.current = made;
    const resizing = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: HEIGHT }),
    );
    resizing.observe(element);
    return () => {
      resizing.disconnect();
      made.destroy();
    };
  }, [colors, labels]);

  useEffect(() => plot.current?.setData(dataOf(times, series)), [times]);

  return (
    <figure class="chart card">
      <figcaption>{title}</figcaption>
      <div ref={place} class="plot" aria-hidden="true" />
      <ul class="legend">
        {series.map(({ label, color, values }) => (
          <li key={label}>
            <span class="swatch" style={{ background: `var(${color})` }} aria-hidden="true" />
            {label} <strong>{format(values.at(-1) ?? 0)}</strong>
          </li>
        ))}
      </ul>
    </figure>
  );
}

function optionsOf(
  width: number,
  series: readonly Series[],
  format: (value: number) => string,
): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const axis = {
    stroke: style.getPropertyValue("--soft"),
    grid: { stroke: style.getPropertyValue("--line"), width: 1 },
    ticks: { show: false },
    font: "11px system-ui",
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.1)] } },
    axes: [
      {
        ...axis,
        space: 80,
        size: 28,
        values: (_plot, values) => values.map((at) => time(at * 1_000)),
      },
      { ...axis, size: 56, values: (_plot, values) => values.map((value) => format(value)) },
    ],
    series: [
      {},
      ...series.map(({ label, color }) => ({
        label,
        stroke: style.getPropertyValue(color),
        width: 1.5,
        points: { show: false },
      })),
    ],
  };
}

function dataOf(times: readonly number[], series: readonly Series[]): uPlot.AlignedData {
  return [[...times], ...series.map(({ values }) => [...values])];
}
