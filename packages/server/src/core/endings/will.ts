import type { Will } from "@anax/protocol";
import type { ClientAccess } from "../access/client-access.ts";
import type { EndingsContext } from "./endings-context.ts";
import type { Deadline } from "../deadlines.ts";
import type { Origin } from "../publishing/origin.ts";
import { messageOfWill, publishDue } from "./due-will.ts";
import { Session } from "../sessions/session.ts";

/** The Will Message of a session's connection, from CONNECT until it is published or discarded. */
export interface PendingWill {
  /** Its payload is a view of `bytes`, if those are known. */
  readonly will: Will;
  /** As a message has them, so that it is made without a copy; undefined for one out of a store. */
  readonly bytes?: Uint8Array | undefined;
  readonly delayMs: number;
  readonly origin: Origin;
  /** Of the connection it is of; undefined if nothing is asked, and for one out of an older store. */
  readonly access?: ClientAccess | undefined;
  /** Set while the Will Delay Interval runs. */
  deadline: Deadline | undefined;
  /** The row that the store has of it, where it has none of the session: the Will is to outlive the server, which the session does not. */
  keeper?: Session | undefined;
}

/** Keeps the Will of a CONNECT with the session [MQTT-3.1.2-7]. */
export function armWill(core: EndingsContext, session: Session, will: Will, origin: Origin): void {
  const { access } = session;
  const delayMs = (will.properties?.willDelayIntervalSeconds ?? 0) * 1_000;
  const { bytes } = messageOfWill(will, session.clientId, core.now);
  const payload = bytes.subarray(bytes.length - will.payload.length);
  session.will = {
    will: { ...will, payload },
    bytes,
    delayMs,
    origin,
    access,
    deadline: undefined,
  };
  session.will.keeper = keep(core, session, session.will);
}

/**
 * Writes the Will of a session down that ends with its connection. A server that dies may publish it later (3.1.2.5), but must not
 * forget it: who watches for it would take all clients for present. A store that takes nothing lets the client in all the same.
 */
function keep(core: EndingsContext, session: Session, pending: PendingWill): Session | undefined {
  const { journal, options } = core;
  if (journal?.health !== "good" || session.isPersistent || !options.storeWills) return undefined;
  const keeper = new Session({ clientId: session.clientId, createdAtMs: session.createdAtMs });
  keeper.userName = session.userName;
  keeper.isOwned = session.isOwned;
  keeper.will = pending;
  journal.unlistedSession(keeper);
  return keeper;
}

/** Takes the Will off its session. */
function disarm(core: EndingsContext, session: Session): void {
  core.deadlines.cancel(session.will?.deadline);
  session.will = undefined;
}

/** Removes the Will unpublished: DISCONNECT 0x00 came [MQTT-3.14.4-3], or the client is back in time [MQTT-3.1.3-9]. */
export function discardWill(core: EndingsContext, session: Session): void {
  const keeper = session.will?.keeper;
  disarm(core, session);
  if (keeper?.isDurable === true) core.journal?.deleted(keeper);
}

/** The connection is gone: publishes the Will now, or when its delay is over if the session lives on [MQTT-3.1.2-8]. */
export function releaseWill(core: EndingsContext, session: Session): void {
  const pending = session.will;
  if (pending === undefined || pending.deadline !== undefined) return;
  if (pending.delayMs === 0 || !session.isPersistent) return publishWill(core, session);
  pending.deadline = core.deadlines.addFor(session, core.now + pending.delayMs, publishWill);
}

/** Publishes the Will, which leaves the session with that [MQTT-3.1.2-10]: nothing that comes now discards it any more. */
export function publishWill(core: EndingsContext, session: Session): void {
  const pending = session.will;
  // Who has the store now publishes it.
  if (pending === undefined || core.journal?.health === "fenced") return;
  disarm(core, session);
  publishDue(core, session, pending, pending.keeper);
}
