/** What a scenario's figure is: messages per second (more is better) or a latency (less is better). */
export type Measure = "throughput" | "latency" | "connections";

/** One line of the table: a load, and what Anax has to reach in it. */
export interface Scenario {
  readonly name: string;
  readonly description: string;
  /** Arguments of the load generator. */
  readonly load: readonly string[];
  readonly measure: Measure;
  /** Bar and goal, as multiples of mosquitto's figure in the same run. A latency: at most. */
  readonly must?: number;
  readonly reach?: number;
  /** In place of mosquitto, the bar is this share of Anax's own figure in another scenario. */
  readonly shareOf?: { readonly scenario: string; readonly must: number; readonly reach: number };
  /** Which kind of Anax server is loaded; plain ones have all features and no handlers. */
  readonly server?: "plain" | "intercepting";
  /** Peers that are known not to survive it or not to offer it. */
  readonly skip?: readonly string[];
}

const pair = (...args: readonly string[]): readonly string[] => ["-m", "pair", ...args];

/** The load of each scenario is the same for all servers; 64-byte payloads unless said. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: "q0-1x1",
    description: "QoS 0, one publisher, one subscriber",
    load: pair("-w", "1000"),
    measure: "throughput",
    must: 18,
    reach: 30,
  },
  {
    name: "q0-10p",
    description: "QoS 0, 10 pairs",
    load: pair("-n", "10", "-w", "100"),
    measure: "throughput",
    must: 13,
    reach: 20,
  },
  {
    name: "q0-200p",
    description: "QoS 0, 200 pairs",
    load: pair("-n", "200", "-w", "10"),
    measure: "throughput",
    must: 4,
    reach: 6,
  },
  {
    name: "q0-fanin50",
    description: "QoS 0, 50 publishers, one subscriber of #",
    load: ["-m", "fanin", "-n", "50", "-w", "20"],
    measure: "throughput",
    must: 12,
    reach: 18,
  },
  {
    name: "q0-fanout100",
    description: "QoS 0, one publisher, 100 subscribers (deliveries)",
    load: ["-m", "fanout", "-s", "100", "-w", "50"],
    measure: "throughput",
    must: 15,
    reach: 24,
  },
  {
    name: "q0-fanout1000",
    description: "QoS 0, one publisher, 1000 subscribers (deliveries)",
    load: ["-m", "fanout", "-s", "1000", "-w", "50"],
    measure: "throughput",
    must: 13,
    reach: 21,
  },
  {
    name: "q1-1x1",
    description: "QoS 1, one pair",
    load: pair("-q", "1", "-w", "1000"),
    measure: "throughput",
    must: 12,
    reach: 34,
  },
  {
    name: "q1-10p",
    description: "QoS 1, 10 pairs",
    load: pair("-q", "1", "-n", "10", "-w", "100"),
    measure: "throughput",
    must: 10,
    reach: 24,
  },
  {
    name: "q1-ingest10",
    description: "QoS 1, 10 publishers, nobody subscribes",
    load: ["-m", "ingest", "-q", "1", "-n", "10", "-w", "100"],
    measure: "throughput",
    must: 12,
    reach: 25,
  },
  {
    name: "q2-10p",
    description: "QoS 2, 10 pairs",
    load: pair("-q", "2", "-n", "10", "-w", "100"),
    measure: "throughput",
    must: 9,
    reach: 24,
  },
  {
    name: "v5-q0-10p",
    description: "MQTT 5.0, QoS 0, 10 pairs",
    load: pair("-5", "-n", "10", "-w", "100"),
    measure: "throughput",
    must: 12,
    reach: 18,
  },
  {
    name: "v5-shared10",
    description: "MQTT 5.0 shared subscription, 10 publishers, 10 members",
    load: ["-m", "shared", "-5", "-n", "10", "-s", "10", "-w", "100"],
    measure: "throughput",
    must: 9,
    reach: 17,
    skip: ["aedes"],
  },
  {
    name: "lat-q0",
    description: "QoS 0, one message at a time",
    load: pair("-w", "1"),
    measure: "latency",
    must: 1.2,
    reach: 1,
  },
  {
    name: "lat-q1",
    description: "QoS 1, one message at a time",
    load: pair("-q", "1", "-w", "1"),
    measure: "latency",
    must: 1.2,
    reach: 1,
  },
  {
    name: "lat-q2",
    description: "QoS 2, one message at a time",
    load: pair("-q", "2", "-w", "1"),
    measure: "latency",
    must: 1.2,
    reach: 1,
  },
  {
    name: "lat-q0-20k",
    description: "QoS 0, 20 000 messages per second over 10 pairs",
    load: pair("-n", "10", "-w", "1000", "-r", "20000"),
    measure: "latency",
    must: 1.5,
    reach: 1,
  },
  {
    name: "q0-1k",
    description: "QoS 0, payload 1 KB",
    load: pair("-b", "1024", "-w", "200"),
    measure: "throughput",
    must: 10,
    reach: 17,
  },
  {
    name: "q0-16k",
    description: "QoS 0, payload 16 KB",
    load: pair("-b", "16384", "-w", "20"),
    measure: "throughput",
    must: 2,
    reach: 4,
  },
  {
    name: "idlesubs10k",
    description: "one pair beside 10 000 idle subscribers",
    load: ["-m", "churn", "-w", "1000"],
    measure: "throughput",
    shareOf: { scenario: "q0-1x1", must: 0.9, reach: 0.97 },
  },
  {
    name: "idlesubs10k-chg",
    description: "the same, with 2000 subscription changes per second",
    load: ["-m", "churn", "-w", "1000", "-K", "2000"],
    measure: "throughput",
    shareOf: { scenario: "q0-1x1", must: 0.75, reach: 0.9 },
  },
  {
    name: "retained50k",
    description: "replay of 50 000 retained messages",
    load: ["-m", "retained", "-N", "50000"],
    measure: "throughput",
    must: 3.5,
    reach: 7,
  },
  {
    name: "offline60k",
    description: "drain of 60 000 queued QoS 1 messages",
    load: ["-m", "offline", "-q", "1", "-N", "60000", "-w", "1000"],
    measure: "throughput",
    must: 3.5,
    reach: 8,
  },
  {
    name: "persist-q1-10p",
    description: "QoS 1, 10 pairs, persistent sessions in memory",
    load: pair("-C", "-q", "1", "-n", "10", "-w", "100"),
    measure: "throughput",
    must: 9,
    reach: 14,
  },
  {
    name: "intercepted-q0-1x1",
    description: "q0-1x1 with a synchronous interceptingPublish handler that checks access",
    load: pair("-w", "1000"),
    measure: "throughput",
    server: "intercepting",
    shareOf: { scenario: "q0-1x1", must: 0.6, reach: 0.8 },
  },
  {
    name: "idle5k",
    description: "5000 connections: connects per second",
    load: ["-m", "conn", "-c", "5000", "-H", "1"],
    measure: "connections",
    must: 0.3,
    reach: 0.6,
  },
];
