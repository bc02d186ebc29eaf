import type { RetainedContext } from "./retained-context.ts";
import type { EventSource } from "../hooks/hook-event.ts";
import { expiryIn } from "../journal/message-record.ts";
import { plainSize } from "../journal/stored-message.ts";
import type { PlainMessage } from "../journal/stored-message.ts";
import { hasExpired, shownMessageOf } from "../message/message.ts";
import type { Message } from "../message/message.ts";
import type { HookResult } from "../pending.ts";
import { hasBytesAt } from "../same-bytes.ts";
import type { KeptLimit, RetainedOwner } from "../rates/kept-limits.ts";
import type { RetainedMessages } from "./retained-messages.ts";
import { NONE } from "./topic-nodes.ts";
import { THE_SERVER } from "../works/works.ts";

/** This often it is said that something is not retained: who fills the store does not stop. */
const WARNING_INTERVAL_MS = 60_000;

/** Who has a message retained. */
export interface Retaining {
  readonly clientId: string;
  /** Whose share it counts for; undefined for the program itself, which has no limit of its own. */
  readonly owner: RetainedOwner | undefined;
}

/**
 * What became of the retained message of a topic: `repeated` if it was the same before, `noRoom` for one more topic, or in the share
 * of the publisher.
 */
export type RetainedChange = "set" | "repeated" | "removed" | "unchanged" | "noRoom";

/**
 * Stores a message with RETAIN as the one of its topic [MQTT-3.3.1-5], or removes that if the payload is
 * empty [MQTT-3.3.1-6] [MQTT-3.3.1-7]. Tells no handler: `tellOfChange` is for that.
 */
export function retain(
  core: RetainedContext,
  message: Message,
  owner: RetainedOwner | undefined,
): RetainedChange {
  if (message.payloadIsEmpty) return forget(core, message.topic) ? "removed" : "unchanged";
  if (excess(core, core.retained.findFor(message), message.size, owner) !== undefined)
    return "noRoom";
  // A message that has no time to live is expired as soon as it is stored.
  if (hasExpired(message.expiresAtMs, core.now)) return "unchanged";
  const isTold = core.hooks.retainedMessageChanged !== undefined;
  const replaced = isTold ? core.retained.get(message.topic) : undefined;
  store(core, message, owner);
  if (isStored(message.topic)) core.journal?.retained(message);
  return replaced !== undefined && isSame(replaced, message) ? "repeated" : "set";
}

/** Whether a subscriber could not tell one from the other, now or later. */
function isSame(one: Message, other: Message): boolean {
  return (
    one.qos === other.qos &&
    one.expiresAtMs === other.expiresAtMs &&
    one.size === other.size &&
    hasBytesAt(one.bytes, other.bytes, 0)
  );
}

/** Whether the retained message of a topic is kept, here or by the program. The server's own state of the moment means nothing after a restart. */
export function isStored(topic: string): boolean {
  return !topic.startsWith("$SYS/");
}

/**
 * Stores a message that never expires and that nobody hears of. False, and nothing done, if there is no room for one
 * more topic.
 */
export function storePlain(
  core: RetainedContext,
  message: PlainMessage,
  owner: RetainedOwner | undefined,
): boolean {
  const { retained } = core;
  const replaced = retained.findIn(message.bytes, message.topicAt, message.topicEnd);
  const size = plainSize(message);
  if (excess(core, replaced, size, owner) !== undefined) return false;
  const row = retained.setPlain(message);
  retained.shares.set(row, owner, size);
  expireInTime(core, row, Infinity);
  count(core);
  return true;
}

/** The limit that a message of so many bytes would exceed, in place of that of a row, if there is one. */
function excess(
  { retained, options }: RetainedContext,
  replaced: number,
  size: number,
  owner: RetainedOwner | undefined,
): KeptLimit | undefined {
  const { retainedMessagesMax: messagesMax, retainedBytesMax: bytesMax } = options;
  const replacedSize = replaced === NONE ? 0 : retained.size(replaced);
  const count = retained.count + (replaced === NONE ? 1 : 0);
  const bytes = retained.bytes + size - replacedSize;
  if (count > messagesMax || bytes > bytesMax) return { key: "all clients", messagesMax, bytesMax };
  if (owner === undefined) return undefined;
  return retained.shares.excess(owner, { row: replaced, bytes: replacedSize }, size);
}

/** Why a message is not retained, for people. */
export function excessInWords(
  core: RetainedContext,
  message: Message,
  owner: RetainedOwner | undefined,
): string {
  const limit = excess(core, core.retained.findFor(message), message.size, owner);
  if (limit === undefined) return "there is no room for it";
  const { key, messagesMax, bytesMax } = limit;
  const most = [
    ...(messagesMax === Infinity ? [] : [`${Math.floor(messagesMax)} messages`]),
    ...(bytesMax === Infinity ? [] : [`${Math.floor(bytesMax)} bytes`]),
  ];
  return `${key} may have ${most.join(" and ")}`;
}

/** Stores a message whatever the limits and without telling anyone. */
export function store(core: RetainedContext, message: Message, owner?: RetainedOwner): void {
  const row = core.retained.set(message);
  core.retained.shares.set(row, owner, message.size);
  expireInTime(core, row, message.expiresAtMs);
  count(core);
}

/** Puts in all that was retained before a restart; gives the topics whose messages have expired meanwhile. */
export function restore(core: RetainedContext, stored: RetainedMessages): string[] {
  const { retained } = core;
  retained.adopt(stored);
  const expired: string[] = [];
  for (const row of retained.rows()) {
    const expiresAtMs = expiryIn(retained.recordArray(row), retained.recordAt(row));
    if (!hasExpired(expiresAtMs, core.now)) {
      expireInTime(core, row, expiresAtMs);
      continue;
    }
    expired.push(retained.message(row).topic);
    retained.remove(row);
  }
  count(core);
  return expired;
}

function expireInTime(core: RetainedContext, row: number, expiresAtMs: number): void {
  const { expiries } = core.retained;
  const before = expiries.get(row);
  if (before !== undefined) {
    core.deadlines.cancel(before);
    expiries.delete(row);
  }
  if (expiresAtMs === Infinity) return;
  const change = core.retained.changed(row);
  const deadline = core.deadlines.add(expiresAtMs, () => expire(core, row, change));
  expiries.set(row, deadline);
}

/**
 * A message could not be retained. What its topic had is no longer true, and goes [MQTT-3.3.1-5]; whoever runs the server is told.
 */
export function renounce(
  core: RetainedContext,
  { topic }: Message,
  { clientId, owner }: Retaining,
  reason: string,
): RetainedChange {
  const { retained, statistics } = core;
  statistics.messagesNotRetained += 1;
  if (core.now >= retained.warnAgainAtMs) {
    retained.warnAgainAtMs = core.now + WARNING_INTERVAL_MS;
    const { count: messages, bytes } = retained;
    core.warn(
      "messages are delivered but not retained: no room, or the publisher's share is used up",
      {
        clientId,
        owner: owner?.name.replaceAll("\n", ", "),
        reason,
        messages,
        bytes,
      },
    );
  }
  return forget(core, topic) ? "removed" : "unchanged";
}

/** Removes the message of a topic; false if there was none. */
export function forget(core: RetainedContext, topic: string): boolean {
  const row = core.retained.find(topic);
  if (row === NONE) return false;
  forgetRow(core, row, topic);
  return true;
}

function forgetRow(core: RetainedContext, row: number, topic: string): void {
  expireInTime(core, row, Infinity);
  core.retained.remove(row);
  if (isStored(topic)) core.journal?.cleared(topic);
  count(core);
}

function expire(core: RetainedContext, row: number, change: number): void {
  // All may have been cleared since, and the row used again.
  if (core.retained.changed(row) !== change) return;
  const { topic } = core.retained.message(row);
  forgetRow(core, row, topic);
  core.statistics.messagesExpired += 1;
  const pending = tellOfChange(core, topic, { clientId: "" });
  core.works.note("a retained message that has expired", THE_SERVER, pending);
}

/** What `retainedMessageChanged` tells of a topic. */
interface Change {
  readonly clientId: string;
  /** Connection of the publisher. */
  readonly source?: EventSource | undefined;
  /** Absent if the topic has none any more. */
  readonly message?: Message;
  readonly isChanged?: boolean;
}

/** Tells the program what is retained for a topic now; nothing, if no message is given. */
export function tellOfChange(
  core: RetainedContext,
  topic: string,
  { clientId, source, message, isChanged = true }: Change,
): HookResult {
  if (core.hooks.retainedMessageChanged === undefined || !isStored(topic)) return undefined;
  const changedRetainedMessage = message && shownMessageOf(message);
  const event = { clientId, topic, changedRetainedMessage, isChanged };
  return core.hooks.retainedMessageChanged(event, source);
}

/** Tells the program what `retain` or `renounce` has changed. */
export function tellOfRetained(
  core: RetainedContext,
  message: Message,
  { clientId, source }: Pick<Change, "clientId" | "source">,
  change: RetainedChange,
): HookResult {
  if (change === "removed") return tellOfChange(core, message.topic, { clientId, source });
  if (change !== "set" && change !== "repeated") return undefined;
  const isChanged = change === "set";
  return tellOfChange(core, message.topic, { clientId, source, message, isChanged });
}

function count(core: RetainedContext): void {
  core.statistics.retainedMessagesCurrent = core.retained.count;
  core.statistics.retainedBytesCurrent = core.retained.bytes;
  core.statistics.retainedPayloadBytesCurrent = core.retained.payloadBytes;
}
