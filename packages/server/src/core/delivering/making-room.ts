import { lowerQos } from "../connection/connection.ts";
import { takesAcknowledgements } from "../connection/passing.ts";
import type { DeliveringContext } from "./delivering-context.ts";
import type { QoS } from "@anax/protocol";
import type { Pending, Task } from "../pending.ts";
import { findRoute } from "../routing/finding-route.ts";
import type { Route } from "../routing/route.ts";
import type { Session } from "../sessions/session.ts";
import { areHalfEmpty } from "../rates/queue-shares.ts";
import { RUN_PACKETS_MAX } from "../message/publish-run.ts";
import { STEPS } from "../turn/turn.ts";
import { heldBytes } from "./dropping.ts";
import { HOLD_BACK_WINDOW_MS, Room } from "./rooms.ts";
import type { Waiter } from "./rooms.ts";

/*
 * Back-pressure before loss. While a client is connected and reads, a message of QoS 1 or 2 is not dropped because its queue is
 * full: the message waits before anything of it is stored, and with it its publisher's acknowledgement, first in first out.
 * Nothing is reserved: when the queue is half empty those that wait look again.
 *
 * So that no circle of clients can stop anything, no message waits for a client of which the server reads no acknowledgements, nor
 * for its own publisher; and a receiver holds others back for `holdBackMs` at most in any ten seconds, the time not counted in which
 * it turns its queue over once a second. Then it is slow, and its queue overflows as that of a client that is away.
 */

/** Bytes by which a queue may pass its limit: those of a run, which looks for room once. */
const RUN_BYTES = 131_072;

/** Which has waited for several receivers, one after the other, waits for so many times `roomWaitMs`: a Will. */
const WILL_WAITS = 12;

/** Of the time that the server itself is late, hardly any counts: a receiver does not hold others back then. */
function timeOf({ now, punctual }: DeliveringContext): number {
  return now - punctual.lateMs;
}

/** True if a message may wait for the session: its client is there, and the server takes what it acknowledges, whatever of it waits. */
function isReading(core: DeliveringContext, { connection, messageReceiver }: Session): boolean {
  if (connection === undefined || messageReceiver !== undefined) return false;
  const { intake, output } = connection;
  if (!connection.isAwaited || output.isHeld || intake.isThrottled) return false;
  return takesAcknowledgements(connection) && !core.heldBack.has(connection);
}

/** A queue has reached its limit: from now on what is for it waits. */
export function noteFull(core: DeliveringContext, session: Session): void {
  const { rooms, options } = core;
  if (options.roomWaitMs === 0 || !isReading(core, session)) return;
  const room = rooms.bySession.get(session) ?? new Room(session);
  rooms.bySession.set(session, room);
  if (room.heldMs(timeOf(core)) < options.holdBackMs) room.fill(timeOf(core));
}

/** True if a full queue takes one message more: what was looked at once may pass the limit. */
export function mayPassLimit(core: DeliveringContext, session: Session): boolean {
  const room = core.rooms.bySession.get(session);
  if (room === undefined || room.isSlow || !room.isFull || !isReading(core, session)) return false;
  const { queueMessagesMax, queueBytesMax } = core.options;
  const { length, bytes } = session.queue;
  return length < queueMessagesMax + RUN_PACKETS_MAX && bytes < queueBytesMax + RUN_BYTES;
}

/** Something was taken out of a queue: when it is half empty, what waits for it may go on. */
export function noteTaken(core: DeliveringContext, session: Session): void {
  const { rooms, options } = core;
  const room = rooms.bySession.get(session);
  if (room === undefined) return;
  const { length, bytes } = session.queue;
  if (length > options.queueMessagesMax / 2 || bytes > options.queueBytesMax / 2) return;
  // What others have of a share is not the client's to take: once its own queue is empty, it has room.
  if (length > 0 && session.queueShares !== undefined && !areHalfEmpty(session.queueShares)) return;
  room.isFull = false;
  room.isSlow = false;
  if (room.waiters.size > 0) wakeLater(core, room);
  else if (room.deadline === undefined) forgetOrWatch(core, room);
}

/** Its client is gone: nothing waits for it any more. */
export function leaveRoom(core: DeliveringContext, session: Session): void {
  const room = core.rooms.bySession.get(session);
  if (room === undefined) return;
  room.isFull = false;
  if (room.waiters.size > 0) wakeLater(core, room);
  else forgetOrWatch(core, room);
}

function wakeLater(core: DeliveringContext, room: Room): void {
  core.rooms.wakeful.add(room);
  core.continueLater(room.session);
}

/** Has what waits go on, in order, as long as there is room, and as far as the turn has time for it. */
export function wakeWaiting(core: DeliveringContext): void {
  const { turn, rooms } = core;
  const { wakeful } = rooms;
  for (const room of wakeful) {
    wakeful.delete(room);
    for (const waiter of room.waiters) {
      if (room.isFull && !room.isSlow && isReading(core, room.session)) break;
      room.waiters.delete(waiter);
      waiter.resume();
      if (!turn.spend(STEPS.wake) || !turn.isOver) continue;
      // The next turn goes on with this one, behind the others.
      if (room.waiters.size > 0) wakeLater(core, room);
      break;
    }
    if (turn.isOver && wakeful.has(room)) return;
    if (room.waiters.size > 0) continue;
    room.endSpell(timeOf(core));
    forgetOrWatch(core, room);
  }
}

/** A receiver without anything that waits is forgotten, once its time does not count any more. */
function forgetOrWatch(core: DeliveringContext, room: Room): void {
  const { rooms, deadlines } = core;
  deadlines.cancel(room.deadline);
  room.deadline = undefined;
  if (room.session.isDeleted) return void rooms.bySession.delete(room.session);
  if (room.heldMs(timeOf(core)) > 0)
    room.deadline = deadlines.addFor(room, core.now + HOLD_BACK_WINDOW_MS, lookAt);
  else if (!room.isFull) rooms.bySession.delete(room.session);
}

/** Time is over for a receiver, for what waits longest for it, or for what is known of it. */
function lookAt(core: DeliveringContext, room: Room): void {
  room.deadline = undefined;
  const { first } = room;
  if (first === undefined) return forgetOrWatch(core, room);
  const { roomWaitMs, holdBackMs } = core.options;
  const isHolding = room.spell !== undefined;
  room.endSpell(timeOf(core));
  const isOver = timeOf(core) >= room.waitsSinceMs(timeOf(core), core.options) + roomWaitMs;
  if (isOver || (isHolding && room.heldMs(timeOf(core)) >= holdBackMs)) {
    becomeSlow(core, room);
    return wakeLater(core, room);
  }
  if (isHolding) room.beginSpell(timeOf(core));
  watch(core, room);
}

/** Messages wait for it no more. */
function becomeSlow(core: DeliveringContext, room: Room): void {
  room.isSlow = true;
  core.statistics.receiversSlow += 1;
  core.notices?.slow(room.session.clientId, room.waiters.size);
}

/**
 * A message that has waited since then comes to a receiver that is full as well: those that are full at the same time share
 * `holdBackMs`. False if its time is over.
 */
function mayHoldOn(core: DeliveringContext, room: Room, { sinceMs, holds }: Asking): boolean {
  if (room.waiters.size > 0 || sinceMs === timeOf(core)) return true;
  const { roomWaitMs, holdBackMs } = core.options;
  if (holds) room.countBeside(sinceMs, timeOf(core));
  const waitMs = holds ? roomWaitMs : WILL_WAITS * roomWaitMs;
  const countsSinceMs = room.countsSinceMs(sinceMs, core.options);
  const hasTime = room.heldMs(timeOf(core)) < holdBackMs;
  if (hasTime && timeOf(core) < countsSinceMs + waitMs) return true;
  // It waits no more, and passes the limit of one that has just become full: that has kept it for no time.
  if (hasTime && room.hasJustFilled(timeOf(core), core.options)) return false;
  becomeSlow(core, room);
  forgetOrWatch(core, room);
  return false;
}

/** Looks again when the first of its times is over. */
function watch(core: DeliveringContext, room: Room): void {
  const { roomWaitMs, holdBackMs } = core.options;
  const { spell } = room;
  core.deadlines.cancel(room.deadline);
  const nowMs = timeOf(core);
  const waitEndMs = Math.min(room.waitsSinceMs(nowMs, core.options), nowMs) + roomWaitMs;
  const spellEndMs =
    spell === undefined ? Infinity : spell.sinceMs + holdBackMs - room.heldMs(nowMs);
  const delayMs = Math.max(1, Math.min(waitEndMs, spellEndMs) - nowMs);
  room.deadline = core.deadlines.addFor(room, core.now + delayMs, lookAt);
}

/** True if a message of QoS 1 or 2 has to wait for the session. */
export function isBlocked(
  core: DeliveringContext,
  session: Session,
  publisher: string,
  asking?: Asking,
): boolean {
  const room = core.rooms.bySession.get(session);
  if (room === undefined || room.isSlow || session.clientId === publisher) return false;
  const { isFull, waiters } = room;
  if (!isFull && (waiters.size === 0 || asking?.passed.has(room) === true)) return false;
  return isReading(core, session) && (asking === undefined || mayHoldOn(core, room, asking));
}

/** Hot path, where some receiver is full: true if a message of this QoS that goes this way has to wait. */
export function isRouteBlocked(
  core: DeliveringContext,
  route: Route,
  qos: QoS,
  publisher: string,
): boolean {
  return qos > 0 && blockers(core, route, qos, publisher).length > 0;
}

/** A message that looks for room again. */
interface Asking {
  /** When it came. */
  readonly sinceMs: number;
  /** Whether somebody is kept waiting with it. */
  readonly holds: boolean;
  /** Those that it has waited for. */
  readonly passed: Set<Room>;
}

/** Sessions one of which has to get room: the first receiver that has none, or all members of a group that has none. */
function blockers(
  core: DeliveringContext,
  { recipients, groups }: Route,
  qos: QoS,
  publisher: string,
  asking?: Asking,
): Session[] {
  for (const { session, qos: granted } of recipients)
    if (lowerQos(qos, granted) > 0 && isBlocked(core, session, publisher, asking)) return [session];
  for (const { members } of groups) {
    const blocked = members.filter(
      (member) =>
        lowerQos(qos, member.qos) > 0 && isBlocked(core, member.session, publisher, asking),
    );
    if (blocked.length > 0 && blocked.length === members.length)
      return blocked.map(({ session }) => session);
  }
  return [];
}

/** A message that asks for room. */
export interface Arrival {
  readonly topic: string;
  readonly qos: QoS;
  readonly bytes: number;
  /** Client Identifier of its publisher. */
  readonly clientId: string;
  /** False for a Will, and what else nobody waits for. */
  readonly holds: boolean;
}

/**
 * Waits until all receivers of a message have room, or their time is over. False if it is to be refused: a connected receiver has
 * none, and `whenFull` says so.
 */
export function* roomFor(core: DeliveringContext, arrival: Arrival): Task<boolean> {
  const passed = new Set<Room>();
  const { rooms, options } = core;
  const { topic, qos, bytes, clientId: publisher } = arrival;
  const asking = { sinceMs: timeOf(core), holds: arrival.holds, passed };
  while (rooms.size > 0) {
    const route = yield* findRoute(core, topic);
    const sessions = blockers(core, route, qos, publisher, asking);
    if (sessions.length === 0 || !mayWait(core, arrival)) break;
    for (const session of sessions) {
      const room = rooms.bySession.get(session);
      if (room !== undefined) passed.add(room);
    }
    const own = core.sessions.get(publisher);
    if (own !== undefined && !isReading(core, own)) stopReading(core, own);
    yield waitingFor(core, sessions, { bytes, ...asking });
  }
  return options.whenFull === "overflow" || !(yield* isRefused(core, arrival));
}

/** Whether there is room to wait in. A Will is kept anyway, from CONNECT on: only the total of all that is kept bounds those. */
function mayWait(core: DeliveringContext, { bytes, holds }: Arrival): boolean {
  const { rooms, options } = core;
  if (!holds) return heldBytes(core) + rooms.willBytes + bytes <= options.backlogTotalBytesMax;
  return (
    rooms.messages < options.roomWaitMessagesMax && rooms.bytes + bytes <= options.roomWaitBytesMax
  );
}

/** Its client is read no further: what waits for it looks again, and goes on. */
export function stopReading(core: DeliveringContext, session: Session): void {
  const room = core.rooms.bySession.get(session);
  if (room !== undefined && room.waiters.size > 0) wakeLater(core, room);
}

function waitingFor(
  core: DeliveringContext,
  sessions: readonly Session[],
  { bytes, holds, sinceMs }: Pick<Waiter, "bytes" | "holds" | "sinceMs">,
): Pending {
  return {
    kind: "room",
    whenSettled: (resume) => wait(core, sessions, { bytes, holds, sinceMs }, resume),
  };
}

/** Waits for the first of the sessions that gets room. */
function wait(
  core: DeliveringContext,
  sessions: readonly Session[],
  fields: Pick<Waiter, "bytes" | "holds" | "sinceMs">,
  resume: () => void,
): void {
  const { rooms } = core;
  const joined: Room[] = [];
  const waiter: Waiter = {
    ...fields,
    resume: () => {
      for (const room of joined) room.waiters.delete(waiter);
      rooms.count(fields, -1);
      resume();
    },
  };
  rooms.count(fields, 1);
  for (const session of sessions) {
    const room = rooms.bySession.get(session);
    if (room === undefined) continue;
    joined.push(room);
    const isFirst = room.waiters.size === 0;
    room.waiters.add(waiter);
    if (fields.holds && room.spell === undefined) room.beginSpell(timeOf(core));
    else if (!isFirst) continue;
    watch(core, room);
  }
}

/** True if a connected receiver of the message has no room, whether it was waited for or not. */
function* isRefused(core: DeliveringContext, { topic, qos, holds }: Arrival): Task<boolean> {
  if (qos === 0 || !holds || core.rooms.size === 0) return false;
  const { recipients } = yield* findRoute(core, topic);
  return recipients.some(
    ({ session, qos: granted }) =>
      lowerQos(qos, granted) > 0 && core.rooms.bySession.get(session)?.isFull === true,
  );
}
