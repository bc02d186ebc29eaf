/** The result of a measurement, as an object for programs and as lines for people. */
import { protocolVersionName } from "../protocol-version-name.ts";
import type { BenchFlags } from "./bench-flags.ts";
import type { LatencyHistogram } from "./latency-histogram.ts";
import type { Load } from "./load.ts";
import type { Measurement, Progress } from "./measurement.ts";

/** Latencies in microseconds. */
export interface LatencyReport {
  /** From publishing to delivery or, without subscribers, to the acknowledgement. */
  readonly until: "delivery" | "acknowledgement";
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** What `--json` prints: always all of these fields, so that a script need not ask which are there. */
export interface BenchReport {
  readonly url: string;
  readonly protocolVersion: number;
  readonly publishers: number;
  readonly subscribers: number;
  readonly topics: number;
  /** How a publisher chooses the topic of a message. */
  readonly pick: BenchFlags["pick"];
  readonly qos: number;
  /** The largest; all are as large unless a range was asked for. */
  readonly payloadBytes: number;
  readonly payloadBytesMin: number;
  readonly window: number;
  /** Null if no rate was asked for. */
  readonly ratePerSecond: number | null;
  readonly seconds: number;
  readonly sent: number;
  readonly sentPerSecond: number;
  readonly received: number;
  readonly receivedPerSecond: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly refused: number;
  readonly foreign: number;
  readonly connectionsLost: number;
  /** Null if nothing was measured. */
  readonly latencyUs: LatencyReport | null;
  readonly generatorCpu: number;
}

/** Puts a result together. */
export function benchReport(
  load: Load,
  flags: BenchFlags,
  { url, measurement }: { readonly url: string; readonly measurement: Measurement },
): BenchReport {
  const { statistics } = load;
  const { seconds, sent, received } = measurement;
  return {
    url,
    protocolVersion: flags.protocolVersion,
    publishers: flags.publishers,
    subscribers: flags.subscribers,
    topics: load.topics,
    pick: flags.pick,
    qos: flags.qos,
    payloadBytes: flags.size.most,
    payloadBytesMin: flags.size.least,
    window: flags.window,
    ratePerSecond: flags.rate ?? null,
    seconds: Math.round(seconds * 1_000) / 1_000,
    sent,
    sentPerSecond: Math.round(sent / seconds),
    received,
    receivedPerSecond: Math.round(received / seconds),
    lost: Math.max(0, load.missing),
    duplicates: statistics.duplicates,
    refused: statistics.refused,
    foreign: statistics.foreign,
    connectionsLost: statistics.connectionsLost,
    latencyUs: latencyReport(statistics.latencies, flags.subscribers),
    generatorCpu: Math.round(measurement.generatorCpu * 100) / 100,
  };
}

function latencyReport(latencies: LatencyHistogram, subscribers: number): LatencyReport | null {
  if (latencies.count === 0) return null;
  return {
    until: subscribers > 0 ? "delivery" : "acknowledgement",
    p50: latencies.percentile(0.5),
    p90: latencies.percentile(0.9),
    p99: latencies.percentile(0.99),
    p999: latencies.percentile(0.999),
    max: latencies.maximum,
  };
}

/** The first line: what is about to be measured. */
export function benchTitle(load: Load, flags: BenchFlags, url: string): string {
  const { publishers, subscribers, qos, size, rate, window } = flags;
  const version = protocolVersionName(flags.protocolVersion);
  const pace = rate === undefined ? `window ${window}` : `${grouped(rate)} messages/s`;
  const picked = flags.pick === "random" ? " picked at random" : "";
  const clients = `${publishers} -> ${subscribers} clients, ${load.topics} topics${picked}`;
  const bytes = size.least === size.most ? `${size.most}` : `${size.least}-${size.most}`;
  return `${url}: MQTT ${version}, QoS ${qos}, ${clients}, ${bytes} bytes, ${pace}`;
}

/** One line of progress. */
export function progressLine({ seconds, sentPerSecond, receivedPerSecond }: Progress): string {
  const rates = `sent ${grouped(sentPerSecond)}/s  received ${grouped(receivedPerSecond)}/s`;
  return `${seconds} s  ${rates}`;
}

/** The result for people. */
export function reportText(report: BenchReport): string {
  const { latencyUs, lost, duplicates, refused, foreign, connectionsLost } = report;
  const payloadBytes = (report.payloadBytes + report.payloadBytesMin) / 2;
  const lines = [
    rateLine("sent", report.sent, report.sentPerSecond, payloadBytes),
    rateLine("received", report.received, report.receivedPerSecond, payloadBytes),
  ];
  if (latencyUs !== null) lines.push(latencyLine(latencyUs));
  const troubles = [
    `lost ${grouped(lost)}`,
    `duplicates ${grouped(duplicates)}`,
    ...(refused === 0 ? [] : [`refused ${grouped(refused)}`]),
    ...(foreign === 0 ? [] : [`of others ${grouped(foreign)}`]),
    ...(connectionsLost === 0 ? [] : [`connections lost ${connectionsLost}`]),
  ];
  lines.push(troubles.join(", "));
  // With a rate the loop spins to be on time, so then it says nothing.
  const isAtItsLimit =
    report.generatorCpu > 0.9 && report.ratePerSecond === null && report.sent > 0;
  if (isAtItsLimit) lines.push(GENERATOR_IS_BUSY);
  return `${lines.join("\n")}\n`;
}

const GENERATOR_IS_BUSY =
  "this load generator used a whole core: the server may be able to do more";

function rateLine(name: string, total: number, perSecond: number, payloadBytes: number): string {
  const megabytes = ((perSecond * payloadBytes) / 1e6).toFixed(1);
  const rate = `${grouped(perSecond)}/s`;
  return `${name.padEnd(10)}${grouped(total).padStart(14)} ${rate.padStart(14)}  ${megabytes} MB/s`;
}

function latencyLine({ p50, p90, p99, p999, max, until }: LatencyReport): string {
  const values = { p50, p90, p99, "p99.9": p999, max };
  const parts = Object.entries(values).map(([name, value]) => `${name} ${duration(value)}`);
  return `${"latency".padEnd(10)}${parts.join("  ")}  (until ${until})`;
}

function duration(microseconds: number): string {
  if (microseconds < 1_000) return `${microseconds} us`;
  const milliseconds = microseconds / 1_000;
  return milliseconds < 100 ? `${milliseconds.toFixed(2)} ms` : `${milliseconds.toFixed(0)} ms`;
}

/** 1234567 as `1 234 567`. */
function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, " ");
}
