/** Checks the options of a client once and fills in the defaults, so that nothing else has to. */
import { PLATFORM_DECIDES, PROXY_PROTOCOLS } from "#transport";
import { MqttConfigurationError, isTopicName, showValue } from "@anax/protocol";
import type { ProtocolVersion, Will } from "@anax/protocol";
import type { AuthenticationOptions } from "./authentication/authentication.ts";
import { checkedClock, systemClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import type { BackOffOptions } from "./core/back-off.ts";
import type { MachineOptions } from "./core/client-machine.ts";
import { connectPacket } from "./connect-packet.ts";
import { Output } from "./core/output.ts";
import { pick, withoutUndefined } from "./core/without-undefined.ts";
import type { Defined } from "./core/without-undefined.ts";
import { CLIENT_RULES, RECONNECT_RULES } from "./option-rules.ts";
import type { ClientOptions, PasswordSource, ReconnectOptions, WillOptions } from "./options.ts";
import { requireLogger } from "./logger.ts";
import type { Logger } from "./logger.ts";
import { payloadBytes } from "./payload.ts";
import { parseServerAddress } from "./parse-server-address.ts";
import { describeAddress, hasTls, hasWebSocket } from "./server-address.ts";
import type { ServerAddress, ServerAddressOptions } from "./server-address.ts";
import type {
  SocketOptions,
  TlsOptions,
  TransportFactory,
  WebSocketOptions,
} from "./transports/transport.ts";
import { MESSAGE_PROPERTIES, requireOptions, requireVersion5 } from "./validation.ts";

/** How to come back; never when undefined. */
export interface ResolvedReconnect extends BackOffOptions {
  readonly attemptsMax: number;
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

/** Options that MQTT 3.1 and 3.1.1 have nothing for. */
const VERSION_5_OPTIONS = [
  ...CONNECT_PROPERTIES,
  "authentication",
  "outgoingTopicAliasMaximum",
] as const;

/** The properties of CONNECT that the caller chooses. */
export type ConnectChoices = Defined<Pick<ClientOptions, (typeof CONNECT_PROPERTIES)[number]>>;

/** The options of a client, checked and complete. */
export interface ResolvedOptions extends SocketOptions {
  readonly address: ServerAddress;
  readonly clientId: string;
  readonly protocolVersion: ProtocolVersion;
  readonly cleanStart: boolean;
  readonly keepAliveSeconds: number;
  readonly userName?: ClientOptions["userName"];
  readonly password?: PasswordSource | undefined;
  readonly will: Will | undefined;
  readonly connectChoices: ConnectChoices;
  readonly authentication?: AuthenticationOptions | undefined;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs?: number | undefined;
  readonly reconnect: ResolvedReconnect | undefined;
  readonly machine: MachineOptions;
  readonly clock: Clock;
  readonly unclaimedMessagesMax: number;
  readonly resubscribeReasonCodes: readonly number[];
  readonly signal?: AbortSignal | undefined;
  readonly logger?: Logger | undefined;
  readonly tls: TlsOptions;
  readonly webSocket: WebSocketOptions;
  readonly transport?: TransportFactory | undefined;
}

const SOCKET_OPTIONS = ["addressFamily", "localAddress", "proxy"] as const;

/** The defaults that are plain values. */
const DEFAULTS = {
  protocolVersion: 5,
  cleanStart: true,
  keepAliveSeconds: 60,
  outgoingTopicAliasMaximum: 16,
  connectTimeoutMs: 30_000, // by links with seconds each way too: TLS and WebSocket take three round trips
  pingrespTimeoutMs: 10_000,
  reconnect: true,
  manualAcknowledge: false,
  strict: false,
  queueMessagesMax: 100_000,
  queueBytesMax: 67_108_864,
  clock: systemClock,
  unclaimedMessagesMax: 1_000,
  resubscribeReasonCodes: [0x80, 0x83, 0x97],
  tls: {},
  webSocket: {},
} as const satisfies ClientOptions;

/** What the caller gave, and the defaults for the rest. */
type GivenOptions = ClientOptions & {
  readonly [Name in keyof typeof DEFAULTS]: Exclude<ClientOptions[Name], undefined>;
};

const RECONNECT_DEFAULTS: ResolvedReconnect = {
  initialDelayMs: 1_000,
  delayMaxMs: 30_000,
  attemptsMax: Infinity,
  retryFirstConnect: false,
};

const WILL_PROPERTIES = ["willDelayIntervalSeconds", ...MESSAGE_PROPERTIES] as const;

/**
 * Checks the options and fills in the defaults.
 * @throws MqttConfigurationError when they cannot be, would have no effect, or not in this version of MQTT
 */
export function resolveOptions(
  server: string | URL | ServerAddressOptions,
  options: ClientOptions,
): ResolvedOptions {
  requireOptions(options, CLIENT_RULES);
  const { address, ...credentials } = parseServerAddress(server);
  const given: GivenOptions = { ...DEFAULTS, ...credentials, ...withoutUndefined(options) };
  const { protocolVersion, clientId = randomClientId(), will } = given;
  requireVersion5(options, VERSION_5_OPTIONS, protocolVersion);
  requireTransportOptions(options, address);
  requireAuthentication(given.authentication);
  const { clock, logger } = given;
  if (logger) requireLogger(logger);
  const resolved: ResolvedOptions = {
    ...given,
    clock: checkedClock(clock),
    address,
    clientId,
    will: will && resolveWill(will, protocolVersion),
    connectChoices: pick(given, CONNECT_PROPERTIES),
    reconnect: resolveReconnect(given.reconnect),
    machine: machineOptions(given),
  };
  requireVersionRules(resolved);
  requireEncodable(resolved);
  return resolved;
}

function machineOptions({
  manualAcknowledge,
  strict: isStrict,
  outgoingTopicAliasMaximum: topicAliasesMax,
  pingrespTimeoutMs,
  queueMessagesMax,
  queueBytesMax,
}: GivenOptions): MachineOptions {
  const acknowledgeMode = manualAcknowledge ? "manual" : "automatic";
  return {
    acknowledgeMode,
    isStrict,
    topicAliasesMax,
    pingrespTimeoutMs,
    queueMessagesMax,
    queueBytesMax,
  };
}

function resolveReconnect(reconnect: boolean | ReconnectOptions): ResolvedReconnect | undefined {
  if (reconnect === false) return undefined;
  const options = reconnect === true ? {} : reconnect;
  requireOptions(options, RECONNECT_RULES, "reconnect");
  return { ...RECONNECT_DEFAULTS, ...withoutUndefined(options) };
}

function resolveWill(will: WillOptions, version: ProtocolVersion): Will {
  const { topic, payload, qos, retain } = will;
  if (typeof topic !== "string" || !isTopicName(topic)) {
    throw new MqttConfigurationError(`will.topic ${showValue(topic)} is no Topic Name`);
  }
  requireVersion5(will, WILL_PROPERTIES, version);
  const properties = pick(will, WILL_PROPERTIES);
  return {
    topic,
    payload: payloadBytes(payload),
    qos: qos ?? 0,
    retain: retain ?? false,
    properties,
  };
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

/** What the application asks of a connection must be had by one of this address: TLS above all. */
function requireTransportOptions(options: ClientOptions, address: ServerAddress): void {
  const { tls, webSocket } = options;
  if (tls && !hasTls(address.protocol)) {
    refuse(`tls is given, but ${describeAddress(address)} is without TLS: say mqtts or wss`);
  }
  if (webSocket && !hasWebSocket(address.protocol)) {
    refuse(`webSocket is given, but ${describeAddress(address)} is no WebSocket`);
  }
  if (address.protocol === "unix") requireNoAddress(options);
  if (PLATFORM_DECIDES && !options.transport) refuseWhatPlatformDecides(options);
  else if (options.proxy) requireProxy(options.proxy, address);
  const { cert, key, pfx, passphrase } = tls ?? {};
  if (!cert !== !key) refuse("tls.cert and tls.key belong together");
  if (passphrase && !key && !pfx) refuse("tls.passphrase needs tls.key or tls.pfx");
}

/** What has no effect on a file. */
function requireNoAddress({ addressFamily, localAddress }: ClientOptions): void {
  if (addressFamily) refuse("addressFamily is given, but a Unix socket has no address");
  if (localAddress) refuse("localAddress is given, but a Unix socket has no address");
}

function refuseWhatPlatformDecides(options: ClientOptions): void {
  if (options.webSocket?.headers) {
    refuse("webSocket.headers is given, but here a WebSocket has none");
  }
  for (const name of [...SOCKET_OPTIONS, "tls"] as const) {
    if (options[name]) refuse(`${name} is given, but here the platform decides about it`);
  }
}

function requireProxy(proxy: string | URL, address: ServerAddress): void {
  if (address.protocol === "unix") refuse("proxy is given, but a Unix socket has none");
  const url = URL.canParse(proxy) ? new URL(proxy) : undefined;
  if (url?.hostname && PROXY_PROTOCOLS.includes(url.protocol)) return;
  // Without the text, which may have a password.
  refuse(`proxy must be a URL of ${PROXY_PROTOCOLS.join(" ")}`);
}

function requireAuthentication(authentication: AuthenticationOptions | undefined): void {
  if (authentication === undefined) return;
  const { method, handler }: Partial<AuthenticationOptions> = authentication;
  if (!method || !handler) refuse("authentication needs method and handler");
}

/** What cannot be encoded is found now, not at each attempt to connect. */
function requireEncodable(options: ResolvedOptions): void {
  const { clientId, cleanStart, password: source, protocolVersion } = options;
  const password = typeof source === "function" || !source ? undefined : payloadBytes(source);
  const userName = typeof options.userName === "function" ? "" : options.userName;
  const attempt = { clientId, cleanStart, userName, password, authenticationData: undefined };
  const output = new Output();
  output.version = protocolVersion;
  output.send(connectPacket(options, attempt));
}

function refuse(message: string): never {
  throw new MqttConfigurationError(message);
}

/** 21 characters: MQTT 3.1 allows 23. It need not be a secret, so what React Native has will do as well. */
function randomClientId(): string {
  const bytes =
    globalThis.crypto?.getRandomValues(new Uint8Array(8)) ??
    Uint8Array.from({ length: 8 }, () => Math.random() * 256);
  return `anax-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
