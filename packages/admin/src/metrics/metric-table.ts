/** Every metric: its name, what it is, and where its value comes from. */
import type { MqttServer, ServerStatistics, ServerTraffic, TimeHistogram } from "@anax/server";

/** What is measured at one moment. */
export interface Measured {
  readonly server: MqttServer;
  readonly statistics: ServerStatistics;
  readonly traffic: ServerTraffic;
  readonly memory: NodeJS.MemoryUsage;
  readonly cpuSeconds: number;
  readonly loopDelay: {
    readonly meanSeconds: number;
    readonly p99Seconds: number;
    readonly maxSeconds: number;
  };
}

/** One value of a metric. */
export interface Sample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** Of the name, where a metric has several: `_bucket`, `_sum`, `_count`. */
  readonly suffix?: string;
}

/** A metric. */
export interface Metric {
  /** With its unit, and `_total` for what only grows, as is usual for Prometheus. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly read: (measured: Measured) => readonly Sample[];
}

type Counter = {
  readonly [Name in keyof ServerStatistics]: ServerStatistics[Name] extends number ? Name : never;
}[keyof ServerStatistics];

function gauge(name: string, statistic: Counter, help: string): Metric {
  return {
    name,
    type: "gauge",
    help,
    read: ({ statistics }) => [{ value: statistics[statistic] }],
  };
}

function counter(name: string, statistic: Counter, help: string): Metric {
  return {
    name,
    type: "counter",
    help,
    read: ({ statistics }) => [{ value: statistics[statistic] }],
  };
}

/** Several statistics that differ in one thing. */
function split(
  name: string,
  label: string,
  help: string,
  parts: Readonly<Record<string, Counter>>,
): Metric {
  const read = ({ statistics }: Measured): Sample[] =>
    Object.entries(parts).map(([value, statistic]) => ({
      value: statistics[statistic],
      labels: { [label]: value },
    }));
  return { name, type: "counter", help, read };
}

/** One figure for each QoS and direction; those of QoS 0 are what is left of all. */
function byQos(
  name: string,
  help: string,
  parts: Readonly<Record<"in" | "out", readonly [all: Counter, qos1: Counter, qos2: Counter]>>,
): Metric {
  const read = ({ statistics }: Measured): Sample[] =>
    Object.entries(parts).flatMap(([direction, [all, one, two]]) => {
      const [qos1, qos2] = [statistics[one], statistics[two]];
      const values = [statistics[all] - qos1 - qos2, qos1, qos2];
      return values.map((value, qos) => ({ value, labels: { direction, qos: String(qos) } }));
    });
  return { name, type: "counter", help, read };
}

type Row = ServerTraffic["listeners"][number];

/** One figure of each listener and version of the protocol, or one for each direction. */
function byListener(
  { name, type, help }: Omit<Metric, "read">,
  figures: (row: Row) => Readonly<Record<string, number>>,
): Metric {
  const read = ({ traffic }: Measured): Sample[] =>
    traffic.listeners.flatMap((row) =>
      Object.entries(figures(row)).map(([direction, value]) => ({
        value,
        labels: {
          listener: row.listener,
          version: VERSIONS[row.protocolVersion] ?? "none",
          ...(direction !== "" && { direction }),
        },
      })),
    );
  return { name, type, help, read };
}

/** Versions by their number in CONNECT. */
const VERSIONS: Readonly<Record<number, string>> = { 3: "3.1", 4: "3.1.1", 5: "5.0" };

/** Milliseconds become seconds, and counts become those of all ranges up to each end. */
function histogramSamples(times: TimeHistogram | undefined): Sample[] {
  if (times === undefined) return [];
  let count = 0;
  const buckets = times.counts.map((ofRange, at): Sample => {
    count += ofRange;
    const bound = times.boundsMs[at];
    const le = bound === undefined ? "+Inf" : String(bound / 1_000);
    return { suffix: "_bucket", labels: { le }, value: count };
  });
  const sum: Sample = { suffix: "_sum", value: times.sumMs / 1_000 };
  return [...buckets, sum, { suffix: "_count", value: count }];
}

/** All metrics, in the order in which they are shown. */
export const METRICS: readonly Metric[] = [
  {
    name: "anax_up",
    type: "gauge",
    help: "1 if the server takes durable work, else 0",
    read: ({ server }) => [{ value: server.health.isHealthy ? 1 : 0 }],
  },
  {
    name: "anax_uptime_seconds",
    type: "gauge",
    help: "How long the server runs",
    read: ({ statistics }) => [{ value: statistics.uptimeMs / 1_000 }],
  },
  gauge("anax_connections", "connectionsCurrent", "Clients that are connected"),
  gauge("anax_transports", "transportsCurrent", "Open connections, those before CONNECT included"),
  counter("anax_connections_accepted_total", "connectionsTotal", "Clients that were let in"),
  split("anax_connections_refused_total", "stage", "Connections that were not let in", {
    transport: "transportsRefused",
    handshake: "handshakesFailed",
    before_connect: "connectionsWithoutConnect",
    unfinished_connect: "unfinishedConnectsClosed",
    connect: "connectionsRefused",
  }),
  gauge(
    "anax_sessions",
    "sessionsCurrent",
    "Sessions, of connected clients and of those that are away",
  ),
  split("anax_sessions_ended_total", "cause", "Sessions that the server ended", {
    expired: "sessionsExpired",
    evicted: "sessionsEvicted",
  }),
  gauge("anax_subscriptions", "subscriptionsCurrent", "Subscriptions of all sessions"),
  gauge("anax_shared_subscriptions", "sharedSubscriptionsCurrent", "Of these, shared ones"),
  gauge("anax_retained_messages", "retainedMessagesCurrent", "Retained messages"),
  gauge("anax_retained_bytes", "retainedBytesCurrent", "Bytes of retained messages"),
  gauge("anax_queued_messages", "queuedMessagesCurrent", "Messages that wait for their clients"),
  gauge("anax_queued_bytes", "queuedBytesCurrent", "Bytes of messages that wait for their clients"),
  split("anax_bytes_total", "direction", "Bytes of MQTT", {
    in: "bytesReceived",
    out: "bytesSent",
  }),
  split("anax_packets_total", "direction", "Packets of MQTT", {
    in: "packetsReceived",
    out: "packetsSent",
  }),
  split("anax_messages_total", "direction", "PUBLISH packets", {
    in: "publishesReceived",
    out: "publishesSent",
  }),
  split("anax_message_bytes_total", "direction", "Bytes of the payloads of PUBLISH packets", {
    in: "publishBytesReceived",
    out: "publishBytesSent",
  }),
  byQos("anax_messages_by_qos_total", "PUBLISH packets, by their QoS", {
    in: ["publishesReceived", "publishesReceivedQos1", "publishesReceivedQos2"],
    out: ["publishesSent", "publishesSentQos1", "publishesSentQos2"],
  }),
  byQos("anax_message_bytes_by_qos_total", "Bytes of their payloads, by their QoS", {
    in: ["publishBytesReceived", "publishBytesReceivedQos1", "publishBytesReceivedQos2"],
    out: ["publishBytesSent", "publishBytesSentQos1", "publishBytesSentQos2"],
  }),
  byListener(
    {
      name: "anax_listener_connections",
      type: "gauge",
      help: "Open connections, by listener and protocol version; none: not let in yet",
    },
    ({ connectionsCurrent }) => ({ "": connectionsCurrent }),
  ),
  byListener(
    {
      name: "anax_listener_bytes_total",
      type: "counter",
      help: "Bytes of MQTT, by listener and protocol version",
    },
    ({ bytesReceived, bytesSent }) => ({ in: bytesReceived, out: bytesSent }),
  ),
  byListener(
    {
      name: "anax_listener_messages_total",
      type: "counter",
      help: "PUBLISH packets, by listener and protocol version",
    },
    ({ messagesReceived, messagesSent }) => ({ in: messagesReceived, out: messagesSent }),
  ),
  {
    name: "anax_in_flight_messages",
    type: "gauge",
    help: "Messages that were sent and are not acknowledged yet",
    read: ({ traffic }) => [{ value: traffic.inFlightMessages }],
  },
  {
    name: "anax_in_flight_bytes",
    type: "gauge",
    help: "Bytes of these in memory; what a store has is not counted",
    read: ({ traffic }) => [{ value: traffic.inFlightBytes }],
  },
  {
    name: "anax_delivery_seconds",
    type: "histogram",
    help: "From the read that brought a message to the write that gave it to a receiver, of at most a hundred messages in a second; not of those that waited for a handler or in a queue",
    read: ({ traffic }) => histogramSamples(traffic.deliveryTimes),
  },
  counter(
    "anax_messages_dropped_total",
    "messagesDropped",
    "Messages not delivered to a receiver because of a limit",
  ),
  split("anax_messages_dropped_by_reason_total", "reason", "Of these, by the limit", {
    queue: "messagesDroppedQueue",
    backlog: "messagesDroppedBacklog",
    total: "messagesDroppedTotal",
    away: "messagesDroppedAway",
    too_large: "messagesTooLarge",
  }),
  counter(
    "anax_messages_too_large_total",
    "messagesTooLarge",
    "Of these, larger than the client's Maximum Packet Size",
  ),
  counter(
    "anax_messages_expired_total",
    "messagesExpired",
    "Messages whose expiry interval was over",
  ),
  counter(
    "anax_messages_not_retained_total",
    "messagesNotRetained",
    "Messages delivered, but not retained for want of room",
  ),
  counter(
    "anax_protocol_errors_total",
    "protocolErrors",
    "Connections closed because the peer broke the protocol",
  ),
  counter(
    "anax_rates_exceeded_total",
    "ratesExceeded",
    "Times that a client was slowed down, refused or sent away because it exceeded a rate",
  ),
  split(
    "anax_clients_held_off_total",
    "reason",
    "Clients refused because they came too often with a wrong password, or at all",
    { failed_logins: "loginsHeldOff", flapping: "flappingHeldOff" },
  ),
  counter(
    "anax_receivers_slow_total",
    "receiversSlow",
    "Times that a client had kept publishers waiting for as long as it may",
  ),
  counter(
    "anax_windows_stalled_total",
    "windowsStalled",
    "Times that a client acknowledged nothing for a minute",
  ),
  split("anax_handler_failures_total", "kind", "Handlers of the program that failed", {
    failed: "handlerFailures",
    timeout: "handlerTimeouts",
  }),
  counter(
    "anax_authentication_failures_total",
    "authenticationFailures",
    "Clients refused since an authenticator failed",
  ),
  split("anax_authentications_total", "result", "How authenticators decided", {
    accepted: "authenticationsAccepted",
    refused: "authenticationsRefused",
    busy: "authenticationsBusy",
    failed: "authenticationFailures",
  }),
  split("anax_access_denied_total", "action", "What clients wanted to do and may not", {
    publish: "publishesDenied",
    subscribe: "subscriptionsDenied",
    receive: "deliveriesDenied",
  }),
  counter(
    "anax_subscriptions_revoked_total",
    "subscriptionsRevoked",
    "Subscriptions that ended since the rules of access had changed",
  ),
  gauge("anax_access_rules", "accessRulesCurrent", "Rules of access in force"),
  counter(
    "anax_access_rule_failures_total",
    "accessRuleFailures",
    "Times that the rules of access could not be read again",
  ),
  counter("anax_store_commits_total", "storeCommits", "Commits of the store"),
  {
    name: "anax_store_commit_seconds",
    type: "histogram",
    help: "How long commits of the store took",
    read: ({ server }) => histogramSamples(server.commitTimes),
  },
  counter("anax_store_failures_total", "storeFailures", "Commits that failed"),
  gauge("anax_store_bytes", "storeBytesCurrent", "Bytes that the store takes"),
  {
    name: "anax_process_resident_memory_bytes",
    type: "gauge",
    help: "Resident memory of the process",
    read: ({ memory }) => [{ value: memory.rss }],
  },
  {
    name: "anax_process_heap_bytes",
    type: "gauge",
    help: "Heap of the process in use",
    read: ({ memory }) => [{ value: memory.heapUsed }],
  },
  {
    name: "anax_process_cpu_seconds_total",
    type: "counter",
    help: "Processor time of the process",
    read: ({ cpuSeconds }) => [{ value: cpuSeconds }],
  },
  {
    name: "anax_event_loop_delay_seconds",
    type: "gauge",
    help: "How late timers of the process were since the last look",
    read: ({ loopDelay: { meanSeconds, p99Seconds, maxSeconds } }) => [
      { value: meanSeconds, labels: { statistic: "mean" } },
      { value: p99Seconds, labels: { statistic: "p99" } },
      { value: maxSeconds, labels: { statistic: "max" } },
    ],
  },
];
