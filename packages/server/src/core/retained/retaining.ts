import type { CoreContext } from "../core-context.ts";
import { applicationMessageOf } from "../publishing/message.ts";
import type { Message } from "../publishing/message.ts";
import { settled } from "../pending.ts";
import type { Task } from "../pending.ts";
import type { RetainedMessages, RetainedNode } from "./retained-messages.ts";

/**
 * Stores a message with RETAIN as the one of its topic [MQTT-3.3.1-5], or removes that if the payload is
 * empty [MQTT-3.3.1-6] [MQTT-3.3.1-7]. False if there is no room for one more topic.
 */
export function* retain(core: CoreContext, message: Message, clientId: string): Task<boolean> {
  if (message.payloadIsEmpty) {
    if (forget(core, message.topic))
      yield* changed(core, message.topic, { clientId, message: undefined });
    return true;
  }
  if (!hasRoom(core, message)) return false;
  // A message that has no time to live is expired as soon as it is stored.
  if (message.expiresAtMs <= core.now) return true;
  store(core, message);
  if (isStored(message.topic)) core.journal?.retained(message);
  yield* changed(core, message.topic, { clientId, message });
  return true;
}

/** Whether the retained message of a topic is stored. The server's own state of the moment means nothing after a restart. */
export function isStored(topic: string): boolean {
  return !topic.startsWith("$SYS/");
}

function hasRoom(core: CoreContext, message: Message): boolean {
  const { retained, options } = core;
  const replaced = retained.get(message.topic);
  const count = retained.count + (replaced === undefined ? 1 : 0);
  const bytes = retained.bytes + message.size - (replaced?.size ?? 0);
  return count <= options.retainedMessagesMax && bytes <= options.retainedBytesMax;
}

/** Stores a message whatever the limits and without telling anyone. */
export function store(core: CoreContext, published: Message): void {
  // What is kept and what is delivered are two messages to the journal, which may have to address both to one session.
  const message = core.journal === undefined ? published : published.clone();
  expireInTime(core, core.retained.set(message));
  count(core);
}

/** Puts in all that was retained before a restart; gives the topics whose messages have expired meanwhile. */
export function restore(core: CoreContext, retained: RetainedMessages): string[] {
  const expired: string[] = [];
  for (const node of retained.nodes()) {
    const { message } = node;
    if (message === undefined || message.expiresAtMs === Infinity) continue;
    if (message.expiresAtMs <= core.now) expired.push(message.topic);
    else expireInTime(core, node);
  }
  for (const topic of expired) retained.delete(topic);
  core.retained.adopt(retained);
  count(core);
  return expired;
}

function expireInTime(core: CoreContext, node: RetainedNode): void {
  const { message } = node;
  core.deadlines.cancel(node.expiry);
  node.expiry =
    message === undefined || message.expiresAtMs === Infinity
      ? undefined
      : core.deadlines.add(message.expiresAtMs, () => expire(core, message));
}

/** Removes the message of a topic; false if there was none. */
export function forget(core: CoreContext, topic: string): boolean {
  core.deadlines.cancel(core.retained.find(topic)?.expiry);
  const removed = core.retained.delete(topic);
  if (removed && isStored(topic)) core.journal?.cleared(topic);
  count(core);
  return removed;
}

function expire(core: CoreContext, message: Message): void {
  if (core.retained.get(message.topic) !== message) return;
  forget(core, message.topic);
  core.statistics.messagesExpired += 1;
  const args = { clientId: "", topic: message.topic, changedRetainedMessage: undefined };
  core.hooks.retainedMessageChanged?.(args);
}

function* changed(
  core: CoreContext,
  topic: string,
  { clientId, message }: { clientId: string; message: Message | undefined },
): Task {
  if (core.hooks.retainedMessageChanged === undefined) return;
  yield* settled(
    core.hooks.retainedMessageChanged({
      clientId,
      topic,
      changedRetainedMessage: message && applicationMessageOf(message),
    }),
  );
}

function count(core: CoreContext): void {
  core.statistics.retainedMessagesCurrent = core.retained.count;
  core.statistics.retainedBytesCurrent = core.retained.bytes;
}
