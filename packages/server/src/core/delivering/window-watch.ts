import type { DeliveringContext } from "./delivering-context.ts";
import type { Session } from "../sessions/session.ts";

/** Milliseconds in which nothing is acknowledged, while as much is in flight as may be and more waits, before it is told. */
const STALLED_AFTER_MS = 60_000;

/** That a client has stopped to acknowledge. */
export interface Stall {
  readonly sinceMs: number;
  /** `Sender.progress` then: as long as it is the same, nothing has been acknowledged. */
  readonly progress: number;
}

/**
 * A device does not acknowledge a message that is too large for its buffer. When such messages fill what may be in flight,
 * nothing goes on, on this and on every later connection, and nothing in the protocol says so.
 *
 * To be called where messages wait: looks again after a minute, once for each session at a time.
 */
export function watchWindow(core: DeliveringContext, session: Session): void {
  if (session.isWindowWatched || !isFull(session)) return;
  session.isWindowWatched = true;
  const { connection } = session;
  const { progress } = session.sender;
  core.deadlines.add(core.now + STALLED_AFTER_MS, () => {
    session.isWindowWatched = false;
    if (session.isDeleted || session.queue.length === 0) return;
    const isSame = session.connection === connection && session.sender.progress === progress;
    if (isSame && isFull(session)) tell(core, session, progress);
    watchWindow(core, session);
  });
}

function isFull(session: Session): boolean {
  const { connection } = session;
  return connection !== undefined && session.inFlight >= connection.sendMaximum;
}

/** Once for each stall, however long it lasts and however often the client comes back. */
function tell(core: DeliveringContext, session: Session, progress: number): void {
  if (session.stall?.progress === progress) return;
  session.stall = { sinceMs: core.now - STALLED_AFTER_MS, progress };
  core.statistics.windowsStalled += 1;
  core.notices?.stalled({
    clientId: session.clientId,
    inFlightMessages: session.inFlight,
    queuedMessages: session.queue.length,
  });
}

/** Since when the session's client has acknowledged nothing; undefined if it does, or nobody has noticed yet. */
export function stalledSince(session: Session): number | undefined {
  const { stall } = session;
  return stall !== undefined && stall.progress === session.sender.progress
    ? stall.sinceMs
    : undefined;
}
