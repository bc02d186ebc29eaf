import type { ReceivingContext } from "./receiving-context.ts";
import { shut } from "../endings/closing.ts";
import type { Connection } from "../connection/connection.ts";

/** Bytes that clients have sent which are not let in yet, in the order in which they began. */
export class UnfinishedConnects {
  readonly #maximum: number;
  readonly #bytesOf: Map<Connection, number> = new Map();
  #bytes = 0;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** Who holds bytes longest, if all of them hold too many. */
  get oneTooMany(): Connection | undefined {
    if (this.#bytes <= this.#maximum) return undefined;
    const [oldest] = this.#bytesOf.keys();
    return oldest;
  }

  /** So many bytes of a client wait to be a packet. */
  note(connection: Connection, bytes: number): void {
    const before = this.#bytesOf.get(connection);
    if (before === undefined && bytes === 0) return;
    this.#bytes += bytes - (before ?? 0);
    if (bytes === 0) this.#bytesOf.delete(connection);
    else this.#bytesOf.set(connection, bytes);
  }

  /** The client was let in, or is gone. */
  forget(connection: Connection): void {
    this.note(connection, 0);
  }
}

/** Bytes have come from a client that is not let in yet. Where all of them hold too many, those that hold them longest go. */
export function noteUnfinished(core: ReceivingContext, connection: Connection): void {
  const { unfinishedConnects } = core;
  unfinishedConnects.note(connection, connection.isOpen ? unfinishedBytes(connection) : 0);
  for (;;) {
    const oldest = unfinishedConnects.oneTooMany;
    if (oldest === undefined) return;
    unfinishedConnects.forget(oldest);
    core.statistics.unfinishedConnectsClosed += 1;
    oldest.ending.error = new Error("too many unfinished packets of clients that are not let in");
    shut(core, oldest);
    // It would keep what it has sent until its peer lets it close.
    oldest.wire.destroy();
  }
}

/** In the framer, and in the wire, where that gathers messages of its own. */
function unfinishedBytes({ framer, wire }: Connection): number {
  return framer.pending + (wire.gatheredBytes?.() ?? 0);
}
