/** The flags of `anax serve`. Defaults are those of the server itself, so that they cannot differ. */
import { LOG_LEVELS, SERVER_DEFAULTS } from "@anax/server";
import { ACCESS_FLAGS } from "../access/access-flags.ts";
import type { AccessFlags } from "../access/read-access-rules.ts";
import { ADMIN_FLAGS } from "./admin-flags.ts";
import type { AdminFlags } from "./admin-flags.ts";
import { TELEMETRY_FLAGS } from "./telemetry-flags.ts";
import type { TelemetryFlags } from "./telemetry-flags.ts";
import { RATE_FLAG } from "./rate-flag.ts";
import type { RateSettings } from "./rate-flag.ts";
import { AUTHENTICATION_FLAGS } from "../authenticating/authentication-flags.ts";
import type { AuthenticationFlags } from "../authenticating/authentication-flags.ts";
import { TLS_FLAGS } from "./tls-flags.ts";
import type { TlsFlags } from "./tls-flags.ts";
import { LISTENER_FLAG } from "./listener-flag.ts";
import type { ListenerSettings } from "./listener-flag.ts";
import type { LogLevel, QueueOverflow, StoreDurability, WhenFull, WhenTooFast } from "@anax/server";
import type { QoS } from "@anax/protocol";
import type { FlagTable } from "../flags/flag.ts";
import { LIMITING, limit, size } from "./limit-flags.ts";
import { optional, repeated, toggle, withDefault } from "../flags/flag.ts";
import {
  bytes,
  choice,
  count,
  FILE_MODE,
  integer,
  name,
  seconds,
  URL_PATH,
} from "../flags/value-parser.ts";
import type { ValueParser } from "../flags/value-parser.ts";

/** Where data are kept if nothing else is said: below the directory that the server is started in. */
export const DATA_DIRECTORY = "./anax-data";

/** Where the server listens. */
export interface ListenFlags extends TlsFlags {
  readonly listener: readonly ListenerSettings[];
  readonly host: readonly string[];
  readonly port: number;
  readonly noTcp: boolean;
  readonly wsPort: number | undefined;
  readonly wsPath: string | undefined;
  readonly wsOrigin: readonly string[];
  readonly wsSubprotocol: readonly string[];
  readonly wsUpgradeTimeout: number | undefined;
  readonly unix: readonly string[];
  readonly unixMode: number | undefined;
}

/** What survives the server, and where it is kept. */
export interface StorageFlags {
  readonly dataDir: string | undefined;
  readonly durability: StoreDurability;
}

/** Limits, each an option of the server. */
export interface LimitFlags {
  readonly maxConnections: number;
  readonly connectionRate: number | undefined;
  readonly connectTimeout: number;
  readonly maxPacketSize: number;
  readonly maxQos: QoS;
  readonly maxKeepAlive: number;
  readonly defaultInflight: number;
  readonly maxInflight: number;
  readonly maxInflightBytes: number;
  readonly maxInflightBytesTotal: number;
  readonly maxUnfinishedConnectBytes: number;
  readonly receiveMaximum: number;
  readonly maxQueued: number;
  readonly maxQueuedBytes: number;
  readonly queueOverflow: QueueOverflow;
  readonly queueQos0: boolean;
  readonly noStoreWills: boolean;
  readonly roomWait: number;
  readonly holdBack: number;
  readonly whenFull: WhenFull;
  readonly maxFailedLogins: number;
  readonly maxReconnects: number | undefined;
  readonly rate: readonly RateSettings[];
  readonly rateBurst: number;
  readonly whenTooFast: WhenTooFast;
  readonly maxBacklogBytes: number;
  readonly maxBacklog: number;
  readonly maxBacklogTotalBytes: number;
  readonly maxSessions: number;
  readonly maxSessionExpiry: number;
  readonly maxAnonymousSessionExpiry: number;
  readonly shareSessions: readonly string[];
  readonly maxSubscriptions: number;
  readonly maxTopicLevels: number;
  readonly maxTopicAliases: number;
  readonly outgoingTopicAliases: number;
  readonly maxUserProperties: number;
  readonly maxRetained: number;
  readonly maxRetainedBytes: number;
  readonly maxRetainedShare: number;
  readonly noRetain: boolean;
  readonly noWildcards: boolean;
  readonly noSharedSubscriptions: boolean;
  readonly noSubscriptionIdentifiers: boolean;
  readonly noAssignedClientIds: boolean;
  readonly checkPayloadFormat: boolean;
  readonly dollarTopics: boolean;
}

/** What the server tells about itself. */
export interface ReportFlags {
  readonly sysInterval: number | undefined;
  readonly noSys: boolean;
  readonly logLevel: LogLevel | undefined;
  readonly logFormat: "text" | "json";
  readonly logFile: string | undefined;
  readonly logFileSize: number | undefined;
  readonly logFiles: number | undefined;
}

/** Where the other flags may be written down. */
export interface ConfigurationFlags {
  readonly config: string | undefined;
}

/** All flags of `anax serve`. */
export type ServeFlags = ConfigurationFlags &
  ListenFlags &
  StorageFlags &
  AuthenticationFlags &
  AccessFlags &
  LimitFlags &
  ReportFlags &
  AdminFlags &
  TelemetryFlags;

/** Largest that MQTT allows: five bytes of fixed header and the largest Remaining Length. */
const PACKET_SIZE_MAX = 268_435_460;

const PORT = integer(0, 65_535);
const LISTENING = { group: "Where it listens" };
const STORING = { group: "Storage" };
const AUTHENTICATING = { group: "Authentication" };
const REFUSING = { group: "What is offered" };
const REPORTING = { group: "Logging" };

const LISTEN_FLAGS: FlagTable<ListenFlags> = {
  listener: LISTENER_FLAG,
  host: repeated(name("address"), {
    ...LISTENING,
    defaultText: "127.0.0.1",
    help: "address to listen on; 0.0.0.0 or :: is the whole network",
  }),
  port: withDefault(PORT, 1883, {
    ...LISTENING,
    short: "p",
    help: "port for MQTT over TCP; 0 lets the system choose",
  }),
  noTcp: toggle({ ...LISTENING, help: "do not listen on plain TCP" }),
  wsPort: optional(PORT, { ...LISTENING, help: "also listen for WebSocket on this port" }),
  wsPath: optional(URL_PATH, { ...LISTENING, help: "path of WebSocket URLs (default /mqtt)" }),
  wsOrigin: repeated(name("origin"), {
    ...LISTENING,
    defaultText: "any, but on 127.0.0.1 and ::1 only pages of this machine",
    help: "web page that may connect by WebSocket, such as https://example.com, or *",
  }),
  wsSubprotocol: repeated(name("name"), {
    ...LISTENING,
    defaultText: "mqtt and mqttv3.1",
    help: "subprotocol of WebSocket that is let in",
  }),
  wsUpgradeTimeout: optional(seconds(0.001), {
    ...LISTENING,
    help: "seconds that a connection has to become a WebSocket (default 15)",
  }),
  unix: repeated(name("path"), { ...LISTENING, help: "also listen on a unix socket" }),
  unixMode: optional(FILE_MODE, {
    ...LISTENING,
    help: "permissions of the unix socket, such as 660",
  }),
  ...TLS_FLAGS,
};

const DURABILITIES = { disk: "disk", process: "process", memory: "memory" } as const;

const STORAGE_FLAGS: FlagTable<StorageFlags> = {
  dataDir: optional(name("directory"), {
    ...STORING,
    help: `keep sessions, their messages and retained messages here (default ${DATA_DIRECTORY})`,
  }),
  durability: withDefault(choice<StoreDurability>(DURABILITIES), "disk", {
    ...STORING,
    help: "what an acknowledged message survives: disk, a loss of power; process, a crash of the server; memory, nothing",
  }),
};

const LIMIT_FLAGS: FlagTable<LimitFlags> = {
  maxConnections: limit(1, SERVER_DEFAULTS.connectionsMax, "connections at a time"),
  connectionRate: optional(count(1), {
    ...LIMITING,
    help: "new connections per second from one address (default: no limit)",
  }),
  connectTimeout: withDefault(seconds(0.001), SERVER_DEFAULTS.connectTimeoutMs / 1_000, {
    ...LIMITING,
    help: "seconds that a new connection has to send CONNECT",
  }),
  maxPacketSize: size(
    16,
    SERVER_DEFAULTS.maximumPacketSize,
    "largest packet taken from a client",
    PACKET_SIZE_MAX,
  ),
  maxQos: withDefault(choice<QoS>({ "0": 0, "1": 1, "2": 2 }), SERVER_DEFAULTS.maximumQos, {
    ...LIMITING,
    help: "highest QoS that clients may publish with",
  }),
  maxKeepAlive: withDefault(integer(0, 65_535, "seconds"), SERVER_DEFAULTS.keepAliveMaxSeconds, {
    ...LIMITING,
    help: "longest Keep Alive of a client; 0 leaves it to clients",
  }),
  defaultInflight: limit(
    1,
    SERVER_DEFAULTS.inFlightDefault,
    "QoS 1 and 2 messages on their way at a time to a client that states no Receive Maximum",
    65_535,
  ),
  maxInflight: limit(
    1,
    SERVER_DEFAULTS.inFlightMax,
    "QoS 1 and 2 messages on their way to any one client at a time",
    65_535,
  ),
  maxInflightBytes: size(
    1,
    SERVER_DEFAULTS.inFlightBytesMax,
    "bytes of such messages to one client that are kept in memory until they are acknowledged",
  ),
  maxInflightBytesTotal: size(
    1,
    SERVER_DEFAULTS.inFlightBytesTotalMax,
    "the same of all clients together; beyond, 64k to each",
  ),
  maxUnfinishedConnectBytes: size(
    1,
    SERVER_DEFAULTS.unfinishedConnectBytesMax,
    "bytes of unfinished packets of all clients that are not let in yet; beyond, the oldest are closed",
  ),
  receiveMaximum: limit(
    1,
    SERVER_DEFAULTS.receiveMaximum,
    "QoS 1 and 2 messages on their way from one client at a time",
    65_535,
  ),
  maxQueued: limit(0, SERVER_DEFAULTS.queueMessagesMax, "messages that wait for one session"),
  maxQueuedBytes: size(0, SERVER_DEFAULTS.queueBytesMax, "bytes that wait for one session"),
  queueOverflow: withDefault(
    choice<QueueOverflow>({ "drop-oldest": "dropOldest", "drop-newest": "dropNewest" }),
    SERVER_DEFAULTS.queueOverflow,
    {
      ...LIMITING,
      defaultText: "drop-oldest",
      help: "what a full queue, or a full backlog of QoS 0 messages, does with one more message",
    },
  ),
  noStoreWills: toggle({
    ...LIMITING,
    help: "do not keep the Wills of clients with clean sessions on disk",
  }),
  roomWait: withDefault(seconds(0), SERVER_DEFAULTS.roomWaitMs / 1_000, {
    ...LIMITING,
    help: "seconds that a QoS 1 or 2 message waits, and its acknowledgement, while the queue of a client that reads is full; 0: never",
  }),
  holdBack: withDefault(seconds(0), SERVER_DEFAULTS.holdBackMs / 1_000, {
    ...LIMITING,
    help: "seconds in any ten for which one client may keep publishers waiting so",
  }),
  whenFull: withDefault(
    choice<WhenFull>({ overflow: "overflow", refuse: "refuse" }),
    SERVER_DEFAULTS.whenFull,
    {
      ...LIMITING,
      help: "what happens then: the queue overflows, or the message is refused with 0x97",
    },
  ),
  maxFailedLogins: limit(
    0,
    10,
    "wrong passwords a minute of one user name from one address, before further logins are held off; 0: no limit",
  ),
  maxReconnects: optional(integer(1, Number.MAX_SAFE_INTEGER), {
    ...LIMITING,
    help: "connections a minute of one Client Identifier from one address, before further ones are held off (default: no limit)",
  }),
  rate: RATE_FLAG,
  rateBurst: withDefault(seconds(1), 2, {
    ...LIMITING,
    help: "seconds of a rate that may come at once after silence",
  }),
  whenTooFast: withDefault(
    choice<WhenTooFast>({ slower: "slower", refuse: "refuse", disconnect: "disconnect" }),
    "slower",
    {
      ...LIMITING,
      help: "what happens to a client that exceeds a rate: it is read slower, its messages are refused (0x97), or it is disconnected (0x96)",
    },
  ),
  queueQos0: toggle({
    ...LIMITING,
    help: "queue QoS 0 messages too for a session whose client is away",
  }),
  maxBacklogBytes: size(
    0,
    SERVER_DEFAULTS.backlogBytesMax,
    "bytes of QoS 0 messages that wait for a client that reads too slowly",
  ),
  maxBacklog: limit(
    0,
    SERVER_DEFAULTS.backlogMessagesMax,
    "QoS 0 messages that wait for a client that reads too slowly; beyond, as --queue-overflow says",
  ),
  maxBacklogTotalBytes: withDefault(
    bytes(0, Number.MAX_SAFE_INTEGER),
    SERVER_DEFAULTS.backlogTotalBytesMax,
    {
      ...LIMITING,
      defaultText: "an eighth of the memory",
      help: "bytes that wait in memory for all clients together, in queues too; beyond, messages are dropped from the slowest first",
    },
  ),
  maxSessions: limit(1, SERVER_DEFAULTS.sessionsMax, "sessions"),
  maxSessionExpiry: withDefault(
    integer(0, 0xffff_ffff, "seconds"),
    SERVER_DEFAULTS.sessionExpiryMaxSeconds,
    {
      ...LIMITING,
      defaultText: "no limit",
      help: "longest time that a session outlives its connection",
    },
  ),
  maxAnonymousSessionExpiry: withDefault(
    integer(0, 0xffff_ffff, "seconds"),
    SERVER_DEFAULTS.anonymousSessionExpiryMaxSeconds,
    {
      ...LIMITING,
      help: "the same for clients that nobody has authenticated; 4294967295 is no limit",
    },
  ),
  shareSessions: repeated(name("user"), {
    ...AUTHENTICATING,
    defaultText: "nobody",
    help: "user who may use the sessions of others who are named so; all: everybody may use every session",
  }),
  maxSubscriptions: limit(
    0,
    SERVER_DEFAULTS.subscriptionsPerSessionMax,
    "subscriptions of one session",
  ),
  maxTopicLevels: limit(1, SERVER_DEFAULTS.topicLevelsMax, "levels of a topic", 65_536),
  maxTopicAliases: limit(
    0,
    SERVER_DEFAULTS.topicAliasMaximum,
    "Topic Aliases that a client may use",
    65_535,
  ),
  outgoingTopicAliases: limit(
    0,
    SERVER_DEFAULTS.outgoingTopicAliasMaximum,
    "Topic Aliases that the server uses towards a client that offers them; some offer them and cannot read them",
    65_535,
  ),
  maxUserProperties: limit(0, SERVER_DEFAULTS.userPropertiesMax, "User Properties of one packet"),
  maxRetained: limit(0, SERVER_DEFAULTS.retainedMessagesMax, "retained messages"),
  maxRetainedBytes: size(0, SERVER_DEFAULTS.retainedBytesMax, "bytes of retained messages"),
  maxRetainedShare: withDefault(integer(1, 100, "percent"), SERVER_DEFAULTS.retainedSharePercent, {
    ...LIMITING,
    help: "part of these two that one user, or one address without a user, may have",
  }),
  noRetain: toggle({ ...REFUSING, help: "refuse retained messages" }),
  noWildcards: toggle({ ...REFUSING, help: "refuse subscriptions with wildcards" }),
  noSharedSubscriptions: toggle({ ...REFUSING, help: "refuse shared subscriptions" }),
  noSubscriptionIdentifiers: toggle({ ...REFUSING, help: "refuse Subscription Identifiers" }),
  noAssignedClientIds: toggle({
    ...REFUSING,
    help: "refuse clients that have no Client Identifier of their own",
  }),
  checkPayloadFormat: toggle({
    ...REFUSING,
    help: "refuse payloads that say they are UTF-8 and are not",
  }),
  dollarTopics: toggle({
    ...REFUSING,
    help: "let clients publish to topics that begin with $, the server's own $SYS among them",
  }),
};

const REPORT_FLAGS: FlagTable<ReportFlags> = {
  sysInterval: optional(count(1, "seconds"), {
    ...REPORTING,
    help: `seconds between two updates of the $SYS topics (default ${systemIntervalSeconds()})`,
  }),
  noSys: toggle({ ...REPORTING, help: "publish no $SYS topics" }),
  logLevel: optional(logLevels(), {
    ...REPORTING,
    help: "least important records to log, on standard error (default info on a terminal, else warn)",
  }),
  logFormat: withDefault(choice({ text: "text", json: "json" } as const), "text", {
    ...REPORTING,
    help: "how to write log records and what is listening",
  }),
  logFile: optional(name("file"), {
    ...REPORTING,
    help: "write log records to this file instead of standard error",
  }),
  logFileSize: optional(bytes(1_024, Number.MAX_SAFE_INTEGER), {
    ...REPORTING,
    help: "begin a new log file at this size; the old one gets a number and is compressed (default 10m)",
  }),
  logFiles: optional(integer(1, 1_000), {
    ...REPORTING,
    help: "old log files to keep (default 5)",
  }),
};

const CONFIGURATION_FLAGS: FlagTable<ConfigurationFlags> = {
  config: optional(name("file"), {
    group: "Configuration",
    short: "c",
    help: "file of settings, YAML or JSON: its keys are the flags without the dashes; read again at SIGHUP",
  }),
};

/** Names of the flags that say where to listen, but for whole listeners. */
export const LISTEN_NAMES: readonly string[] = Object.keys(LISTEN_FLAGS).filter(
  (flag) => flag !== "listener",
);

/** The flags of `anax serve`, in the order of its help. */
export const SERVE_FLAGS: FlagTable<ServeFlags> = {
  ...CONFIGURATION_FLAGS,
  ...LISTEN_FLAGS,
  ...STORAGE_FLAGS,
  ...AUTHENTICATION_FLAGS,
  ...ACCESS_FLAGS,
  ...LIMIT_FLAGS,
  ...REPORT_FLAGS,
  ...ADMIN_FLAGS,
  ...TELEMETRY_FLAGS,
};

function systemIntervalSeconds(): number {
  const { systemTopics } = SERVER_DEFAULTS;
  return systemTopics === false ? 10 : systemTopics.intervalSeconds;
}

function logLevels(): ValueParser<LogLevel> {
  return {
    placeholder: LOG_LEVELS.join("|"),
    expected: `one of ${LOG_LEVELS.join(", ")}`,
    schema: { enum: LOG_LEVELS },
    parse: (given) => LOG_LEVELS.find((level) => level === given),
  };
}
