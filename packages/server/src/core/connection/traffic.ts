import { listenerName } from "../wire.ts";
import type { Connection } from "./connection.ts";

/** Listeners and versions that are told apart: a program may name any listener for each stream that it hands in. */
const ROWS_MAX = 100;
const OTHER = "other";

/** What went over the connections of one listener with one version of the protocol. */
export interface Traffic {
  /** Such as "tcp:1883", or "unix". */
  readonly listener: string;
  /** 3, 4 (3.1.1) or 5; 0 of connections that were not let in. */
  readonly protocolVersion: number;
  /** Open ones. */
  connectionsCurrent: number;
  bytesReceived: number;
  bytesSent: number;
  /** PUBLISH packets. */
  messagesReceived: number;
  messagesSent: number;
}

/**
 * Traffic by listener and version. Connections count for themselves anyway: what those have counted that are gone is kept here, and the
 * rest is added up when it is asked for.
 */
export class TrafficTotals {
  readonly #gone: Map<string, Traffic> = new Map();

  /** The counters of the connection are about to begin at 0, or to go. */
  keep(connection: Connection): void {
    add(rowOf(this.#gone, connection), connection);
  }

  /** Walks over all connections. */
  of(connections: Iterable<Connection>): Traffic[] {
    const rows = new Map<string, Traffic>();
    for (const [key, row] of this.#gone) rows.set(key, Object.assign({}, row));
    for (const connection of connections) {
      const row = rowOf(rows, connection);
      row.connectionsCurrent += 1;
      add(row, connection);
    }
    return Array.from(rows.values());
  }
}

function rowOf(rows: Map<string, Traffic>, { peer, version, output }: Connection): Traffic {
  const protocolVersion = output.isWelcomed ? version : 0;
  const own = listenerName(peer);
  const key = `${protocolVersion} ${own}`;
  const isKnown = rows.has(key) || rows.size < ROWS_MAX;
  const place = isKnown ? key : `${protocolVersion} ${OTHER}`;
  const row = rows.get(place) ?? emptyRow(isKnown ? own : OTHER, protocolVersion);
  rows.set(place, row);
  return row;
}

function emptyRow(listener: string, protocolVersion: number): Traffic {
  return {
    listener,
    protocolVersion,
    connectionsCurrent: 0,
    bytesReceived: 0,
    bytesSent: 0,
    messagesReceived: 0,
    messagesSent: 0,
  };
}

function add(row: Traffic, { counters }: Connection): void {
  row.bytesReceived += counters.bytesReceived;
  row.bytesSent += counters.bytesSent;
  row.messagesReceived += counters.publishesReceived;
  row.messagesSent += counters.publishesSent;
}
