/** Sorts and checks the arguments of calls that may be made in more than one way, so that none is ignored. */
import { MqttConfigurationError } from "@anax/protocol";
import type { PublishMessage, SubscribeOptions } from "./options.ts";
import type { MessageHandler } from "./subscription.ts";
import { requireType } from "./validation.ts";

/**
 * Checks the one argument of `publish` that is a message.
 * @throws MqttConfigurationError when it is none, has no topic, or something follows it
 */
export function requireMessage(message: PublishMessage, ...others: unknown[]): void {
  requireType(message, "Object", "what is published, if not a topic,");
  requireType(message.topic, "string", "topic");
  requireNothing("publish", "the message", others);
}

/**
 * What follows the Topic Filters of `subscribe`: a handler, options, or both in this order.
 * @throws MqttConfigurationError when it is something else
 */
export function subscribeArguments(
  first: MessageHandler | SubscribeOptions | null | undefined,
  second: SubscribeOptions | null | undefined,
): { readonly handler: MessageHandler | undefined; readonly options: SubscribeOptions } {
  if (typeof first === "function") return { handler: first, options: second ?? {} };
  if ((first ?? undefined) === undefined) return { handler: undefined, options: second ?? {} };
  requireType(first, "Object", "what follows the Topic Filters, if not a handler,");
  requireNothing("subscribe", "the options", [second]);
  return { handler: undefined, options: first ?? {} };
}

/** @throws MqttConfigurationError when there is anything */
export function requireNothing(call: string, what: string, others: readonly unknown[]): void {
  if (others.every((other) => (other ?? undefined) === undefined)) return;
  throw new MqttConfigurationError(`${call} takes nothing behind ${what}`);
}
