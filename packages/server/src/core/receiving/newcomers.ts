import type { HookResult, Task } from "../pending.ts";
import type { Connection } from "../connection/connection.ts";

/** Clients that have sent CONNECT, by the order in which it came: of several with one Client Identifier the last stays. */
export class Newcomers {
  /** Those whose handlers have not answered, by the Client Identifier of their CONNECT. */
  readonly #waiting: Map<string, Set<Connection>> = new Map();
  #arrivals = 0;

  /** CONNECT has come. */
  arrived(connection: Connection): void {
    connection.arrival = ++this.#arrivals;
  }

  /** Waits for the handlers that are asked whether, and how, a client is let in. */
  *asked(connection: Connection, pending: HookResult): Task {
    if (pending === undefined) return;
    const { clientId } = connection;
    const waiting = this.#waiting.get(clientId) ?? new Set();
    this.#waiting.set(clientId, waiting.add(connection));
    try {
      yield pending;
    } finally {
      waiting.delete(connection);
      if (waiting.size === 0) this.#waiting.delete(clientId);
    }
  }

  /** Those that still wait and came before this one, which has been let in. */
  outdoneBy({ clientId, arrival }: Connection): Connection[] {
    const waiting = this.#waiting.get(clientId);
    if (waiting === undefined) return [];
    return Array.from(waiting).filter((other) => other.isOpen && other.arrival < arrival);
  }
}
