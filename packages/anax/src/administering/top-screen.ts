/** What `anax top` shows: one screen of what the live stream and the list of clients have said. */
import type { Json } from "./admin-client.ts";
import { field, tableLines } from "./showing.ts";
import type { Column } from "./showing.ts";

/** What is known at one moment. */
export interface Moment {
  /** Data of the stream's `figures`. */
  readonly figures: Json;
  /** The same a moment before; undefined at the first. */
  readonly before: Json | undefined;
  /** Data of the stream's `topics`, as far as they came. */
  readonly topics: Json | undefined;
  /** Clients, the busiest first, with `inRate` and `outRate`. */
  readonly clients: readonly Json[];
}

const CLIENT_COLUMNS: readonly Column[] = [
  field("clientId", "client"),
  field("userName", "user"),
  field("inRate", "in/s", true),
  field("outRate", "out/s", true),
  field("bytesWaiting", "waiting", true),
];

const TOPIC_COLUMNS: readonly Column[] = [
  field("topic", "topic"),
  field("count", "messages/s", true),
  field("payloadBytes", "last bytes", true),
  field("senderClientId", "last from"),
];

/** The lines of a screen, at most `rows` of them, none longer than `columns`. */
export function screenLines(moment: Moment, rows: number, columns: number): string[] {
  const head = headLines(moment);
  const each = Math.max(1, Math.floor((rows - head.length - 4) / 2));
  const topics = busiest(moment.topics).slice(0, each);
  const clients = moment.clients.slice(0, each);
  const lines = [
    ...head,
    "",
    ...tableLines(TOPIC_COLUMNS, topics),
    "",
    ...tableLines(CLIENT_COLUMNS, clients),
  ];
  return lines.slice(0, rows).map((line) => line.slice(0, columns));
}

/** Figures for programs: those of the moment, and rates. */
export function momentJson({ figures, before, topics, clients }: Moment): Json {
  return { ...figures, rates: ratesOf(figures, before), topics: busiest(topics), clients };
}

function headLines({ figures, before }: Moment): string[] {
  const statistics = objectOf(figures["statistics"]);
  const rates = ratesOf(figures, before);
  const memory = objectOf(figures["memory"]);
  const delay = objectOf(figures["loopDelay"]);
  const health = figures["isHealthy"] === true ? "healthy" : `store ${String(figures["store"])}`;
  return [
    `anax  ${health}  up ${uptime(numberOf(statistics["uptimeMs"]))}  cpu ${rates.cpuPercent} %  memory ${mega(memory["residentBytes"])} MB  loop delay p99 ${numberOf(delay["p99Ms"]).toFixed(1)} ms`,
    `clients ${text(statistics["connectionsCurrent"])}  sessions ${text(statistics["sessionsCurrent"])}  subscriptions ${text(statistics["subscriptionsCurrent"])}  retained ${text(statistics["retainedMessagesCurrent"])}  queued ${text(statistics["queuedMessagesCurrent"])}`,
    `messages in ${rates.publishesReceived}/s  out ${rates.publishesSent}/s  bytes in ${rates.bytesReceived}/s  out ${rates.bytesSent}/s  dropped ${rates.messagesDropped}/s`,
  ];
}

const RATED = [
  "publishesReceived",
  "publishesSent",
  "bytesReceived",
  "bytesSent",
  "messagesDropped",
] as const;

type Rates = Readonly<Record<(typeof RATED)[number] | "cpuPercent", number>>;

function ratesOf(figures: Json, before: Json | undefined): Rates {
  const seconds = (numberOf(figures["atMs"]) - numberOf(before?.["atMs"])) / 1_000;
  const perSecond = (now: unknown, then: unknown): number =>
    before === undefined || seconds <= 0
      ? 0
      : Math.max(0, (numberOf(now) - numberOf(then)) / seconds);
  const now = objectOf(figures["statistics"]);
  const then = objectOf(before?.["statistics"]);
  const [
    publishesReceived = 0,
    publishesSent = 0,
    bytesReceived = 0,
    bytesSent = 0,
    messagesDropped = 0,
  ] = RATED.map((name) => Math.round(perSecond(now[name], then[name])));
  const cpuPercent = Math.round(100 * perSecond(figures["cpuSeconds"], before?.["cpuSeconds"]));
  return {
    publishesReceived,
    publishesSent,
    bytesReceived,
    bytesSent,
    messagesDropped,
    cpuPercent,
  };
}

function busiest(topics: Json | undefined): Json[] {
  const list: unknown = topics?.["topics"];
  const items: Json[] = Array.isArray(list) ? [...list] : [];
  return items.toSorted((one, other) => numberOf(other["count"]) - numberOf(one["count"]));
}

/** Clients with how many messages a second each has sent and got since the moment before. */
export function withRates(
  clients: readonly Json[],
  before: ReadonlyMap<unknown, Json>,
  seconds: number,
): Json[] {
  return clients
    .map((client): Json => {
      const then = before.get(client["clientId"]);
      const rate = (name: string): number =>
        then === undefined
          ? 0
          : Math.round(Math.max(0, numberOf(client[name]) - numberOf(then[name])) / seconds);
      return { ...client, inRate: rate("messagesReceived"), outRate: rate("messagesSent") };
    })
    .toSorted((one, other) => busyness(other) - busyness(one));
}

function busyness({ inRate, outRate }: Json): number {
  return numberOf(inRate) + numberOf(outRate);
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function text(value: unknown): string {
  return String(numberOf(value));
}

function mega(bytes: unknown): number {
  return Math.round(numberOf(bytes) / 1_048_576);
}

function uptime(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)}d ${hours % 24}h ${minutes % 60}m`;
}
