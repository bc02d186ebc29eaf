import type { Peer } from "../wire.ts";
import type { TraceEvent, TracedClient } from "./trace-event.ts";

/** What traces know of a connection. */
export interface TracedConnection {
  readonly clientId: string;
  readonly userName: string | undefined;
  readonly peer: Peer;
  readonly aliases: { find(alias: number): string | undefined } | undefined;
  isTraced: boolean;
}

/** One trace, as the core knows it. It never throws. */
export interface TraceWatcher {
  /** Whether each packet of this client is to be told of. */
  follows(client: TracedClient): boolean;
  take(event: TraceEvent): void;
}

/**
 * Traces that are going on. A connection that one of them follows is `isTraced`: its packets take the general path, one by one, and all
 * others keep their short cuts. While there is no trace, `isOn` is all that is asked.
 */
export class Tracing {
  isOn = false;
  readonly #watchers: Set<TraceWatcher> = new Set();

  add(watcher: TraceWatcher, connections: Iterable<TracedConnection>): void {
    this.#watchers.add(watcher);
    this.#changed(connections);
  }

  remove(watcher: TraceWatcher, connections: Iterable<TracedConnection>): void {
    if (this.#watchers.delete(watcher)) this.#changed(connections);
  }

  /** To be called when it is known, or known better, whose connection it is. */
  mark(connection: TracedConnection): void {
    const client = clientOf(connection);
    connection.isTraced = false;
    for (const watcher of this.#watchers) if (watcher.follows(client)) connection.isTraced = true;
  }

  tell(event: TraceEvent): void {
    for (const watcher of Array.from(this.#watchers)) watcher.take(event);
  }

  #changed(connections: Iterable<TracedConnection>): void {
    this.isOn = this.#watchers.size > 0;
    for (const connection of connections) this.mark(connection);
  }
}

/** Whose connection it is, as far as that is known. */
export function clientOf({ clientId, userName, peer }: TracedConnection): TracedClient {
  return { clientId, userName, address: peer.remoteAddress };
}
