/** Regulars at a time: those of a program that reacts to its devices, not the devices. */
const REGULARS_MAX = 256;
/** Bytes of one read of a regular: it says little. */
const LITTLE_BYTES = 512;
/** A connection is a regular that was read so often, each time within `APART_MS` of the last. */
const READS = 8;
/** Milliseconds between two reads of a regular. */
const APART_MS = 1_000;
/** Reads that are no further apart count once. */
const TOGETHER_MS = 1;
/** Regulars that are read between two reads of others: a tenth of a millisecond, where nothing has come. */
const READ_AT_ONCE = 32;

/** A connection, as far as it may be a regular. */
export interface Regular {
  /** When something of it was read last. */
  readAtMs: number;
  /** How often, each time soon after the last. */
  reads: number;
  /** Told whether it is one: its answers are written before those to thousands of others. */
  setRegular(isRegular: boolean): void;
  /** Takes what has come, if the system has anything. */
  readNow(): void;
}

/**
 * Connections that say a little again and again, as clients that exchange messages do. The system gives what has come for thousands of
 * sockets in the order in which it came, and lets nothing else be done until all is read. So while that lasts regulars are read
 * out of turn: they wait for no storm.
 */
export class Regulars {
  /** The one that was read longest ago first. */
  readonly #regulars: Set<Regular> = new Set();

  get size(): number {
    return this.#regulars.size;
  }

  /** Hot path: so many bytes were read of a connection. */
  note(one: Regular, bytes: number, nowMs: number): void {
    const apartMs = nowMs - one.readAtMs;
    // One read right after the other tells nothing.
    if (apartMs < TOGETHER_MS) return;
    one.readAtMs = nowMs;
    if (apartMs > APART_MS || bytes > LITTLE_BYTES) one.reads = 0;
    else if ((one.reads += 1) === READS) this.#add(one);
  }

  #add(one: Regular): void {
    if (this.#regulars.size >= REGULARS_MAX) {
      one.reads = 0;
      return;
    }
    this.#regulars.add(one);
    one.setRegular(true);
  }

  /** The connection has ended. */
  forget(one: Regular): void {
    this.#regulars.delete(one);
  }

  /** Others are being read for long: reads some regulars. */
  readSome(nowMs: number): void {
    let left = Math.min(READ_AT_ONCE, this.#regulars.size);
    for (const one of this.#regulars) {
      if (left === 0) return;
      left -= 1;
      this.#regulars.delete(one);
      if (one.reads < READS || nowMs - one.readAtMs > APART_MS) {
        one.reads = 0;
        one.setRegular(false);
        continue;
      }
      this.#regulars.add(one);
      one.readNow();
    }
  }
}
