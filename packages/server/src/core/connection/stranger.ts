import { copyBytes } from "@anax/protocol";
import type { Connection } from "./connection.ts";
import type { ConnectionContext } from "./connection-context.ts";
import { traceConnection } from "../tracing/telling.ts";
import type { Peer } from "../wire.ts";

/** Enough of what came to tell one protocol from another. */
const FIRST_BYTES_MAX = 32;

/** How a connection ends that its peer has closed. */
export const PEER_LEFT = "the peer closed it";

/** A Network Connection that ended before a whole CONNECT had come. */
export interface Stranger {
  readonly peer: Peer;
  /** How it ended, in words. */
  readonly reason: string;
  readonly bytesReceived: number;
  /** Of what it sent, the first few; fewer if there were no more. */
  readonly firstBytes: Uint8Array;
}

/** Counts such a connection and tells of it, just before it ends. */
export function tellStranger(
  core: ConnectionContext,
  connection: Connection,
  reason: string,
): void {
  if (connection.state !== "opened" || connection.intake.isWaiting) return;
  core.statistics.connectionsWithoutConnect += 1;
  const { peer, framer, counters } = connection;
  if (core.tracing.isOn)
    traceConnection(core, connection, { type: "refused", reason: `no CONNECT: ${reason}` });
  core.stranger?.({
    peer,
    reason,
    bytesReceived: counters.bytesReceived,
    // Nothing was read before, so that is where it begins.
    firstBytes: copyBytes(framer.bytes, 0, Math.min(framer.limit, FIRST_BYTES_MAX)),
  });
}
