import type { Bar, Line, Scenario } from "./scenario.ts";

export const pair = (...args: readonly string[]): readonly string[] => ["-m", "pair", ...args];

/** The load that others are shares of. */
export const ONE_PAIR = pair("-w", "1000");

export const timesMosquitto = (must: number, reach: number): Bar => ({
  against: "mosquitto",
  must,
  reach,
});
export const shareOfReference = (must: number, reach?: number): Bar => ({
  against: "reference",
  must,
  ...(reach !== undefined && { reach }),
});

export function perSecond(name: string, bar?: Bar, key = "delivered"): Line {
  return { name, key, unit: "perSecond", isLessBetter: false, ...(bar && { bar }) };
}

/** p50 and p99 of a scenario, each with its bar; "not above mosquitto's" is the goal of both. */
export function latencies(name: string, p50: number, p99: number): [Line, Line] {
  const line = { unit: "microseconds", isLessBetter: true } as const;
  return [
    { ...line, name: `${name} p50`, key: "p50us", bar: timesMosquitto(p50, 1) },
    { ...line, name: `${name} p99`, key: "p99us", bar: timesMosquitto(p99, 1) },
  ];
}

interface Throughput {
  readonly description: string;
  readonly load: readonly string[];
  readonly must: number;
  readonly reach: number;
  /** Default: messages delivered. */
  readonly key?: string;
}

/** Messages per second, held against mosquitto. */
export function throughput(
  name: string,
  { description, load, must, reach, key }: Throughput,
): Scenario & { readonly lines: [Line] } {
  return { name, description, load, lines: [perSecond(name, timesMosquitto(must, reach), key)] };
}

/** Each message to a random one of its publisher's topics, as many devices behind one connection send them. */
export const mixed = (topics: number, ...args: readonly string[]): readonly string[] => [
  ...args,
  "-M",
  String(topics),
];

/** Processor time of the server, in percent of a core, under a load that it carries with ease. */
export function costOf(
  name: string,
  { description, load, must, reach }: Omit<Throughput, "key">,
): Scenario {
  const bar = timesMosquitto(must, reach);
  const line: Line = { name, key: "brokercpu", unit: "percent", isLessBetter: true, bar };
  return { name, description, load, lines: [line] };
}

/** By how much the server's memory grows in the measured seconds. */
export function memoryGrown(name: string, kilobytesMax: number): Line {
  return {
    name,
    key: "rss_growth_kb",
    unit: "kilobytes",
    isLessBetter: true,
    bar: { against: "itself", must: kilobytesMax },
  };
}
