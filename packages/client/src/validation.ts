/** Checks of options that are data: names, types and ranges, and what only MQTT 5.0 knows. */
import { MqttConfigurationError, optionFault, typeName } from "@anax/protocol";
import type { OptionRules, ProtocolVersion } from "@anax/protocol";

/** The properties that a message and a will have in common. */
export const MESSAGE_PROPERTIES = [
  "messageExpiryIntervalSeconds",
  "contentType",
  "responseTopic",
  "correlationData",
  "payloadFormatIndicator",
  "userProperties",
] as const;

/**
 * Checks names and values of options.
 * @param of what they belong to, if not to the client or the call itself
 * @throws MqttConfigurationError for the first that cannot be
 */
export function requireOptions(options: unknown, rules: OptionRules, of?: string): void {
  const fault = optionFault(options, rules, of);
  if (fault !== undefined) throw new MqttConfigurationError(fault);
}

/**
 * Checks an argument.
 * @param types as `optionFault` takes them
 * @throws MqttConfigurationError when it is of another type
 */
export function requireType(value: unknown, types: string, name: string): void {
  if (types.split("|").includes(typeName(value))) return;
  const wanted = types.replaceAll("|", " or ");
  throw new MqttConfigurationError(`${name} must be of type ${wanted}, not ${typeName(value)}`);
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
    if (version === 5 || (options[name] ?? undefined) === undefined) continue;
    throw new MqttConfigurationError(`${name} needs MQTT 5.0, not protocolVersion ${version}`);
  }
}
