import type { BacklogPart } from "./backlog.ts";
import type { BanCandidate, RefusedClient } from "./refusal.ts";
import type { Connection } from "./connection.ts";
import type { Sampling } from "./sampling.ts";
import type { Packet } from "@anax/protocol";
import type { Session } from "../sessions/session.ts";
import type { Stranger } from "./stranger.ts";
import type { TrafficTotals } from "./traffic.ts";
import type { JournalContext } from "../journal/journal-context.ts";

/** As `JournalContext`, with connections, and with what is asked about them of the layers above. */
export interface ConnectionContext extends JournalContext {
  /** Parts of the backlogs of all clients, oldest first: the first one is that of the slowest. */
  readonly backlogParts: Set<BacklogPart>;
  /** Connections whose output waits for the journal. */
  readonly gated: Set<Connection>;
  /** Connections that are not read until the store has taken what waits for it, longest waiting first. */
  readonly heldBack: Set<Connection>;
  /** How long messages take, of some. */
  readonly sampling: Sampling;
  /** What connections counted that are gone. */
  readonly traffic: TrafficTotals;
  /** Told of each connection that ends before CONNECT; undefined if nobody wants to know. */
  readonly stranger: ((stranger: Stranger) => void) | undefined;
  /** Told of each client that is not let in; undefined if nobody wants to know. */
  readonly refused: ((client: RefusedClient) => void) | undefined;
  /** Whether a client is banned; undefined if none can be. */
  readonly isBanned: ((client: BanCandidate) => boolean) | undefined;
  /** The connection has output: it is written at the end of this turn. */
  touch(connection: Connection): void;
  /** Writes out what the connection has now, because it is much. */
  flushNow(connection: Connection): void;
  /** Ends a connection whose client waits for what will not be stored. */
  leaveUnstored(connection: Connection): void;
  /** Ends a connection whose client cannot be given this answer, since it is too large for it. */
  leaveUnanswered(connection: Connection, answer: Packet): void;
  /** A handler failed that was to judge a packet of the connection, which therefore ends. */
  endUnjudged(connection: Connection, direction: "inbound" | "outbound"): undefined;
  /** Ends a connection that something went wrong with here, and reports that. */
  failConnection(connection: Connection, error: unknown): void;
  /** Writes out the last packets of the connection, even if the peer does not read. */
  writeLast(connection: Connection): void;
  /** Packets of the connection may be read (again). */
  readOn(connection: Connection): void;
  /** The wire of this connection, which had refused more, takes it again. */
  drained(connection: Connection): void;
  /** The session has more to send than this turn allows: goes on in the next. */
  continueLater(session: Session): void;
}
