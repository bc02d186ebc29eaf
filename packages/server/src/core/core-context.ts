import type { DecodeLimits, Packet } from "@anax/protocol";
import type { AccessPort } from "./access/authorizer.ts";
import type { BytePool } from "./byte-pool.ts";
import type { BacklogPart } from "./connection/backlog.ts";
import type { BanCandidate, RefusedClient } from "./connection/refusal.ts";
import type { Connection } from "./connection/connection.ts";
import type { Sampling } from "./connection/sampling.ts";
import type { TrafficTotals } from "./connection/traffic.ts";
import type { Stranger } from "./connection/stranger.ts";
import type { CoreOptions } from "./core-options.ts";
import type { Newcomers } from "./receiving/newcomers.ts";
import type { UnfinishedConnects } from "./receiving/unfinished-connects.ts";
import type { InFlightBytes } from "./owed/in-flight-bytes.ts";
import type { DeliveryNotices } from "./owed/delivery-notices.ts";
import type { Rooms } from "./delivering/rooms.ts";
import type { WaitingMessages } from "./delivering/waiting-messages.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Hooks } from "./hooks/hooks.ts";
import type { Journal } from "./journal/journal.ts";
import type { ClockReading } from "./journal/server-time.ts";
import type { Peers } from "./peers/peers.ts";
import type { PublisherLanes } from "./publishing/publisher-lanes.ts";
import type { RetainedMessages } from "./retained/retained-messages.ts";
import type { HoldOffs } from "./rates/hold-off.ts";
import type { RateTable } from "./rates/rate-table.ts";
import type { Router } from "./routing/router.ts";
import type { Runs } from "./runs/runs.ts";
import type { Session } from "./sessions/session.ts";
import type { Sessions } from "./sessions/sessions.ts";
import type { ShortCuts } from "./short-cuts.ts";
import type { Statistics } from "./statistics.ts";
import type { FanOuts } from "./turn/fan-outs.ts";
import type { Tracing } from "./tracing/tracing.ts";
import type { PunctualTime } from "./turn/punctual-time.ts";
import type { Turn } from "./turn/turn.ts";
import type { NewsLanes } from "./works/news-lanes.ts";
import type { Works } from "./works/works.ts";

/** The parts of a server that the handling of packets works with. `ServerCore` is the one that there is. */
export interface CoreContext {
  readonly options: CoreOptions;
  readonly hooks: Hooks;
  /** Which quicker ways handlers and options leave open. */
  readonly shortCuts: ShortCuts;
  /** Says what clients may do; undefined if nothing is to be asked of any of them. */
  readonly authorizer: AccessPort | undefined;
  /** Grows with each change of the rules of access. */
  readonly accessEpoch: number;
  readonly statistics: Statistics;
  readonly router: Router;
  readonly sessions: Sessions;
  readonly retained: RetainedMessages;
  readonly deadlines: Deadlines<CoreContext>;
  readonly pool: BytePool;
  /** Parts of the backlogs of all clients, oldest first: the first one is that of the slowest. */
  readonly backlogParts: Set<BacklogPart>;
  /** Undefined if nothing outlives the process. */
  readonly journal: Journal | undefined;
  /** Messages in queues, where there is no journal. */
  readonly waiting: WaitingMessages;
  /** Receivers whose queues are full, and what waits for them. */
  readonly rooms: Rooms;
  /** Connections whose output waits for the journal. */
  readonly gated: Set<Connection>;
  /** Connections that are not read until the store has taken what waits for it, longest waiting first. */
  readonly heldBack: Set<Connection>;
  /** How far this turn of the loop has come, and what waits for one. */
  readonly turn: Turn;
  /** The same with steps over retained messages. */
  readonly replayTurn: Turn;
  /** The run that packets are read into, and those whose handlers have not answered. */
  readonly runs: Runs;
  /** Time in which the server itself keeps nobody waiting. */
  readonly punctual: PunctualTime;
  /** Messages that are given to thousands of receivers. */
  readonly fanOuts: FanOuts;
  /** How long messages take, of some. */
  readonly sampling: Sampling;
  /** What connections counted that are gone. */
  readonly traffic: TrafficTotals;
  /** Traces that are going on. */
  readonly tracing: Tracing;
  /** What waits for handlers, or for the store. */
  readonly works: Works;
  /** The order of what each publisher publishes. */
  readonly lanes: PublisherLanes;
  /** News of clients, told to handlers one after the other. */
  readonly news: NewsLanes;
  readonly decodeLimits: DecodeLimits;
  /**
   * The server's own time in milliseconds, of which all times are that the core keeps: no setting of the wall clock moves
   * it, and with a store it goes on at the next start.
   */
  readonly now: number;
  /** What the clocks of the machine say at this moment; undefined if nobody knows. */
  readClocks(): ClockReading | undefined;
  /** A time of the server's own as the wall clock would tell it, in milliseconds since 1970. */
  toWallMs(atMs: number): number;
  /** Steps over retained messages that this turn still allows. */
  retainedStepsLeft: number;
  /** A new Client Identifier for a client that has none. */
  newClientId(): string;
  /** Told of each client that is not let in; undefined if nobody wants to know. */
  readonly refused: ((client: RefusedClient) => void) | undefined;
  /** The other servers of the cluster; undefined if this one is alone. */
  readonly peers: Peers | undefined;
  /** How much clients may send and get; undefined if there is no limit. */
  readonly rates: RateTable | undefined;
  /** Who comes again and again; undefined where that is not looked at. */
  readonly holdOffs: HoldOffs;
  /** Whether a client is banned; undefined if none can be. */
  readonly isBanned: ((client: BanCandidate) => boolean) | undefined;
  /** Something is wrong that who runs the server should know: to be logged as a warning. */
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Bytes of messages in flight. */
  readonly inFlight: InFlightBytes;
  /** Clients whose CONNECT has come. */
  readonly newcomers: Newcomers;
  /** Bytes of clients that are not let in yet. */
  readonly unfinishedConnects: UnfinishedConnects;
  /** Told of what is not delivered; undefined if nobody wants to know. */
  readonly notices: DeliveryNotices | undefined;
  /** Told of each connection that ends before CONNECT; undefined if nobody wants to know. */
  readonly stranger: ((stranger: Stranger) => void) | undefined;
  /** A defect showed outside of any packet: told to whoever runs the server. */
  readonly report: (error: unknown) => void;
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
