import type { ApplicationMessage } from "../message/application-message.ts";
import type { SubscribingContext } from "../subscribing/subscribing-context.ts";
import { applicationMessageOf, hasExpired, messageFromApplication } from "../message/message.ts";
import { settled } from "../pending.ts";
import type { Task } from "../pending.ts";
import { RetainedCursor } from "../retained/retained-cursor.ts";
import { forget, retain, tellOfChange, tellOfRetained } from "../retained/retaining.ts";
import { NONE } from "../retained/topic-nodes.ts";

/** Topics that one step of clearing visits: about a millisecond. */
const STEPS_AT_ONCE = 4_096;

/** The retained message of a topic; undefined if there is none. */
export function retainedMessage(
  core: SubscribingContext,
  topic: string,
): ApplicationMessage | undefined {
  const message = core.retained.get(topic);
  return message === undefined || hasExpired(message.expiresAtMs, core.now)
    ? undefined
    : applicationMessageOf(message);
}

/** The retained messages that match a filter, in steps; undefined for a step that found none. */
export function* retainedMatching(
  core: SubscribingContext,
  topicFilter: string,
): Generator<ApplicationMessage | undefined, void, undefined> {
  const cursor = new RetainedCursor(core.retained, topicFilter);
  while (!cursor.isDone) {
    const row = cursor.step();
    const message = row === NONE ? undefined : core.retained.message(row);
    const isAlive = message !== undefined && !hasExpired(message.expiresAtMs, core.now);
    yield isAlive ? applicationMessageOf(message) : undefined;
  }
}

/** Sets the retained message of a topic, or removes it where the payload is empty; subscribers are sent nothing. False if there is no room. */
export function* setRetained(core: SubscribingContext, given: ApplicationMessage): Task<boolean> {
  const message = messageFromApplication({ ...given, retain: true }, "", core.now);
  const change = retain(core, message, undefined);
  yield* settled(tellOfRetained(core, message, { clientId: "" }, change));
  return change !== "noRoom";
}

/** Removes the retained message of a topic; false if there was none. */
export function* deleteRetained(core: SubscribingContext, topic: string): Task<boolean> {
  if (!forget(core, topic)) return false;
  yield* settled(tellOfChange(core, topic, { clientId: "" }));
  return true;
}

/** A part of clearing: removes what the cursor meets next; gives how many messages that were. */
export function clearRetained(core: SubscribingContext, cursor: RetainedCursor): number {
  let removed = 0;
  for (let step = 0; step < STEPS_AT_ONCE && !cursor.isDone; step += 1) {
    const row = cursor.step();
    if (row !== NONE && forget(core, core.retained.message(row).topic)) removed += 1;
  }
  return removed;
}

/** Walks that together meet every retained message but those of `$SYS`, which the server would only publish again. */
export function everyRetained(core: SubscribingContext): RetainedCursor[] {
  const ownTopics = Array.from(core.retained.tree.systemLevels())
    .filter((level) => level !== "$SYS")
    .map((level) => `${level}/#`);
  return ["#", ...ownTopics].map((topicFilter) => new RetainedCursor(core.retained, topicFilter));
}
