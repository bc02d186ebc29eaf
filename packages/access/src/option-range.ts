import { MqttConfigurationError } from "@anax/protocol";

/** Gives the value. Throws `MqttConfigurationError` for one that is no number in the range. */
export function requireRange(
  name: string,
  value: number,
  minimum: number,
  maximum: number,
): number {
  if (typeof value === "number" && value >= minimum && value <= maximum) return value;
  throw new MqttConfigurationError(
    `${name} is ${JSON.stringify(value)}, not from ${minimum} to ${maximum}`,
  );
}
