import type { Connection } from "./connection.ts";
import type { ConnectionContext } from "./connection-context.ts";
import { Gate } from "./gate.ts";
import type { Journal } from "../journal/journal.ts";
import type { Outbox } from "./outbox.ts";
import type { Pending, Task } from "../pending.ts";
import type { Session } from "../sessions/session.ts";

const IMPLEMENTATION_SPECIFIC_ERROR = 0x83;
const QUOTA_EXCEEDED = 0x97;

/*
 * What has to be stored before it is told: which output waits, and how a task waits. Without a journal all of this
 * is one comparison.
 */

/** Which outbox a packet goes to; asked when the packet is written, since an interceptor may take its time. */
export type OutboxChoice = (core: ConnectionContext, connection: Connection) => Outbox;

/** For packets that assert nothing that is stored. */
export function atOnce(_core: ConnectionContext, connection: Connection): Outbox {
  return connection.output.outbox;
}

/** For acknowledgements that depend on nothing themselves: they do not pass those that do. */
export function inOrder(core: ConnectionContext, connection: Connection): Outbox {
  return connection.output.gate === undefined
    ? connection.output.outbox
    : onceStored(core, connection);
}

/** For acknowledgements of what has just been written down: they leave when it is stored. */
export function onceStored(core: ConnectionContext, connection: Connection): Outbox {
  const { journal } = core;
  if (journal === undefined) return connection.output.outbox;
  const isStored = journal.committed >= journal.lastPosition;
  if (isStored && connection.output.gate === undefined) return connection.output.outbox;
  // It would wait for ever: the client must not be told, and cannot go on without.
  if (journal.isOver) {
    core.leaveUnstored(connection);
    return connection.output.outbox;
  }
  return gateAt(core, connection, journal, journal.lastPosition);
}

/** Where QoS 1 and 2 messages go: their identifiers must survive in a session that does. */
export function exchangeOutbox(
  core: ConnectionContext,
  connection: Connection,
  session: Session,
): Outbox {
  const { journal } = core;
  if (journal === undefined || session.number === 0) return connection.output.outbox;
  return gateAt(core, connection, journal, journal.position);
}

function gateAt(
  core: ConnectionContext,
  connection: Connection,
  journal: Journal,
  position: number,
): Outbox {
  if (connection.output.gate === undefined) {
    connection.output.gate = new Gate(core.pool);
    core.gated.add(connection);
  }
  journal.awaited(position);
  return connection.output.gate.at(position);
}

/** A position was committed: what waited for it leaves. */
export function openGates(core: ConnectionContext, committed: number): void {
  for (const connection of core.gated) {
    const { gate, outbox } = connection.output;
    gate?.release(committed, outbox);
    if (gate?.isEmpty !== false) closeGate(core, connection);
    core.touch(connection);
    if (connection.session !== undefined) core.continueLater(connection.session);
  }
}

/** Forgets what waits, as when the connection is gone. */
export function closeGate(core: ConnectionContext, connection: Connection): void {
  connection.output.gate?.clear();
  connection.output.gate = undefined;
  core.gated.delete(connection);
}

/**
 * Waits until all that was appended so far is stored; undefined once it is, else the Reason Code of what keeps it
 * from being stored.
 */
export function* stored(core: ConnectionContext): Task<number | undefined> {
  const { journal } = core;
  if (journal === undefined) return undefined;
  const position = journal.lastPosition;
  if (journal.committed < position && journal.health === "good") {
    const pending: Pending = {
      kind: "store",
      whenSettled: (resume) => journal.whenCommitted(position, resume),
    };
    yield pending;
  }
  return journal.committed >= position ? undefined : refusalToStore(core);
}

/** True if nothing more can be exchanged with a session that is to survive: nothing more is stored. */
export function isCutOff(core: ConnectionContext, session: Session): boolean {
  return session.isDurable && core.journal?.isOver === true;
}

/** Reason Code for durable work while the store takes none; undefined while it does. */
export function refusalToStore(core: ConnectionContext): number | undefined {
  const health = core.journal?.health ?? "good";
  if (health === "good") return undefined;
  return health === "full" ? QUOTA_EXCEEDED : IMPLEMENTATION_SPECIFIC_ERROR;
}
