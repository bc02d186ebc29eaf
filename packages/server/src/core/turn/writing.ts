import type { Connection } from "../connection/connection.ts";
import { STEPS } from "./turn.ts";
import type { Turn } from "./turn.ts";

/**
 * Connections with output, each of which costs a system call: a message to ten thousand of them is not written in one turn.
 * What has come about in this turn goes first, then what earlier ones left, each with a time of its own.
 */
export class Writing {
  #dirty: Connection[] = [];
  #late: Connection[] = [];
  /** The first of the late ones that was not written yet. */
  #next = 0;

  /** True if some of it waits for a later turn. */
  get isLate(): boolean {
    return this.#next < this.#late.length;
  }

  /** The connection, which is not here yet, has output. */
  add(connection: Connection): void {
    connection.isDirty = true;
    this.#dirty.push(connection);
  }

  /** Calls `write` with each, as far as the turn allows. What they cause is to be written in the next turn. */
  write(turn: Turn, write: (connection: Connection) => void): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    const written = writeSome(dirty, 0, write, () => turn.spend(STEPS.write) && turn.isLong);
    if (this.isLate) {
      turn.begin();
      const isEnough = (): boolean => turn.spend(STEPS.write) && turn.isOver;
      this.#next = writeSome(this.#late, this.#next, write, isEnough);
    }
    if (!this.isLate) {
      this.#late = [];
      this.#next = 0;
    }
    for (let index = written; index < dirty.length; index += 1) {
      const connection = dirty[index];
      if (connection !== undefined) this.#late.push(connection);
    }
  }
}

/** Writes from `from` on until it is enough; gives where that was. */
function writeSome(
  connections: readonly Connection[],
  from: number,
  write: (connection: Connection) => void,
  isEnough: () => boolean,
): number {
  for (let index = from; index < connections.length; index += 1) {
    const connection = connections[index];
    if (connection === undefined) continue;
    connection.isDirty = false;
    write(connection);
    if (isEnough()) return index + 1;
  }
  return connections.length;
}
