import type { Connection } from "./connection.ts";
import { STEPS } from "../turn/turn.ts";
import type { Turn } from "../turn/turn.ts";

/** Connections that are written to between two reads of a turn that lasts: less than a millisecond. */
const BETWEEN_READS = 64;

/**
 * Connections with output, each of which costs a system call: a message to ten thousand of them is not written in one turn.
 * What has come about in this turn goes first, then what earlier ones left, each with a time of its own. Messages for others go
 * before answers to those who have just sent something: of those there may be thousands at once, which all wait for each other.
 */
export class Unwritten {
  /** Those who get messages of others, and regulars. */
  #prompt: Connection[] = [];
  /** Those who get answers. */
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
    connection.output.isListed = true;
    if (connection.intake.isReading && !connection.intake.isRegular) this.#dirty.push(connection);
    else this.#prompt.push(connection);
  }

  /** While thousands are read one after the other: calls `write` with some of those who get messages of others. */
  writeSome(write: (connection: Connection) => void): void {
    const prompt = this.#prompt;
    this.#prompt = [];
    const written = writeSome(prompt, 0, write, (index) => index + 1 >= BETWEEN_READS);
    if (written < prompt.length) this.#prompt = prompt.slice(written).concat(this.#prompt);
  }

  /** Calls `write` with each, as far as the turn allows. What they cause is to be written in the next turn. */
  write(turn: Turn, write: (connection: Connection) => void): void {
    const dirty = this.#prompt.concat(this.#dirty);
    this.#prompt = [];
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
  isEnough: (index: number) => boolean,
): number {
  for (let index = from; index < connections.length; index += 1) {
    const connection = connections[index];
    if (connection === undefined) continue;
    connection.output.isListed = false;
    write(connection);
    if (isEnough(index)) return index + 1;
  }
  return connections.length;
}
