import type { Connection } from "./connection.ts";
import type { CoreContext } from "../core-context.ts";
import type { Deadline } from "../deadlines.ts";
import { Outbox } from "./outbox.ts";

/*
 * A client that is subscribed to what it publishes gets its message and the PUBACK for it in one segment. If it has Nagle's
 * algorithm on and writes each packet by itself, it acknowledges the message, and its next PUBLISH waits until the system of
 * this side has acknowledged those bytes. There is nothing to answer a PUBACK with, so that takes 40 ms, each time.
 *
 * Such a client is noticed by that time. From then on its PUBACK is kept until it has answered the message: the PUBACK then carries
 * the acknowledgement, and the next PUBLISH leaves at once. Everybody else gets both at once, as before.
 */

/** What comes so long after the packet before it, in milliseconds, was held up by an acknowledgement of TCP that was delayed. */
const DELAYED_MS_MIN = 30;
const DELAYED_MS_MAX = 100;
/** What a delayed publish counts, one that is not counting one less, and how much is believed. */
const DELAY_COUNTS = 2;
const BELIEVED = 4;
/** How long, in milliseconds, a PUBACK is kept at most for a client that does not answer its message. */
const KEPT_MS_MAX = 20;

/** A client that publishes, one message at a time, to what it is subscribed to. */
export class Lockstep {
  /** How much speaks for Nagle's algorithm at the client. */
  delays = 0;
  /** PUBACK that waits for the client's next packet. */
  readonly kept: Outbox;
  deadline: Deadline | undefined;

  constructor(core: CoreContext) {
    this.kept = new Outbox(core.pool);
  }
}

/** Where the PUBACK goes for a message that its publisher itself was sent in this turn, and nothing else. */
export function echoOutbox(core: CoreContext, connection: Connection): Outbox {
  const lockstep = (connection.lockstep ??= new Lockstep(core));
  if (lockstep.delays < BELIEVED) {
    const { quietMs } = connection;
    const wasDelayed = quietMs >= DELAYED_MS_MIN && quietMs <= DELAYED_MS_MAX;
    lockstep.delays = Math.max(0, lockstep.delays + (wasDelayed ? DELAY_COUNTS : -1));
    if (lockstep.delays < BELIEVED) return connection.outbox;
  }
  lockstep.deadline ??= core.deadlines.add(core.now + KEPT_MS_MAX, () => {
    // It is another kind of client, or has changed.
    lockstep.delays = 0;
    giveKept(core, connection);
  });
  return lockstep.kept;
}

/** The client has sent something, or something else is to be acknowledged: what was kept goes first. */
export function giveKept(core: CoreContext, connection: Connection): void {
  const { lockstep } = connection;
  if (lockstep?.deadline === undefined) return;
  core.deadlines.cancel(lockstep.deadline);
  lockstep.deadline = undefined;
  const { kept } = lockstep;
  if (connection.isOpen) connection.outbox.append(kept.bytes, 0, kept.length);
  kept.clear();
  core.touch(connection);
}
