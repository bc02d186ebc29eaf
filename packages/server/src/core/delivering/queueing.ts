import type { DeliveringContext } from "./delivering-context.ts";
import { NONE } from "../journal/message-table.ts";
import { sizeOfRun } from "../journal/stored-run.ts";
import type { RunToStore } from "../message/run-to-store.ts";
import { hasExpired } from "../message/message.ts";
import type { Message } from "../message/message.ts";
import { PEER_CLIENT_ID } from "../routing/interest.ts";
import type { Session } from "../sessions/session.ts";
import type { Delivery, DeliveryOutcome, Owed } from "../owed/delivery.ts";
import { noteDropped } from "./dropping.ts";
import { mayPassLimit, noteFull } from "./making-room.ts";
import { owe, oweOfRun, payloadBytesOf, sizeOf, storeRun } from "../journal/owing.ts";
import { countQueued, isOverShare } from "../rates/queue-shares.ts";
import { traceSession } from "../tracing/telling.ts";
import { overwriteOldest } from "./taking-queued.ts";
import { mayQueue } from "./total.ts";
import { watchWindow } from "./window-watch.ts";

/** Puts a message into the session's queue; a full queue gives up its oldest, or refuses. */
export function enqueue(
  core: DeliveringContext,
  session: Session,
  delivery: Delivery,
): DeliveryOutcome {
  const { message } = delivery;
  if (isExpired(core, message, session)) return "dropped";
  const { size, payloadBytes, topic } = message;
  if (!makeRoom(core, session, size, topic)) return "dropped";
  append(core, session, owe(core, session, delivery, 0), size, payloadBytes);
  if (core.tracing.isOn) traceQueued(core, session, message);
  return "queued";
}

/**
 * Hot path: puts messages of a run that do not expire into the queue of a session that keeps numbers. No object is made of
 * one, and a run that is not taken is not written down.
 */
export function enqueueRun(
  core: DeliveringContext,
  session: Session,
  run: QueuedRun,
  part: Part,
): void {
  for (let index = part.from; index < part.to; index += 1) {
    const size = sizeOfRun(run, index);
    if (!makeRoom(core, session, size)) continue;
    storeRun(core, run);
    const owed = oweOfRun(core, session, run.slots[index] ?? NONE, part.qos);
    append(core, session, owed, size, run.payloadBytes(index, index + 1));
    if (core.tracing.isOn) traceQueued(core, session, run.message(index));
  }
}

/** Tells traces of a message that waits for a client now. */
function traceQueued(core: DeliveringContext, session: Session, message: Message): void {
  const { topic, payloadBytes } = message;
  traceSession(core, session, { type: "queued", topic, payloadBytes });
}

/** A run, of which traces are told message by message. */
type QueuedRun = RunToStore & { message(index: number): Message };

/** Messages of a run, and the QoS that one session gets them with. */
interface Part {
  readonly from: number;
  readonly to: number;
  readonly qos: 1 | 2;
}

/** Makes room for a message in the queue; false, and counted, if it is the one to be dropped. */
function makeRoom(
  core: DeliveringContext,
  session: Session,
  bytes: number,
  topic?: string,
): boolean {
  if (!mayQueue(core, session)) {
    noteDropped(core, session.clientId, "total", { topic });
    return false;
  }
  while (isFull(core, session, bytes)) {
    if (core.options.roomWaitMs > 0) noteFull(core, session);
    if (mayPassLimit(core, session)) return true;
    if (core.options.queueOverflow === "dropNewest") {
      noteDropped(core, session.clientId, "queue", { topic });
      return false;
    }
    overwriteOldest(core, session);
  }
  return true;
}

/** What is about to be queued is seen to in the next turn, if nothing but the end of this one has to be waited for. */
export function seeToLater(core: DeliveringContext, session: Session): void {
  if (session.connection?.waitsForTurn) core.continueLater(session);
  watchWindow(core, session);
}

/** Puts what is written down already at the end of the queue, whatever the limits. */
export function requeue(core: DeliveringContext, session: Session, owed: Owed): void {
  append(core, session, owed, sizeOf(core, owed), payloadBytesOf(core, owed));
}

function append(
  core: DeliveringContext,
  session: Session,
  owed: Owed,
  bytes: number,
  payloadBytes: number,
): void {
  session.enqueue(owed, bytes, payloadBytes);
  core.statistics.queuedMessagesCurrent += 1;
  core.statistics.queuedBytesCurrent += bytes;
  core.statistics.queuedPayloadBytesCurrent += payloadBytes;
  if (typeof owed !== "number") core.pool.hold(owed.message.shared);
  if (session.queueShares !== undefined) countQueued(session.queueShares, 1, bytes);
  if (isFull(core, session, 0)) noteFull(core, session);
}

/** True, and counted, if the message's time is over. `receiver`: whose it would have been. */
export function isExpired(core: DeliveringContext, message: Message, receiver?: Session): boolean {
  if (!hasExpired(message.expiresAtMs, core.now)) return false;
  core.statistics.messagesExpired += 1;
  if (core.tracing.isOn && receiver !== undefined) {
    const { topic } = message;
    traceSession(core, receiver, { type: "dropped", topic, reason: "expired", count: 1 });
  }
  return true;
}

function isFull(core: DeliveringContext, session: Session, bytes: number): boolean {
  const { queue } = session;
  // Another server drops nothing that it is owed.
  if (queue.length === 0 || session.clientId === PEER_CLIENT_ID) return false;
  return (
    queue.length >= core.options.queueMessagesMax ||
    queue.bytes + bytes > core.options.queueBytesMax ||
    (session.queueShares !== undefined && isOverShare(session.queueShares, bytes))
  );
}
