/** The hot path of publishing, its first step: whether there is anything in the options that has to be looked at. */
import type { QoS } from "@anax/protocol";

/**
 * Whether there is nothing but a legal QoS and RETAIN. It asks for each name that is there, not for those that might be:
 * so one that is misspelt is not plain either, and it takes a few nanoseconds whatever shapes the caller's objects have.
 * @param isMessage whether the options are those of a message with topic and payload
 */
export function isPlainPublish(
  options: { readonly qos?: QoS | undefined; readonly retain?: boolean | undefined },
  isMessage: boolean,
): boolean {
  for (const name in options) {
    if (name === "qos" || name === "retain") continue;
    if (isMessage && (name === "topic" || name === "payload")) continue;
    return false;
  }
  const { qos, retain } = options;
  return (
    (qos === undefined || qos === 0 || qos === 1 || qos === 2) &&
    (retain === undefined || typeof retain === "boolean")
  );
}
