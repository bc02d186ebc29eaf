import type { Connection } from "./connection.ts";
import type { CoreContext } from "../core-context.ts";

/*
 * A packet that is taken singly costs some hundred times what one of a run does, and one read brings thousands: taken in one go
 * they would hold up everybody for a tenth of a second. So a turn of the loop takes as many as its time allows, whoever sent
 * them. Clients that have sent more are read on in the next turns, some packets of each in turn.
 */

/**
 * Milliseconds of a turn for packets that have just come, as many for those that earlier turns left, and as many for replays: together a third
 * of the ten that a turn may last. Output and the collector want the rest, and the machine may lend the core to others meanwhile.
 */
const TURN_MS = 1;

/** Packets between two looks at the time, and of one client before the next one has its turn. */
const PACKETS_PER_LOOK = 16;

/** How far this turn of the loop has come with packets that are taken singly. */
export class Turn {
  /** Connections of which packets wait for a turn, longest waiting first. */
  readonly late: Set<Connection> = new Set();
  /** Packets until the next look at the time: it begins with the first one. */
  packetsLeft = 1;
  readonly #currentMs: () => number;
  #endsAtMs = Infinity;

  /** `currentMs`: milliseconds of a clock that goes on while the core is at work. */
  constructor(currentMs: () => number) {
    this.#currentMs = currentMs;
  }

  /** Nothing was taken yet. */
  begin(): void {
    this.packetsLeft = 1;
    this.#endsAtMs = Infinity;
  }

  /** Whether there is time left. Whoever asks first begins the turn. */
  hasTime(): boolean {
    const nowMs = this.#currentMs();
    if (this.#endsAtMs === Infinity) this.#endsAtMs = nowMs + TURN_MS;
    return nowMs < this.#endsAtMs;
  }
}

/** Counts a packet that was taken singly; what follows it waits if the turn is over, or somebody else's. */
export function noteSingle(core: CoreContext, connection: Connection): void {
  const { turn } = core;
  turn.packetsLeft -= 1;
  if (turn.packetsLeft > 0) return;
  // The turn has an end, whether there is output or not.
  core.touch(connection);
  const hasTime = turn.hasTime();
  // Without time, one packet of each read is still taken: most clients send no more, and need not wait.
  if (hasTime) turn.packetsLeft = PACKETS_PER_LOOK;
  if (hasTime && turn.late.size === 0) return;
  if (connection.framer.pending === 0 || !connection.isOpen) return;
  connection.isLate = true;
  turn.late.add(connection);
}

/** Reads on, as far as the time allows, what earlier turns had no time for. */
export function readLate(core: CoreContext): void {
  const { turn } = core;
  // Who has to wait again comes last, and is seen by this loop once more.
  for (const connection of turn.late) {
    if (!turn.hasTime()) return;
    leaveTurn(core, connection);
    turn.packetsLeft = PACKETS_PER_LOOK;
    core.readOn(connection);
  }
}

/**
 * Takes what is left of a client that is gone, whatever the time: it had come before, and its last packet may be DISCONNECT,
 * without which the Will would be published.
 */
export function takeLeft(core: CoreContext, connection: Connection): void {
  while (connection.isLate) {
    leaveTurn(core, connection);
    core.turn.packetsLeft = PACKETS_PER_LOOK;
    core.readOn(connection);
  }
}

/** The connection waits for no turn any more. */
export function leaveTurn(core: CoreContext, connection: Connection): void {
  if (!connection.isLate) return;
  connection.isLate = false;
  core.turn.late.delete(connection);
}
