/** The storms of the bench: what they are, and how many clients take part. */

/** A storm, and how many clients take part in it if so many are asked for. */
export interface Storm {
  readonly about: string;
  /** The name that the generator has for it, if that is another. */
  readonly of?: string;
  /** Of the certificate: the storm is one of TLS. */
  readonly key?: "ecdsa" | "rsa";
  /** True: what others would take is more memory than most machines have. */
  readonly isForAnaxOnly?: boolean;
  readonly clients: (asked: number) => number;
  readonly arguments?: readonly string[];
}

const all = (asked: number): number => asked;
const half = (asked: number): number => Math.ceil(asked / 2);
const just =
  (count: number) =>
  (asked: number): number =>
    Math.min(count, asked);

const PACED = { arguments: ["-c", "50"] } as const;

/** By the names that the generator has for them. */
export const STORMS: Readonly<Record<string, Storm>> = {
  ready: { about: "bytes come from all, nothing is to be done: the floor", clients: all },
  connect: { about: "all connect", clients: all },
  subscribe: { about: "each subscribes to 100 filters", clients: half },
  unsubscribe: { about: "each unsubscribes from 100 filters", clients: half },
  publish0: { about: "each publishes a QoS 0 message to one subscriber", clients: all },
  publish1: { about: "each publishes a QoS 1 message to one subscriber", clients: all },
  wills: { about: "all are reset, with Wills of QoS 1", clients: all },
  bigwills: { about: "all are reset, with Wills of 60 KB", clients: half },
  fan: { about: "one message of 1 KB to all", clients: all, arguments: ["-b", "1000"] },
  flood: { about: "one client publishes at full speed", clients: just(2) },
  match: {
    about: "64 messages of 8 KB against 9990 filters of 60 levels",
    clients: just(2),
    arguments: ["-b", "8000"],
  },
  groups: { about: "33 messages to 1000 shared groups of each of 100 clients", clients: just(100) },
  away: {
    about: "200 messages of 1 KB to sessions that are away",
    clients: half,
    arguments: ["-b", "1000"],
  },
  long: {
    about: "two clients with 10 000 filters of 128 levels leave",
    clients: just(2),
    arguments: ["-f", "10000"],
  },
  resubscribe: {
    about: "8 clients subscribe to 10 000 filters and leave them, again and again",
    clients: just(8),
    arguments: ["-f", "10000"],
  },
  strangers: { about: "CONNECTs that are never finished end together", clients: half },
  fan10k: {
    about: "one message of 10 KB to all, and what is left of its memory after 50 s",
    of: "fan",
    clients: all,
    arguments: ["-b", "10240", "-g", "50"],
  },
  fan70k: {
    about: "one message of 70 KB to 3 000, and what is left of its memory after 50 s",
    of: "fan",
    clients: just(3_000),
    arguments: ["-b", "70000", "-g", "50"],
  },
  stalled400: {
    about: "400 messages of 10 KB, QoS 0, for 400 clients that read nothing",
    of: "stalled",
    clients: just(400),
    arguments: ["-b", "10240", "-f", "400"],
  },
  stalled5000: {
    about: "400 messages of 10 KB, QoS 0, for 5 000 clients that read nothing",
    of: "stalled",
    clients: just(5_000),
    arguments: ["-b", "10240", "-f", "400"],
    isForAnaxOnly: true,
  },
  drain: {
    about: "all come back at once, each to 20 messages of 200 bytes",
    clients: (asked) => Math.min(17_000, asked),
    arguments: ["-b", "200", "-w", "120"],
  },
  tls: {
    about: "5 000 connect over TLS, 50 at a time",
    clients: just(5_000),
    ...PACED,
    key: "ecdsa",
  },
  tlsrsa: {
    about: "the same with RSA 2048",
    of: "tls",
    clients: just(5_000),
    ...PACED,
    key: "rsa",
  },
  tlsagain: {
    about: "5 000 come again with tickets, 50 at a time",
    of: "tlsresumed",
    clients: just(5_000),
    ...PACED,
    key: "ecdsa",
  },
  tlsatonce: {
    about: "5 000 connect over TLS at once",
    of: "tls",
    clients: just(5_000),
    key: "ecdsa",
  },
  tlsrsaatonce: {
    about: "the same with RSA 2048",
    of: "tls",
    clients: just(5_000),
    key: "rsa",
  },
  tlsagainatonce: {
    about: "5 000 come again with tickets at once",
    of: "tlsresumed",
    clients: just(5_000),
    key: "ecdsa",
  },
};
