import { MqttConfigurationError, optionFault, showValue } from "@anax/protocol";
import type { OptionRules } from "@anax/protocol";
import type { AccessRules } from "./access/access-rules.ts";
import type { AccessRuleReader } from "./access/rule-source.ts";
import type { Authorizer } from "./core/access/authorizer.ts";
import { CORE_DEFAULTS } from "./core/core-options.ts";
import type { CoreOptions } from "./core/core-options.ts";
import type { ConnectionRate } from "./driver/address-buckets.ts";
import type { StorageSettings } from "./driver/committer.ts";
import type { ServerEventHandlers } from "./events.ts";
import type { ListenerOptions } from "./listeners/create-listener.ts";
import { ClientIdPattern } from "./auth/client-id-pattern.ts";
import { checkParts } from "./checking/part-rules.ts";
import { shareOfMemory } from "./memory-share.ts";
import { checkNumbers, limitsOf } from "./option-limits.ts";
import type { ServerLimits } from "./option-limits.ts";
import type { Authenticator } from "./ports/authenticator.ts";
import type { BanStore } from "./ports/ban-store.ts";
import type { Clock } from "./ports/clock.ts";
import type { Listener } from "./ports/listener.ts";
import { checkHoldOff, checkRateLimits } from "./checking/rate-limit-rules.ts";
import type { HoldOffLimits } from "./core/rates/hold-off.ts";
import type { RateLimits } from "./core/rates/rate-limits.ts";
import type { Store, StoreDurability } from "./ports/store.ts";
import type { Logger } from "./ports/logger.ts";

/** Values that the driver's side of a server works with, beside those of the core. */
export interface DriverSettings extends StorageSettings {
  /** Milliseconds that one handler of an extension event may take to answer. */
  readonly handlerTimeoutMs: number;
  /**
   * Milliseconds that one part of a start may take: a handler of `loadingRetainedMessage`, or a listener. The start fails
   * then.
   */
  readonly startTimeoutMs: number;
  /** Transports that may be open at a time, those in a handshake included. */
  readonly connectionsMax: number;
  /** How often one address may connect, of IPv6 one network of 64 bits; false sets no limit. */
  readonly connectionRatePerAddress: ConnectionRate | false;
  /**
   * `$SYS/broker/…` topics and how often they are published; false: none. With `isIntercepted` each message of theirs is shown to
   * `interceptingPublish` and `applicationMessageNotConsumed`, so that a program may hold some back; default false.
   */
  readonly systemTopics:
    | { readonly intervalSeconds: number; readonly isIntercepted?: boolean }
    | false;
}

/** Defaults that depend on the machine. */
function memoryShares(): Pick<CoreOptions, "backlogTotalBytesMax"> {
  return { backlogTotalBytesMax: shareOfMemory(CORE_DEFAULTS.backlogTotalBytesMax) };
}

/** All options of a server that have a default, and the defaults. */
export const SERVER_DEFAULTS: CoreOptions & DriverSettings = {
  ...CORE_DEFAULTS,
  ...memoryShares(),
  handlerTimeoutMs: 10_000, // a database that is slow, but not one that is gone
  startTimeoutMs: 600_000, // much is loaded, over a slow line
  connectionsMax: 100_000, // what the memory of a common machine carries
  checkpointBytes: 4_194_304, // a restart reads up to eight times as much: a fraction of a second
  checkpointIntervalMs: 30_000, // an idle store becomes small again soon
  residentBytesMax: 4_194_304, // messages that wait, before they are left to the disk
  connectionRatePerAddress: false, // many devices share one address behind a router
  systemTopics: { intervalSeconds: 10 }, // as mosquitto does
};

/** Where the server listens if nothing is said: this machine only, for it lets everybody in. */
export const DEFAULT_LISTENER: ListenerOptions = { type: "tcp", host: "127.0.0.1", port: 1883 };

/** Parts of a server that have no default value. */
export interface ServerParts {
  /** Shorthand for one TCP listener: its host. Default "127.0.0.1". */
  readonly host?: string | undefined;
  /** Shorthand for one TCP listener: its port. Default 1883; 0 lets the system choose. */
  readonly port?: number | undefined;
  /**
   * Where the server listens; own implementations of `Listener` too. Not together with `host` and `port`. An empty list
   * is a server that listens nowhere: its clients come through `handle`.
   */
  readonly listeners?: readonly (ListenerOptions | Listener)[] | undefined;
  /** Handlers of extension events, called before those that `server.on` adds. */
  readonly on?: ServerEventHandlers | undefined;
  /**
   * Passwords by user name, none of them empty: nobody else is let in. Clients of MQTT 5.0 may prove theirs by the
   * method SCRAM-SHA-256 instead of sending it.
   */
  readonly users?: Readonly<Record<string, string>> | undefined;
  /** File of user names and hashed passwords: nobody else is let in. */
  readonly passwordFile?: string | undefined;
  /** Says who is let in. */
  readonly authenticate?: Authenticator["authenticate"] | Authenticator | undefined;
  /**
   * Say who is let in: asked in this order until one says yes or no. An empty list lets nobody in. Only one of `users`, `passwordFile`,
   * `authenticate` and this can be given.
   */
  readonly authenticators?: readonly (Authenticator["authenticate"] | Authenticator)[] | undefined;
  /**
   * Which Client Identifiers a user may have, others are refused with 0x85: `%u` is the user name, `*` any text, `%%` and `%*` are `%` and
   * `*`. So `%u` allows the user name only and `%u/*` what begins with it. A client without identifier gets one that fits. Only with
   * authenticators. Default: any.
   */
  readonly clientIdPattern?: string | undefined;
  /**
   * What clients may publish and subscribe to, as rules, or as a function that reads them: at each start, which fails if they cannot be read, and by
   * `server.access.reload`. Default: everything.
   */
  readonly accessRules?: AccessRules | AccessRuleReader | undefined;
  /** The same, as the program decides. Not together with `accessRules`. */
  readonly authorize?: Authorizer | undefined;
  /** How much clients may send and get: rates and connections of each client, user, address and listener. Default: no limit. */
  readonly rateLimits?: RateLimits | undefined;
  /** How often clients may fail to log in, and come again; who does too often is held off for longer and longer. */
  readonly holdOff?: HoldOffLimits | undefined;
  /** Where bans are kept that `server.bans` makes. Default: they end with the server object. */
  readonly banStore?: BanStore | undefined;
  /** Where sessions, queued and retained messages survive the process. Default: nowhere. */
  readonly store?: Store | undefined;
  /** What acknowledged messages must survive: a store that promises less is refused. Default: what the store promises. */
  readonly durability?: StoreDurability | undefined;
  /** Takes log records. Default: none, and logging costs nothing. */
  readonly logger?: Logger | undefined;
  /** Default: the clock of this process. */
  readonly clock?: Clock | undefined;
}

/** Options of `MqttServer`. Every one may be left out. */
export type MqttServerOptions = ServerParts & {
  readonly [Name in keyof (CoreOptions & DriverSettings)]?:
    | (CoreOptions & DriverSettings)[Name]
    | undefined;
};

export type { ServerLimits };

/** Options with every default filled in. */
export interface ServerSettings {
  readonly core: CoreOptions;
  readonly driver: DriverSettings;
  readonly limits: ServerLimits;
  readonly listeners: readonly (ListenerOptions | Listener)[];
}

const PART_NAMES: { readonly [Name in keyof Required<ServerParts>]: true } = {
  host: true,
  port: true,
  listeners: true,
  on: true,
  users: true,
  passwordFile: true,
  authenticate: true,
  authenticators: true,
  clientIdPattern: true,
  accessRules: true,
  authorize: true,
  rateLimits: true,
  holdOff: true,
  banStore: true,
  store: true,
  durability: true,
  logger: true,
  clock: true,
};

/** What there is; the values are judged one by one. */
const NAME_RULES: OptionRules = Object.fromEntries(
  [...Object.keys(PART_NAMES), ...Object.keys(SERVER_DEFAULTS)].map((name) => [name, "unknown"]),
);

/** Options that are an object or false. */
const MIXED_OPTIONS: ReadonlySet<string> = new Set([
  "connectionRatePerAddress",
  "systemTopics",
  "sessionSharingUsers",
]);

/** Checks options and fills in the defaults. Throws `MqttConfigurationError`; changes nothing of the caller's. */
export function resolveOptions(options: MqttServerOptions): ServerSettings {
  const given = givenSettings(options);
  checkParts(options);
  const settings: CoreOptions & DriverSettings = {
    ...SERVER_DEFAULTS,
    ...countOfBoth(options),
    ...given,
  };
  checkKinds(settings);
  checkNumbers(settings);
  checkDriverSettings(settings);
  checkSharing(settings.sessionSharingUsers);
  checkRateLimits(options.rateLimits);
  checkHoldOff(options.holdOff);
  checkAuthentication(options);
  if (options.accessRules !== undefined && options.authorize !== undefined)
    throw new MqttConfigurationError("give only one of accessRules and authorize");
  checkStore(options.store);
  checkDurability(options);
  const limits = limitsOf(settings);
  return { core: settings, driver: settings, limits, listeners: listenersOf(options) };
}

/** How many messages may wait is one number in other servers: who sets it means those of QoS 0 too. */
function countOfBoth({ queueMessagesMax }: MqttServerOptions): Partial<CoreOptions> {
  return queueMessagesMax === undefined ? {} : { backlogMessagesMax: queueMessagesMax };
}

/** The options that have a default. */
function givenSettings(options: object): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  const fault = optionFault(options, NAME_RULES);
  if (fault !== undefined) throw new MqttConfigurationError(fault);
  for (const name in options) {
    const value: unknown = Reflect.get(options, name);
    if (!Object.hasOwn(PART_NAMES, name) && value !== undefined) given[name] = value;
  }
  return given;
}

function listenersOf({ host, port, listeners }: MqttServerOptions): ServerSettings["listeners"] {
  if (listeners === undefined) {
    return [
      {
        ...DEFAULT_LISTENER,
        ...(host !== undefined && { host }),
        ...(port !== undefined && { port }),
      },
    ];
  }
  if (host !== undefined || port !== undefined) {
    throw new MqttConfigurationError("use either listeners, or host and port");
  }
  if (!Array.isArray(listeners) || !listeners.every((one) => typeof one === "object" && one)) {
    throw new MqttConfigurationError("listeners is not a list of objects");
  }
  return [...listeners];
}

/** Each value is of the kind of its default. */
function checkKinds(settings: CoreOptions & DriverSettings): void {
  const defaults: Readonly<Record<string, unknown>> = { ...SERVER_DEFAULTS };
  for (const [name, value] of Object.entries(settings)) {
    const kind = typeof defaults[name];
    if (MIXED_OPTIONS.has(name) || typeof value === kind) continue;
    throw new MqttConfigurationError(`${name} is ${JSON.stringify(value)}, which is no ${kind}`);
  }
  const { queueOverflow, whenFull } = settings;
  if (whenFull !== "overflow" && whenFull !== "refuse") {
    throw new MqttConfigurationError(
      `whenFull is ${JSON.stringify(whenFull)}, not "overflow" or "refuse"`,
    );
  }
  if (queueOverflow !== "dropOldest" && queueOverflow !== "dropNewest") {
    throw new MqttConfigurationError(
      `queueOverflow is ${JSON.stringify(queueOverflow)}, not "dropOldest" or "dropNewest"`,
    );
  }
}

const RATE_NAMES: OptionRules = { burst: "unknown", perSecond: "unknown" };
const SYSTEM_TOPICS_NAMES: OptionRules = { intervalSeconds: "unknown", isIntercepted: "boolean" };

function checkNames(what: string, value: unknown, names: OptionRules): void {
  if (typeof value !== "object" || value === null) return;
  const fault = optionFault(value, names, what);
  if (fault !== undefined) throw new MqttConfigurationError(fault);
}

function checkDriverSettings({ connectionRatePerAddress, systemTopics }: DriverSettings): void {
  checkNames("connectionRatePerAddress", connectionRatePerAddress, RATE_NAMES);
  checkNames("systemTopics", systemTopics, SYSTEM_TOPICS_NAMES);
  const { burst = 0, perSecond = 0 }: Partial<ConnectionRate> = connectionRatePerAddress || {};
  if (connectionRatePerAddress !== false && !(burst >= 1 && perSecond > 0)) {
    const value = JSON.stringify(connectionRatePerAddress);
    const text = `connectionRatePerAddress is ${value}; burst must be at least 1, perSecond above 0`;
    throw new MqttConfigurationError(text);
  }
  const { intervalSeconds = 0 }: { intervalSeconds?: number } = systemTopics || {};
  if (systemTopics !== false && !(intervalSeconds >= 1)) {
    const value = JSON.stringify(systemTopics);
    throw new MqttConfigurationError(
      `systemTopics is ${value}; intervalSeconds must be at least 1`,
    );
  }
}

function checkSharing(users: unknown): void {
  if (users === "all") return;
  if (Array.isArray(users) && users.every((user) => typeof user === "string")) return;
  throw new MqttConfigurationError(
    `sessionSharingUsers is ${JSON.stringify(users)}, not a list of user names or "all"`,
  );
}

function checkAuthentication(options: MqttServerOptions): void {
  const { users, passwordFile, authenticate, authenticators, clientIdPattern } = options;
  const parts = [users, passwordFile, authenticate, authenticators];
  const given = parts.filter((part) => part !== undefined);
  if (given.length > 1) {
    throw new MqttConfigurationError(
      "give only one of users, passwordFile, authenticate and authenticators",
    );
  }
  if (clientIdPattern !== undefined) {
    new ClientIdPattern(clientIdPattern);
    if (given.length === 0) {
      throw new MqttConfigurationError("clientIdPattern needs authenticators: users have names");
    }
  }
  for (const [userName, password] of Object.entries(users ?? {})) {
    if (typeof password === "string" && password !== "") continue;
    const problem = password === "" ? "the password is empty" : "it is no string";
    throw new MqttConfigurationError(`the password of user ${showValue(userName)}: ${problem}`);
  }
}

/** From the weakest promise to the strongest. */
const DURABILITIES: readonly StoreDurability[] = ["memory", "process", "disk"];

const STORE_METHODS = ["open", "commit", "read", "close"];

/** A store is an object of the program's own: what it lacks shall show here, not in the midst of a start. */
function checkStore(store: unknown): void {
  if (store === undefined) return;
  const given: Record<string, unknown> = Object(store);
  const missing = STORE_METHODS.filter((name) => typeof given[name] !== "function");
  if (missing.length === 0) return;
  throw new MqttConfigurationError(`store is not a store: it has no ${missing.join(", ")}`);
}

function checkDurability({ store, durability }: MqttServerOptions): void {
  if (durability === undefined) return;
  const wanted = DURABILITIES.indexOf(durability);
  if (wanted < 0) {
    const value = JSON.stringify(durability);
    throw new MqttConfigurationError(
      `durability is ${value}, not one of ${DURABILITIES.join(", ")}`,
    );
  }
  const given = store?.durability ?? "memory";
  if (DURABILITIES.indexOf(given) >= wanted) return;
  const what = store === undefined ? "there is no store" : `the store promises "${given}" only`;
  throw new MqttConfigurationError(`durability is "${durability}", but ${what}`);
}
