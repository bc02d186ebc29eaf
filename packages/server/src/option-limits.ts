import { MqttConfigurationError } from "@anax/protocol";
import type { CoreOptions } from "./core/core-options.ts";
import type { DriverSettings } from "./options.ts";

type Settings = CoreOptions & DriverSettings;

/** Names of the options that are numbers. */
type NumberName = {
  [Name in keyof Settings]: Settings[Name] extends number ? Name : never;
}[keyof Settings];

const U16_MAX = 0xffff;
const U32_MAX = 0xffffffff;
/** Longest time that a timer takes. */
export const LONGEST_TIMER_MS = 0x7fffffff;
/** Fixed header and the largest Remaining Length. */
const PACKET_SIZE_MAX = 268_435_460;
/** A string has a length of two bytes, and each level but the last costs a byte for its slash. */
const LEVELS_MAX = 65_536;
const COUNT_MAX = Number.MAX_SAFE_INTEGER;

/** Lowest and highest value of each option that is a number. All are whole. */
const LIMITS: { readonly [Name in NumberName]: readonly [minimum: number, maximum: number] } = {
  connectTimeoutMs: [1, LONGEST_TIMER_MS],
  maximumPacketSize: [16, PACKET_SIZE_MAX],
  connectSizeMax: [16, PACKET_SIZE_MAX],
  receiveMaximum: [1, U16_MAX],
  inFlightDefault: [1, U16_MAX],
  inFlightBytesMax: [1, COUNT_MAX],
  inFlightBytesTotalMax: [1, COUNT_MAX],
  unfinishedConnectBytesMax: [1, COUNT_MAX],
  inFlightMax: [1, U16_MAX],
  queueMessagesMax: [0, COUNT_MAX],
  queueBytesMax: [0, COUNT_MAX],
  roomWaitMs: [0, LONGEST_TIMER_MS],
  holdBackMs: [0, LONGEST_TIMER_MS],
  roomWaitMessagesMax: [0, COUNT_MAX],
  roomWaitBytesMax: [0, COUNT_MAX],
  backlogBytesMax: [0, COUNT_MAX],
  backlogMessagesMax: [0, COUNT_MAX],
  backlogTotalBytesMax: [0, COUNT_MAX],
  unstoredBytesMax: [0, COUNT_MAX],
  topicLevelsMax: [1, LEVELS_MAX],
  subscriptionsPerSessionMax: [0, COUNT_MAX],
  userPropertiesMax: [0, COUNT_MAX],
  userPropertyBytesMax: [0, COUNT_MAX],
  sessionsMax: [1, COUNT_MAX],
  retainedMessagesMax: [0, COUNT_MAX],
  retainedBytesMax: [0, COUNT_MAX],
  retainedSharePercent: [1, 100],
  sessionExpiryMaxSeconds: [0, U32_MAX],
  anonymousSessionExpiryMaxSeconds: [0, U32_MAX],
  topicAliasMaximum: [0, U16_MAX],
  outgoingTopicAliasMaximum: [0, U16_MAX],
  maximumQos: [0, 2],
  keepAliveMaxSeconds: [0, U16_MAX],
  clientIdBytesMax: [0, U16_MAX],
  handlerTimeoutMs: [1, LONGEST_TIMER_MS],
  startTimeoutMs: [1, LONGEST_TIMER_MS],
  connectionsMax: [1, COUNT_MAX],
  checkpointBytes: [1, COUNT_MAX],
  checkpointIntervalMs: [1, LONGEST_TIMER_MS],
  residentBytesMax: [0, COUNT_MAX],
};

/** Throws `MqttConfigurationError` for a number that is outside its limits. */
export function checkNumbers(settings: Settings): void {
  for (const [name, value] of Object.entries(settings)) {
    if (!isNumberName(name)) continue;
    const [minimum, maximum] = LIMITS[name];
    if (Number.isInteger(value) && value >= minimum && value <= maximum) continue;
    const text = `${name} is ${String(value)}; it must be a whole number from ${minimum} to ${maximum}`;
    throw new MqttConfigurationError(text);
  }
}

/** Options of a server that are numbers, as they are in force. Each is explained with the options. */
export type ServerLimits = Readonly<Record<NumberName, number>>;

/** Those of `settings`. */
export function limitsOf(settings: Settings): ServerLimits {
  const names = Object.keys(LIMITS).filter(isNumberName);
  const limits = Object.fromEntries(names.map((name) => [name, settings[name]]));
  return Object.freeze(limits as Record<NumberName, number>);
}

function isNumberName(name: string): name is NumberName {
  return Object.hasOwn(LIMITS, name);
}
