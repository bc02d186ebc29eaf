import type { Attributes, BatchObservableResult, Meter, Observable } from "@opentelemetry/api";
import type { MqttServer } from "@anax/server";
import { Measuring } from "../metrics/measuring.ts";
import { METRICS } from "../metrics/metric-table.ts";
import type { Measured, Metric, Sample } from "../metrics/metric-table.ts";

/** Parts of a histogram: what is observed as a whole is told as counters, as Prometheus has them. */
const HISTOGRAM_PARTS = ["_bucket", "_sum", "_count"];

/** Units by the end of a name. */
const UNITS: readonly (readonly [ending: RegExp, unit: string])[] = [
  [/_seconds(_total|_sum)?$/, "s"],
  [/_bytes(_total)?$/, "By"],
];

/**
 * Tells all metrics of the server to a meter, under the names that `/metrics` has. They are measured once each time that the
 * meter's readers collect. Gives what ends that.
 */
export function observeMetrics(meter: Meter, server: MqttServer): () => void {
  const measuring = new Measuring(server);
  const rows = METRICS.map((metric) => ({ metric, instruments: instrumentsOf(meter, metric) }));
  const instruments = rows.flatMap((row) => [...row.instruments.values()]);
  const observe = (result: BatchObservableResult): void => {
    const measured: Measured = measuring.measure();
    for (const { metric, instruments: own } of rows)
      for (const sample of metric.read(measured)) tell(result, own, sample);
  };
  meter.addBatchObservableCallback(observe, instruments);
  return () => {
    meter.removeBatchObservableCallback(observe, instruments);
    measuring.close();
  };
}

function tell(
  result: BatchObservableResult,
  instruments: ReadonlyMap<string, Observable>,
  { suffix = "", value, labels = {} }: Sample,
): void {
  const instrument = instruments.get(suffix);
  if (instrument !== undefined) result.observe(instrument, value, labels satisfies Attributes);
}

/** By the suffix of the samples that they are for. */
function instrumentsOf(meter: Meter, metric: Metric): ReadonlyMap<string, Observable> {
  const suffixes = metric.type === "histogram" ? HISTOGRAM_PARTS : [""];
  return new Map(
    suffixes.map((suffix) => {
      const name = metric.name + suffix;
      const options = { description: metric.help, unit: unitOf(name) };
      const instrument =
        metric.type === "gauge"
          ? meter.createObservableGauge(name, options)
          : meter.createObservableCounter(name, options);
      return [suffix, instrument];
    }),
  );
}

function unitOf(name: string): string {
  return UNITS.find(([ending]) => ending.test(name))?.[1] ?? "";
}
