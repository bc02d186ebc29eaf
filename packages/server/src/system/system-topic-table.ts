import { LOAD_SPANS } from "./load-average.ts";
import type { ServerHealth } from "./server-health.ts";
import type { ServerStatistics } from "./server-statistics.ts";

/** A topic on which the server tells something of itself. */
export interface SystemTopic {
  /** What its payload says. */
  readonly tells: string;
  /** What is counted, or how a text is written. */
  readonly unit: string;
  /** How it differs from the topic of that name in mosquitto 2.0: "the same", "none" if there is none, or the difference. */
  readonly mosquitto: string;
}

/** What the topics are made of, at one moment. */
export interface Measured {
  readonly statistics: ServerStatistics;
  readonly health: ServerHealth;
  readonly version: string;
  readonly heapBytes: number;
  readonly heapBytesMaximum: number;
}

type Count = (statistics: ServerStatistics) => number;

interface MeasuredTopic extends SystemTopic {
  /** Gives the payload. */
  readonly value: (now: Measured) => number | string;
}

interface AveragedTopic extends SystemTopic {
  readonly count: Count;
}

const SAME = "the same";
const NONE = "none";
const COUNTED_ONCE = "counts a message for several clients once, and what is in flight";
const OLD_NAME = "the same; an older name";

/** Topics with one value, by their name below `$SYS/broker/`, which is the one that mosquitto made conventional. */
export const MEASURED_TOPICS: Readonly<Record<string, MeasuredTopic>> = {
  version: {
    tells: "name and version of the server",
    unit: "text, `anax version 1.2.3`",
    mosquitto: SAME,
    value: (now) => `anax version ${now.version}`,
  },
  uptime: {
    tells: "time since the last start",
    unit: "text, `123 seconds`",
    mosquitto: SAME,
    value: (now) => `${Math.floor(now.statistics.uptimeMs / 1_000)} seconds`,
  },
  "store/health": {
    tells: "state of the store; a change is published at once",
    unit: "text, `none`, `good`, `stalled`, `full`, `failed` or `fenced`",
    mosquitto: NONE,
    value: (now) => now.health.store,
  },
  "loop/delay/maximum": {
    tells:
      "how late the event loop was at most in the last 10 to 20 seconds: as long everything had to wait",
    unit: "milliseconds",
    mosquitto: NONE,
    value: (now) => now.statistics.loopDelayMaximumMs,
  },
  "heap/current": {
    tells: "memory of the process that JavaScript uses, its arrays of bytes included",
    unit: "bytes",
    mosquitto: SAME,
    value: (now) => now.heapBytes,
  },
  "heap/maximum": {
    tells: "the most that `heap/current` has been",
    unit: "bytes",
    mosquitto: SAME,
    value: (now) => now.heapBytesMaximum,
  },
  "clients/connected": {
    ...counting((now) => now.connectionsCurrent, "clients"),
    tells: "clients that are connected",
  },
  "clients/active": {
    ...counting((now) => now.connectionsCurrent, "clients", OLD_NAME),
    tells: "as `clients/connected`",
  },
  "clients/disconnected": {
    ...counting(disconnected, "clients"),
    tells: "clients that are not connected and whose session is kept",
  },
  "clients/inactive": {
    ...counting(disconnected, "clients", OLD_NAME),
    tells: "as `clients/disconnected`",
  },
  "clients/total": {
    ...counting((now) => now.sessionsCurrent, "clients"),
    tells: "both together",
  },
  "clients/maximum": {
    ...counting((now) => now.connectionsMaximum, "clients"),
    tells: "the most that were connected at the same time",
  },
  "clients/expired": {
    ...counting((now) => now.sessionsExpired, "clients"),
    tells: "sessions whose time was over",
  },
  "messages/received": {
    ...counting((now) => now.packetsReceived, "packets"),
    tells: "packets of all types that clients sent",
  },
  "messages/sent": {
    ...counting((now) => now.packetsSent, "packets"),
    tells: "packets of all types that clients were sent",
  },
  "messages/stored": {
    ...counting(storedMessages, "messages", OLD_NAME),
    tells: "as `store/messages/count`",
  },
  "publish/messages/received": {
    ...counting((now) => now.publishesReceived, "packets", "leaves out QoS 2 and RETAIN"),
    tells: "PUBLISH packets that clients sent",
  },
  "publish/messages/sent": {
    ...counting((now) => now.publishesSent, "packets"),
    tells: "PUBLISH packets that clients were sent",
  },
  "publish/messages/dropped": {
    ...counting((now) => now.messagesDropped, "messages"),
    tells: "messages that a receiver did not get because of a limit",
  },
  "publish/messages/dropped/queue": {
    ...counting((now) => now.messagesDroppedQueue, "messages", NONE),
    tells: "those of them that a full queue gave up or refused",
  },
  "publish/messages/dropped/backlog": {
    ...counting((now) => now.messagesDroppedBacklog, "messages", NONE),
    tells: "those of them, of QoS 0, whose client reads too slowly: its backlog was full",
  },
  "publish/messages/dropped/total": {
    ...counting((now) => now.messagesDroppedTotal, "messages", NONE),
    tells: "the same, since the backlogs of all clients together were full",
  },
  "publish/messages/dropped/away": {
    ...counting((now) => now.messagesDroppedAway, "messages", NONE),
    tells: "those of them, of QoS 0, whose client was away",
  },
  "publish/messages/too large": {
    ...counting((now) => now.messagesTooLarge, "messages", NONE),
    tells: "those of them that were larger than the client's Maximum Packet Size",
  },
  "publish/messages/slow": {
    ...counting((now) => now.receiversSlow, "times", NONE),
    tells:
      "times that a client had kept publishers waiting for as long as it may, since its queue was full",
  },
  "publish/messages/stalled": {
    ...counting((now) => now.windowsStalled, "times", NONE),
    tells: "times that a client acknowledged nothing for a minute while more waited for it",
  },
  "publish/bytes/received": {
    ...counting((now) => now.publishBytesReceived, "bytes"),
    tells: "bytes of the payloads of PUBLISH packets that clients sent",
  },
  "publish/bytes/sent": {
    ...counting((now) => now.publishBytesSent, "bytes"),
    tells: "bytes of the payloads of PUBLISH packets that clients were sent",
  },
  "bytes/received": {
    ...counting((now) => now.bytesReceived, "bytes"),
    tells: "all bytes of MQTT that clients sent",
  },
  "bytes/sent": {
    ...counting((now) => now.bytesSent, "bytes"),
    tells: "all bytes of MQTT that clients were sent",
  },
  "subscriptions/count": {
    ...counting((now) => now.subscriptionsCurrent, "subscriptions"),
    tells: "subscriptions, shared ones included",
  },
  "shared_subscriptions/count": {
    ...counting((now) => now.sharedSubscriptionsCurrent, "subscriptions"),
    tells: "shared subscriptions",
  },
  "retained messages/count": {
    ...counting((now) => now.retainedMessagesCurrent, "messages"),
    tells: "retained messages, those below `$SYS` included",
  },
  "store/messages/count": {
    ...counting(storedMessages, "messages", COUNTED_ONCE),
    tells: "retained messages, and those that wait for a client, once for each client",
  },
  "store/messages/bytes": {
    ...counting(storedPayloadBytes, "bytes", COUNTED_ONCE),
    tells: "bytes of their payloads",
  },
};

/** Counters whose growth per minute is averaged, by the part of the name between `$SYS/broker/load/` and the span. */
export const LOAD_TOPICS: Readonly<Record<string, AveragedTopic>> = {
  "messages/received": averaged((now) => now.packetsReceived, "packets received"),
  "messages/sent": averaged((now) => now.packetsSent, "packets sent"),
  "publish/received": averaged((now) => now.publishesReceived, "PUBLISH packets received"),
  "publish/sent": averaged((now) => now.publishesSent, "PUBLISH packets sent"),
  "publish/dropped": averaged((now) => now.messagesDropped, "messages dropped"),
  "bytes/received": averaged((now) => now.bytesReceived, "bytes received"),
  "bytes/sent": averaged((now) => now.bytesSent, "bytes sent"),
  sockets: averaged((now) => now.transportsTotal, "transports opened"),
  connections: averaged((now) => now.connectionsTotal, "clients let in"),
};

/** Every topic that the server publishes about itself, by its name, in the order in which they are published. */
export const SYSTEM_TOPICS: Readonly<Record<string, SystemTopic>> = Object.fromEntries([
  ...Object.entries(MEASURED_TOPICS).map(([name, topic]) => [systemTopicName(name), shown(topic)]),
  ...Object.entries(LOAD_TOPICS).flatMap(([name, topic]) =>
    LOAD_SPANS.map((span) => [systemTopicName(loadTopicName(name, span)), shown(topic)]),
  ),
]);

/** The whole Topic Name. */
export function systemTopicName(name: string): string {
  return `$SYS/broker/${name}`;
}

/** The name below `$SYS/broker/` of an average over a number of minutes. */
export function loadTopicName(name: string, spanMinutes: number): string {
  return `load/${name}/${spanMinutes}min`;
}

function shown({ tells, unit, mosquitto }: SystemTopic): SystemTopic {
  return { tells, unit, mosquitto };
}

function counting(count: Count, unit: string, mosquitto = SAME): Omit<MeasuredTopic, "tells"> {
  return { unit, mosquitto, value: (now) => count(now.statistics) };
}

function averaged(count: Count, what: string): AveragedTopic {
  const tells = `${what} in a minute, averaged over 1, 5 or 15 minutes`;
  return { tells, unit: "per minute, two decimals", mosquitto: SAME, count };
}

function disconnected(now: ServerStatistics): number {
  return now.sessionsCurrent - now.connectionsCurrent;
}

function storedMessages(now: ServerStatistics): number {
  return now.retainedMessagesCurrent + now.queuedMessagesCurrent;
}

function storedPayloadBytes(now: ServerStatistics): number {
  return now.retainedPayloadBytesCurrent + now.queuedPayloadBytesCurrent;
}
