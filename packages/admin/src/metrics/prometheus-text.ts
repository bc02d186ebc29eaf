import type { Measured, Sample } from "./metric-table.ts";
import { METRICS } from "./metric-table.ts";

/** The media type of the text format that every Prometheus reads. */
export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** All metrics in the text format of Prometheus. */
export function prometheusText(measured: Measured): string {
  const blocks = METRICS.map(({ name, type, help, read }) => {
    const lines = read(measured).map(
      (sample) => `${name}${sample.suffix ?? ""}${labels(sample)} ${sample.value}\n`,
    );
    // A metric without a value now, such as one of a store that is not there, is left out.
    if (lines.length === 0) return "";
    return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
  });
  return blocks.join("");
}

/** Names of listeners may be a program's own. */
function escaped(value: string): string {
  return value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n");
}

function labels({ labels: given }: Sample): string {
  if (given === undefined) return "";
  return `{${Object.entries(given)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(",")}}`;
}
