import type { DeliveringContext } from "./delivering-context.ts";
import { deliveryOf, letGo, payloadBytesOf, sizeOf } from "../journal/owing.ts";
import { shownMessageOf } from "../message/message.ts";
import type { Owed } from "../owed/delivery.ts";
import type { DropReason } from "../owed/delivery-notices.ts";
import { countQueued } from "../rates/queue-shares.ts";
import type { Session } from "../sessions/session.ts";
import { noteDropped } from "./dropping.ts";
import { noteTaken } from "./making-room.ts";
import { leaveShares } from "./sharing-queues.ts";

/** Takes the oldest out of the queue. In the journal it still is queued: `forgetQueued`, or it is sent. */
export function takeQueued(core: DeliveringContext, session: Session): Owed | undefined {
  const owed = session.queue.peek();
  if (owed === undefined) return undefined;
  const bytes = sizeOf(core, owed);
  const payloadBytes = payloadBytesOf(core, owed);
  session.queue.shift(bytes, payloadBytes);
  core.statistics.queuedMessagesCurrent -= 1;
  core.statistics.queuedBytesCurrent -= bytes;
  core.statistics.queuedPayloadBytesCurrent -= payloadBytes;
  if (typeof owed !== "number") core.pool.release(owed.message.shared);
  if (session.queueShares !== undefined) countQueued(session.queueShares, -1, -bytes);
  if (core.rooms.size > 0) noteTaken(core, session);
  return owed;
}

/** Writes down that a message that was queued will not be sent. */
export function forgetQueued(core: DeliveringContext, session: Session, owed: Owed): void {
  if (typeof owed !== "number") owed.watch?.({ type: "dropped" });
  if (session.isDurable) core.journal?.dropped(session, owed);
  else letGo(core, owed);
}

/** Lets go of the whole queue without a word to anybody. */
export function abandonQueue(core: DeliveringContext, session: Session): void {
  core.statistics.queuedMessagesCurrent -= session.queue.length;
  core.statistics.queuedBytesCurrent -= session.queue.bytes;
  core.statistics.queuedPayloadBytesCurrent -= session.queue.payloadBytes;
  leaveShares(core, session);
  for (const owed of session.queue)
    if (typeof owed !== "number") core.pool.release(owed.message.shared);
  session.queue.clear();
}

/** Drops the oldest of the queue, which makes room. */
export function overwriteOldest(
  core: DeliveringContext,
  session: Session,
  reason: DropReason = "queue",
): void {
  const oldest = takeQueued(core, session);
  noteDropped(core, session.clientId, reason);
  if (oldest === undefined) return;
  const told = core.hooks.queuedApplicationMessageOverwritten;
  const shown = told && shownMessageOf(deliveryOf(core, session, oldest).message);
  forgetQueued(core, session, oldest);
  if (shown === undefined) return;
  const event = { receiverClientId: session.clientId, applicationMessage: shown };
  core.works.note("a message that made room", session, told?.(event));
}
