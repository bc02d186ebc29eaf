import { MqttConfigurationError, showValue } from "@anax/protocol";

/** A time, as MQTTnet's `TimeSpan`: a number is seconds. */
export type Duration = number | { readonly seconds: number } | { readonly milliseconds: number };

/** The time in milliseconds. */
export function millisecondsOf(duration: Duration): number {
  const seconds = secondsOf(duration);
  // As it was given: a part of a second is not exact in seconds.
  const isExact = typeof duration === "object" && "milliseconds" in duration;
  return isExact ? duration.milliseconds : 1_000 * seconds;
}

/** The time in seconds; a part of a second stays, and is refused where only whole seconds are taken. */
export function secondsOf(duration: Duration): number {
  requireDuration(duration);
  if (typeof duration !== "object") return duration;
  return "milliseconds" in duration ? duration.milliseconds / 1_000 : duration.seconds;
}

function requireDuration(value: unknown): void {
  if (typeof value === "number") return;
  if (
    typeof value === "object" &&
    value !== null &&
    ("seconds" in value || "milliseconds" in value)
  )
    return;
  throw new MqttConfigurationError(
    `a time must be a number of seconds, { seconds } or { milliseconds }, not ${showValue(value)}`,
  );
}
