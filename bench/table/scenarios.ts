import {
  costOf,
  latencies,
  memoryGrown,
  mixed,
  ONE_PAIR,
  pair,
  perSecond,
  shareOfReference,
  throughput,
} from "./lines.ts";
import type { Scenario } from "./scenario.ts";

const QOS_0: readonly Scenario[] = [
  throughput("q0-1x1", {
    description: "QoS 0, one publisher, one subscriber",
    load: ONE_PAIR,
    must: 18,
    reach: 30,
  }),
  throughput("q0-10p", {
    description: "QoS 0, 10 pairs",
    load: pair("-n", "10", "-w", "100"),
    must: 13,
    reach: 20,
  }),
  throughput("q0-200p", {
    description: "QoS 0, 200 pairs",
    load: pair("-n", "200", "-w", "10"),
    must: 4,
    reach: 6,
  }),
  throughput("q0-fanin50", {
    description: "QoS 0, 50 publishers, one subscriber of #",
    load: ["-m", "fanin", "-n", "50", "-w", "20"],
    must: 12,
    reach: 18,
  }),
  throughput("q0-fanout100", {
    description: "QoS 0, one publisher, 100 subscribers (deliveries)",
    load: ["-m", "fanout", "-s", "100", "-w", "50"],
    must: 15,
    reach: 24,
  }),
  throughput("q0-fanout1000", {
    description: "QoS 0, one publisher, 1000 subscribers (deliveries)",
    load: ["-m", "fanout", "-s", "1000", "-w", "50"],
    must: 13,
    reach: 21,
  }),
  throughput("q0-1k", {
    description: "QoS 0, payload 1 KB",
    load: pair("-b", "1024", "-w", "200"),
    must: 10,
    reach: 17,
  }),
  throughput("q0-16k", {
    description: "QoS 0, payload 16 KB",
    load: pair("-b", "16384", "-w", "20"),
    must: 2,
    reach: 4,
  }),
];

const QOS_1_AND_2: readonly Scenario[] = [
  throughput("q1-1x1", {
    description: "QoS 1, one pair",
    load: pair("-q", "1", "-w", "1000"),
    must: 12,
    reach: 34,
  }),
  throughput("q1-10p", {
    description: "QoS 1, 10 pairs",
    load: pair("-q", "1", "-n", "10", "-w", "100"),
    must: 10,
    reach: 24,
  }),
  throughput("q1-ingest10", {
    description: "QoS 1, 10 publishers, nobody subscribes",
    load: ["-m", "ingest", "-q", "1", "-n", "10", "-w", "100"],
    must: 12,
    reach: 25,
  }),
  throughput("q2-10p", {
    description: "QoS 2, 10 pairs",
    load: pair("-q", "2", "-n", "10", "-w", "100"),
    must: 9,
    reach: 24,
  }),
];

const MIXED: readonly Scenario[] = [
  throughput("mix-q0-1x1", {
    description: "QoS 0, one pair, 1000 topics",
    load: mixed(1_000, ...ONE_PAIR),
    must: 10,
    reach: 14,
  }),
  throughput("mix-q0-1x1-50k", {
    description: "QoS 0, one pair, 50 000 topics",
    load: mixed(50_000, ...ONE_PAIR),
    must: 10,
    reach: 14,
  }),
  throughput("mix-q0-10p", {
    description: "QoS 0, 10 pairs with 1000 topics each",
    load: mixed(1_000, ...pair("-n", "10", "-w", "100")),
    must: 11,
    reach: 16,
  }),
  throughput("mix-q0-200p", {
    description: "QoS 0, 200 pairs with 100 topics each",
    load: mixed(100, ...pair("-n", "200", "-w", "10")),
    must: 3.2,
    reach: 4,
  }),
  throughput("mix-q0-fanin50", {
    description: "QoS 0, 50 publishers with 100 topics each, one subscriber of #",
    load: mixed(100, "-m", "fanin", "-n", "50", "-w", "20"),
    must: 7,
    reach: 9,
  }),
  throughput("mix-q0-fanout100", {
    description: "QoS 0, one publisher with 1000 topics, 100 subscribers (deliveries)",
    load: mixed(1_000, "-m", "fanout", "-n", "1", "-s", "100", "-w", "50"),
    must: 15,
    reach: 22,
  }),
  throughput("mix-q1-1x1", {
    description: "QoS 1, one pair, 1000 topics",
    load: mixed(1_000, ...pair("-q", "1", "-w", "1000")),
    must: 30,
    reach: 45,
  }),
  throughput("mix-q1-10p", {
    description: "QoS 1, 10 pairs with 1000 topics each",
    load: mixed(1_000, ...pair("-q", "1", "-n", "10", "-w", "100")),
    must: 15,
    reach: 22,
  }),
  throughput("mix-q2-10p", {
    description: "QoS 2, 10 pairs with 1000 topics each",
    load: mixed(1_000, ...pair("-q", "2", "-n", "10", "-w", "100")),
    must: 18,
    reach: 27,
  }),
  {
    ...throughput("mix-v5-q1-10p", {
      description: "MQTT 5.0, QoS 1, 10 pairs with 1000 topics each, payloads of 16 to 400 bytes",
      load: mixed(1_000, ...pair("-5", "-q", "1", "-n", "10", "-w", "100", "-V", "-b", "400")),
      must: 12,
      reach: 18,
    }),
    skip: ["aedes"],
  },
];

/** aedes 1.2 speaks MQTT 3.1.1 alone. */
const MQTT_5: readonly Scenario[] = [
  {
    ...throughput("v5-q0-10p", {
      description: "MQTT 5.0, QoS 0, 10 pairs",
      load: pair("-5", "-n", "10", "-w", "100"),
      must: 12,
      reach: 18,
    }),
    skip: ["aedes"],
  },
  {
    ...throughput("v5-q0-10p-properties", {
      description: "the same, with Content Type and two User Properties",
      load: pair("-5", "-U", "-n", "10", "-w", "100"),
      must: 5,
      reach: 10,
    }),
    skip: ["aedes"],
  },
  {
    ...throughput("v5-shared10", {
      description: "MQTT 5.0 shared subscription, 10 publishers, 10 members",
      load: ["-m", "shared", "-5", "-n", "10", "-s", "10", "-w", "100"],
      must: 9,
      reach: 17,
    }),
    skip: ["aedes"],
  },
];

/** Peers may not wait for acknowledgements before they write: it is about what they can, not about their defaults. */
const LATENCY: readonly Scenario[] = [
  {
    name: "lat-q0",
    description: "QoS 0, one message at a time",
    load: pair("-w", "1"),
    server: "prompt",
    lines: latencies("lat-q0", 1.2, 1.2),
  },
  {
    name: "lat-q1",
    description: "QoS 1, one message at a time",
    load: pair("-q", "1", "-w", "1"),
    server: "prompt",
    lines: latencies("lat-q1", 1.2, 1.2),
  },
  {
    name: "lockstep-nagle",
    description:
      "QoS 1, one message at a time to its own publisher, which has Nagle's algorithm on",
    load: ["-m", "echo", "-G", "-q", "1", "-w", "1"],
    lines: latencies("lockstep-nagle", 1.2, 1.2),
  },
  {
    name: "lat-q2",
    description: "QoS 2, one message at a time",
    load: pair("-q", "2", "-w", "1"),
    server: "prompt",
    lines: latencies("lat-q2", 1.2, 1.2),
  },
  {
    name: "lat-q0-20k/s",
    description: "QoS 0, 20 000 messages per second over 10 pairs",
    load: pair("-n", "10", "-w", "1000", "-r", "20000"),
    server: "prompt",
    lines: latencies("lat-q0-20k/s", 1.5, 4),
  },
];

/** Many devices that say little. */
const FLEETS: readonly Scenario[] = [
  costOf("fleet2000-q0", {
    description: "QoS 0, 2000 pairs with 5 topics each, 40 000 messages per second: processor time",
    load: mixed(5, ...pair("-n", "2000", "-w", "1000", "-r", "40000")),
    must: 1.2,
    reach: 1,
  }),
  costOf("fleet2000-q1", {
    description: "the same with QoS 1",
    load: mixed(5, ...pair("-q", "1", "-n", "2000", "-w", "1000", "-r", "40000")),
    must: 1.05,
    reach: 1,
  }),
  costOf("quiet500", {
    description: "QoS 0, 500 pairs, 1000 messages per second in all: processor time",
    load: pair("-n", "500", "-w", "1000", "-r", "1000"),
    must: 1.3,
    reach: 1,
  }),
];

/** Ten pairs with mixed topics, beside others. */
const MIXED_PAIRS = mixed(1_000, ...pair("-n", "10", "-w", "100"));
const MIXED_BESIDE = mixed(1_000, "-m", "churn", "-n", "10", "-w", "100");

/** Topics that were published once must leave nothing behind; what is left of these is what a collector leaves lying. */
const TOPICS_KILOBYTES_MAX = 16_384;

const BESIDE_OTHERS: readonly Scenario[] = [
  {
    name: "wildsubs100k",
    description: "mix-q0-10p beside 100 000 subscriptions of others, all with wildcards",
    load: [...MIXED_BESIDE, "-I", "1000", "-f", "100"],
    reference: MIXED_PAIRS,
    lines: [perSecond("wildsubs100k", shareOfReference(0.8, 0.95))],
  },
  {
    name: "wildsubs-chg",
    description:
      "mix-q0-10p while 2000 such subscriptions come and go each second, a tenth of which begin with a wildcard",
    load: [...MIXED_BESIDE, "-I", "1000", "-f", "1", "-K", "2000"],
    reference: MIXED_PAIRS,
    lines: [perSecond("wildsubs-chg", shareOfReference(0.7, 0.9))],
  },
  {
    name: "topics-once",
    description: "QoS 0, one pair, 20 000 000 topics: nearly each message has one of its own",
    load: mixed(20_000_000, ...ONE_PAIR),
    isFresh: true,
    skip: ["mosquitto", "aedes"],
    lines: [
      perSecond("topics-once"),
      memoryGrown("topics-once memory grown", TOPICS_KILOBYTES_MAX),
    ],
  },
];

const STATE: readonly Scenario[] = [
  {
    name: "idlesubs10k",
    description: "one pair beside 10 000 idle subscribers",
    load: ["-m", "churn", "-w", "1000"],
    reference: ONE_PAIR,
    lines: [perSecond("idlesubs10k", shareOfReference(0.9, 0.97))],
  },
  {
    name: "idlesubs10k-chg",
    description: "the same, with 2000 subscription changes per second",
    load: ["-m", "churn", "-w", "1000", "-K", "2000"],
    reference: ONE_PAIR,
    lines: [perSecond("idlesubs10k-chg", shareOfReference(0.75, 0.9))],
  },
  {
    ...throughput("retained50k", {
      description: "replay of 50 000 retained messages",
      load: ["-m", "retained", "-N", "50000"],
      must: 3.5,
      reach: 7,
      key: "replay",
    }),
    isShort: true,
  },
  {
    name: "retained1m",
    description: "one pair beside 1 000 000 retained messages, then their replay",
    load: [...ONE_PAIR, "-R", "1000000"],
    reference: ONE_PAIR,
    server: "timed",
    // Node with the same flags.
    referenceServer: "timed",
    isFresh: true,
    lines: [
      perSecond("retained1m", shareOfReference(0.95)),
      perSecond("retained1m replay", undefined, "replay"),
      {
        name: "retained1m longest turn",
        key: "longestturnms",
        unit: "milliseconds",
        isLessBetter: true,
        bar: { against: "itself", must: 10 },
      },
    ],
  },
  {
    ...throughput("offline60k", {
      description: "drain of 60 000 queued QoS 1 messages",
      load: ["-m", "offline", "-q", "1", "-N", "60000", "-w", "1000"],
      must: 3.5,
      reach: 8,
      key: "drain",
    }),
    isShort: true,
  },
  throughput("persist-q1-10p", {
    description: "QoS 1, 10 pairs, persistent sessions in memory",
    load: pair("-C", "-q", "1", "-n", "10", "-w", "100"),
    must: 9,
    reach: 14,
  }),
];

/** Of a subscriber that is frozen: its queue and backlog of 5 MB by default, and what a collector leaves lying. */
const FROZEN_KILOBYTES_MAX = 32_768;

const OF_ITS_OWN: readonly Scenario[] = [
  {
    name: "intercepted-q0-1x1",
    description: "q0-1x1 with a synchronous interceptingPublish handler and an access check",
    load: ONE_PAIR,
    reference: ONE_PAIR,
    server: "intercepting",
    lines: [perSecond("intercepted-q0-1x1", shareOfReference(0.6, 0.8))],
  },
  {
    name: "frozen100",
    description:
      "QoS 0, 1 KB, 100 subscribers of which one reads nothing, against the other 99 alone",
    load: ["-m", "fanout", "-s", "100", "-F", "1", "-w", "50", "-b", "1024"],
    reference: ["-m", "fanout", "-s", "99", "-w", "50", "-b", "1024"],
    server: "limited",
    lines: [
      perSecond("frozen100", shareOfReference(0.95)),
      memoryGrown("frozen100 memory grown", FROZEN_KILOBYTES_MAX),
    ],
  },
];

const CONNECTIONS: readonly Scenario[] = [
  {
    name: "idle5k",
    description: "5000 connections: connects per second",
    load: ["-m", "conn", "-c", "5000"],
    isShort: true,
    lines: [perSecond("idle5k", { against: "itself", must: 10_000, reach: 20_000 }, "rate")],
  },
  {
    name: "idle5k-memory",
    description: "5000 connections: memory that a new server needs for each",
    load: ["-m", "conn", "-c", "5000", "-H", "1"],
    isShort: true,
    isFresh: true,
    lines: [
      {
        name: "idle5k memory per connection",
        key: "bytes_per_conn_held",
        unit: "bytes",
        isLessBetter: true,
        bar: { against: "itself", must: 10_240, reach: 7_168 },
      },
    ],
  },
];

/**
 * "Flat" in numbers: medians of the seconds in the last third of the time, against those of the first third. One p99
 * differs from the next by a fifth, and a heap breathes by some megabytes, where nothing grows.
 */
const STEADY: Scenario = {
  name: "steady10m",
  description: "QoS 1, 20 000 messages per second over 10 pairs, for 10 minutes",
  load: pair("-q", "1", "-n", "10", "-w", "1000", "-r", "20000", "-Z", "1000"),
  skip: ["mosquitto", "aedes"],
  isOnRequest: true,
  lines: [
    {
      name: "steady10m p99, last third to first",
      key: "p99drift",
      unit: "ratio",
      isLessBetter: true,
      bar: { against: "itself", must: 1.25 },
    },
    {
      name: "steady10m memory, last third over first",
      key: "rssdriftkb",
      unit: "kilobytes",
      isLessBetter: true,
      bar: { against: "itself", must: 10_240 },
    },
  ],
};

/** The load of each scenario is the same for all servers; 64-byte payloads unless said. */
export const SCENARIOS: readonly Scenario[] = [
  ...QOS_0,
  ...QOS_1_AND_2,
  ...MIXED,
  ...MQTT_5,
  ...LATENCY,
  ...FLEETS,
  ...BESIDE_OTHERS,
  ...STATE,
  ...OF_ITS_OWN,
  ...CONNECTIONS,
  STEADY,
];
