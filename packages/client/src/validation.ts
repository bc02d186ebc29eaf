/** Checks of options that are data: ranges, and what only MQTT 5.0 knows. */
import type { ProtocolVersion } from "@anax/protocol";
import { MqttConfigurationError } from "./core/errors.ts";

/** The properties that a message and a will have in common. */
export const MESSAGE_PROPERTIES = [
  "messageExpiryIntervalSeconds",
  "contentType",
  "responseTopic",
  "correlationData",
  "payloadFormatIndicator",
  "userProperties",
] as const;

/** Options of a message and a will that are integers, with their least and largest value. */
export const MESSAGE_INTEGERS = {
  qos: [0, 2],
  messageExpiryIntervalSeconds: [0, 4_294_967_295],
} as const;

/** Least and largest value of options that are integers. */
export type IntegerRanges<Name extends string> = Readonly<
  Record<Name, readonly [minimum: number, maximum: number]>
>;

/**
 * Checks integers.
 * @throws MqttConfigurationError for the first that is present and not in its range
 */
export function requireIntegers<Name extends string>(
  options: { readonly [Key in NoInfer<Name>]?: number | undefined },
  ranges: IntegerRanges<Name>,
): void {
  for (const name in ranges) {
    const [minimum, maximum] = ranges[name];
    const value = options[name];
    if (value === undefined) continue;
    if (!Number.isInteger(value) || value < minimum || value > maximum) {
      const range = `from ${minimum} to ${maximum}`;
      throw new MqttConfigurationError(`${name} ${String(value)} is not an integer ${range}`);
    }
  }
}

/**
 * Checks that no option is used that only MQTT 5.0 knows.
 * @throws MqttConfigurationError for the first that is present
 */
export function requireVersion5<Name extends string>(
  options: { readonly [Key in NoInfer<Name>]?: unknown },
  names: readonly Name[],
  version: ProtocolVersion,
): void {
  for (const name of names) {
    if (version === 5 || options[name] === undefined) continue;
    throw new MqttConfigurationError(`${name} needs MQTT 5.0, not protocolVersion ${version}`);
  }
}

/**
 * Checks that there is an option of each name that the caller wrote.
 * @throws MqttConfigurationError for the first that there is not; it lists those that there are
 */
export function requireKnown(options: object, known: readonly string[]): void {
  for (const name in options) {
    if (known.includes(name)) continue;
    throw new MqttConfigurationError(`there is no option "${name}", only ${known.join(" ")}`);
  }
}
