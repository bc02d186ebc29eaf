/** Checks the options of a client once and fills in the defaults, so that nothing else has to. */
import { isTopicName } from "@anax/protocol";
import type { ProtocolVersion, Will } from "@anax/protocol";
import type { AuthenticationOptions } from "./authentication/authentication.ts";
import { systemClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import type { BackOffOptions } from "./core/back-off.ts";
import type { MachineOptions } from "./core/client-machine.ts";
import { MqttConfigurationError } from "./core/errors.ts";
import { pick, withoutUndefined } from "./core/without-undefined.ts";
import type { Defined } from "./core/without-undefined.ts";
import type { ClientOptions, PasswordSource, ReconnectOptions, WillOptions } from "./options.ts";
import { payloadBytes } from "./payload.ts";
import { parseServerAddress } from "./parse-server-address.ts";
import type { ServerAddress, ServerAddressOptions } from "./server-address.ts";
import type { TlsOptions, TransportFactory, WebSocketOptions } from "./transports/transport.ts";
import {
  MESSAGE_INTEGERS,
  MESSAGE_PROPERTIES,
  requireIntegers,
  requireKnown,
  requireVersion5,
} from "./validation.ts";

/** How to come back; never when undefined. */
export interface ResolvedReconnect extends BackOffOptions {
  readonly maximumAttempts: number;
  readonly retryFirstConnect: boolean;
}

/** Options that are properties of CONNECT, so that MQTT 3.1 and 3.1.1 have no field for them. */
const CONNECT_PROPERTIES = [
  "sessionExpiryIntervalSeconds",
  "receiveMaximum",
  "maximumPacketSize",
  "topicAliasMaximum",
  "requestResponseInformation",
  "requestProblemInformation",
  "userProperties",
] as const;

/** The properties of CONNECT that the caller chooses. */
export type ConnectChoices = Defined<Pick<ClientOptions, (typeof CONNECT_PROPERTIES)[number]>>;

/** The options of a client, checked and complete. */
export interface ResolvedOptions {
  readonly address: ServerAddress;
  readonly clientId: string;
  readonly protocolVersion: ProtocolVersion;
  readonly cleanStart: boolean;
  readonly keepAliveSeconds: number;
  readonly userName?: string | undefined;
  readonly password?: PasswordSource | undefined;
  readonly will: Will | undefined;
  readonly connectChoices: ConnectChoices;
  readonly authentication?: AuthenticationOptions | undefined;
  readonly connectTimeoutMs: number;
  readonly reconnect: ResolvedReconnect | undefined;
  readonly machine: MachineOptions;
  readonly clock: Clock;
  readonly unclaimedMessagesMax: number;
  readonly resubscribeReasonCodes: readonly number[];
  readonly signal?: AbortSignal | undefined;
  readonly tls: TlsOptions;
  readonly webSocket: WebSocketOptions;
  readonly transport?: TransportFactory | undefined;
}

/** Largest value of setTimeout in every runtime. */
const TIMER_MS_MAX = 2_147_483_647;
const U16_MAX = 65_535;
const U32_MAX = 4_294_967_295;

/** Options that are integers, with their least and largest value. */
const INTEGERS = {
  protocolVersion: [3, 5],
  keepAliveSeconds: [0, U16_MAX],
  sessionExpiryIntervalSeconds: [0, U32_MAX],
  receiveMaximum: [1, U16_MAX],
  maximumPacketSize: [1, U32_MAX],
  topicAliasMaximum: [0, U16_MAX],
  outgoingTopicAliasMaximum: [0, U16_MAX],
  connectTimeoutMs: [1, TIMER_MS_MAX],
  pingrespTimeoutMs: [1, TIMER_MS_MAX],
  queuedMessagesMax: [0, Number.MAX_SAFE_INTEGER],
  queuedBytesMax: [0, Number.MAX_SAFE_INTEGER],
  unclaimedMessagesMax: [0, Number.MAX_SAFE_INTEGER],
} as const;

/** The defaults that are plain values. */
const DEFAULTS = {
  protocolVersion: 5,
  cleanStart: true,
  keepAliveSeconds: 60,
  outgoingTopicAliasMaximum: 16,
  connectTimeoutMs: 10_000,
  pingrespTimeoutMs: 10_000,
  reconnect: true,
  manualAcknowledge: false,
  strict: false,
  queuedMessagesMax: 100_000,
  queuedBytesMax: 67_108_864,
  clock: systemClock,
  unclaimedMessagesMax: 1_000,
  resubscribeReasonCodes: [0x80, 0x83, 0x97],
  tls: {},
  webSocket: {},
} as const satisfies ClientOptions;

/** Every option. */
const NAMES = [
  ...Object.keys(DEFAULTS),
  ...CONNECT_PROPERTIES,
  "clientId",
  "userName",
  "password",
  "will",
  "authentication",
  "signal",
  "transport",
];

/** What the caller gave, and the defaults for the rest. */
type GivenOptions = ClientOptions & {
  readonly [Name in keyof typeof DEFAULTS]: Exclude<ClientOptions[Name], undefined>;
};

const RECONNECT_DEFAULTS: ResolvedReconnect = {
  initialDelayMs: 1_000,
  maximumDelayMs: 30_000,
  maximumAttempts: Infinity,
  retryFirstConnect: false,
};

const RECONNECT_INTEGERS = {
  initialDelayMs: [0, TIMER_MS_MAX],
  maximumDelayMs: [0, TIMER_MS_MAX],
  maximumAttempts: [1, Number.MAX_SAFE_INTEGER],
} as const;

const WILL_INTEGERS = { ...MESSAGE_INTEGERS, willDelayIntervalSeconds: [0, U32_MAX] } as const;

const WILL_PROPERTIES = ["willDelayIntervalSeconds", ...MESSAGE_PROPERTIES] as const;

/**
 * Checks the options and fills in the defaults.
 * @throws MqttConfigurationError when they cannot be, or not in this version of MQTT
 */
export function resolveOptions(
  server: string | URL | ServerAddressOptions,
  options: ClientOptions,
): ResolvedOptions {
  requireKnown(options, NAMES);
  requireIntegers(options, INTEGERS);
  const { address, ...credentials } = parseServerAddress(server);
  const given: GivenOptions = { ...DEFAULTS, ...credentials, ...withoutUndefined(options) };
  const { protocolVersion, clientId = randomClientId(), will } = given;
  requireVersion5(given, [...CONNECT_PROPERTIES, "authentication"], protocolVersion);
  const resolved: ResolvedOptions = {
    ...given,
    address,
    clientId,
    will: will && resolveWill(will, protocolVersion),
    connectChoices: pick(given, CONNECT_PROPERTIES),
    reconnect: resolveReconnect(given.reconnect),
    machine: machineOptions(given),
  };
  requireVersionRules(resolved);
  return resolved;
}

function machineOptions({
  manualAcknowledge,
  strict: isStrict,
  outgoingTopicAliasMaximum: topicAliasesMax,
  pingrespTimeoutMs,
  queuedMessagesMax,
  queuedBytesMax,
}: GivenOptions): MachineOptions {
  const acknowledgeMode = manualAcknowledge ? "manual" : "automatic";
  return {
    acknowledgeMode,
    isStrict,
    topicAliasesMax,
    pingrespTimeoutMs,
    queuedMessagesMax,
    queuedBytesMax,
  };
}

function resolveReconnect(reconnect: boolean | ReconnectOptions): ResolvedReconnect | undefined {
  if (reconnect === false) return undefined;
  const options = reconnect === true ? {} : reconnect;
  requireKnown(options, Object.keys(RECONNECT_DEFAULTS));
  requireIntegers(options, RECONNECT_INTEGERS);
  return { ...RECONNECT_DEFAULTS, ...withoutUndefined(options) };
}

function resolveWill(will: WillOptions, version: ProtocolVersion): Will {
  if (typeof will.topic !== "string" || !isTopicName(will.topic)) {
    throw new MqttConfigurationError(`no Topic Name: ${will.topic}`);
  }
  requireIntegers(will, WILL_INTEGERS);
  requireVersion5(will, WILL_PROPERTIES, version);
  const { topic, payload, qos = 0, retain = false } = will;
  const properties = pick(will, WILL_PROPERTIES);
  return { topic, payload: payloadBytes(payload), qos, retain, properties };
}

/** [MQTT-3.1.2-22] [MQTT-3.1.3-8] */
function requireVersionRules(options: ResolvedOptions): void {
  const { protocolVersion, clientId, cleanStart } = options;
  if (protocolVersion === 5) return;
  if (options.password !== undefined && options.userName === undefined) {
    throw new MqttConfigurationError("password needs userName before MQTT 5.0");
  }
  if (clientId === "" && (protocolVersion === 3 || !cleanStart)) {
    throw new MqttConfigurationError('clientId "" needs MQTT 5.0, or 3.1.1 with cleanStart');
  }
}

/** 21 characters: MQTT 3.1 allows 23. */
function randomClientId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return `anax-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
