import type { Connection } from "../../src/core/connection/connection.ts";
import type { Wire } from "../../src/core/wire.ts";
import type { CoreHarness } from "../support/core-harness.ts";

/** One end of a link: what is written arrives at the other end when the simulation says so, in its order. */
class LinkEnd implements Wire {
  readonly harness: CoreHarness;
  connection: Connection | undefined;
  other: LinkEnd | undefined;
  arriving: Uint8Array[] = [];
  isPaused = false;
  /** It writes no more. */
  isEnded = false;
  isClosed = false;

  constructor(harness: CoreHarness) {
    this.harness = harness;
  }

  write(bytes: Uint8Array): boolean {
    if (!this.isEnded) this.other?.arriving.push(bytes.slice());
    return true;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(): void {
    this.isEnded = true;
  }

  destroy(): void {
    this.isEnded = true;
  }

  close(): void {
    if (this.isClosed || this.connection === undefined) return;
    this.isClosed = true;
    this.isEnded = true;
    this.arriving = [];
    this.harness.core.closed(this.connection);
    this.harness.settle();
  }
}

/** A link between two servers of a cluster. It is as slow as the simulation wants, and breaks when it wants. */
export class SimulatedLink {
  readonly ends: readonly [LinkEnd, LinkEnd];

  constructor(one: CoreHarness, other: CoreHarness) {
    this.ends = [new LinkEnd(one), new LinkEnd(other)];
    const [left, right] = this.ends;
    left.other = right;
    right.other = left;
    for (const end of this.ends) {
      end.connection = end.harness.core.openLink(end, { transport: "link", secure: false });
      end.harness.settle();
    }
  }

  /** Lets some bytes arrive at an end; false if there were none. `pieces`: how many of what was written. */
  arrive(index: 0 | 1, pieces: number): boolean {
    const end = this.ends[index];
    const { connection, other, harness } = end;
    if (end.isClosed || end.isPaused || connection === undefined) return false;
    const chunks = end.arriving.splice(0, pieces);
    for (const chunk of chunks) {
      if (end.isEnded) continue;
      harness.core.receive(connection, chunk);
    }
    harness.settle();
    // The end that has closed is seen behind all that it wrote.
    if (end.isEnded || (end.arriving.length === 0 && other?.isEnded === true)) {
      end.close();
      other?.close();
      return true;
    }
    return chunks.length > 0;
  }

  get isOpen(): boolean {
    return this.ends.every(({ isClosed, isEnded }) => !isClosed && !isEnded);
  }

  /** It breaks, and what was under way is gone. One end may see it later than the other. */
  cut(ends: readonly (0 | 1)[] = [0, 1]): void {
    for (const end of this.ends) end.arriving = [];
    for (const index of ends) this.ends[index].close();
    for (const end of this.ends) end.isEnded = true;
  }

  /** The server at one end is gone, without a word. */
  lose(harness: CoreHarness): void {
    for (const end of this.ends) {
      end.arriving = [];
      if (end.harness === harness) end.isClosed = true;
      else end.close();
    }
  }
}
