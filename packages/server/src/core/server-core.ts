import type { DecodeLimits, Packet } from "@anax/protocol";
import type { AccessPort } from "./access/authorizer.ts";
import type { ApplicationMessage } from "./message/application-message.ts";
import { BytePool } from "./byte-pool.ts";
import type { BacklogPart } from "./connection/backlog.ts";
import {
  FENCED,
  connectionClosed,
  dismiss,
  dismissAll,
  endWhenAnswered,
  fail,
  endUnjudged,
  leaveUnanswered,
} from "./endings/closing.ts";
import type { Dismissal } from "./endings/closing.ts";
import type { BanCandidate, Refusal, RefusedClient } from "./connection/refusal.ts";
import { Connection } from "./connection/connection.ts";
import type { CoreContext } from "./core-context.ts";
import type { CoreOptions } from "./core-options.ts";
import type { CorePorts } from "./core-ports.ts";
import { stopPacing } from "./connection/lockstep.ts";
import { Newcomers } from "./receiving/newcomers.ts";
import { noteUnfinished, UnfinishedConnects } from "./receiving/unfinished-connects.ts";
import { InFlightBytes } from "./owed/in-flight-bytes.ts";
import type { DeliveryNotices } from "./owed/delivery-notices.ts";
import { wakeWaiting } from "./delivering/making-room.ts";
import { Rooms } from "./delivering/rooms.ts";
import { WaitingMessages } from "./journal/waiting-messages.ts";
import { Deadlines } from "./deadlines.ts";
import { pump } from "./delivering/delivering.ts";
import type { Hooks } from "./hooks/hooks.ts";
import { watchConnect } from "./receiving/keeping-alive.ts";
import type { Published } from "./message/published.ts";
import { PublisherLanes } from "./publishing/publisher-lanes.ts";
import { injectionOf } from "./publishing/injecting.ts";
import type { InjectionSender } from "./publishing/injecting.ts";
import { Runs } from "./runs/runs.ts";
import { readOn, receive } from "./receiving/receiving.ts";
import { RetainedMessages } from "./retained/retained-messages.ts";
import { STEPS_PER_TURN } from "./retained/retained-replay.ts";
import { Commits } from "./recovery/commits.ts";
import type { CheckpointExtent, CheckpointPolicy, Commit } from "./recovery/commits.ts";
import { Journal } from "./journal/journal.ts";
import type { JournalHealth } from "./journal/journal.ts";
import { recover } from "./recovery/recovery.ts";
import type { ClockMovement, ClockReading } from "./journal/server-time.ts";
import type { StoredState } from "./recovery/stored-state.ts";
import { holdOffsOf } from "./rates/hold-off.ts";
import { Peers } from "./peers/peers.ts";
import { RateTable } from "./rates/rate-table.ts";
import { Router } from "./routing/router.ts";
import { abandonSession, endSession } from "./endings/session-ending.ts";
import type { Session } from "./sessions/session.ts";
import { Sessions } from "./sessions/sessions.ts";
import { ShortCuts } from "./hooks/short-cuts.ts";
import { Statistics } from "./statistics.ts";
import { openGates, refusalToStore } from "./connection/storing.ts";
import type { Stranger } from "./connection/stranger.ts";
import { FanOuts } from "./publishing/fan-outs.ts";
import { PoolTrimming } from "./turn/pool-trimming.ts";
import { PunctualTime } from "./turn/punctual-time.ts";
import { STEPS, Turn } from "./turn/turn.ts";
import { UnfinishedSessions } from "./endings/unfinished-sessions.ts";
import { Unwritten } from "./connection/unwritten.ts";
import { letOn } from "./connection/holding-back.ts";
import { writeOut, writeOutput } from "./connection/writing.ts";
import type { Peer, Wire } from "./wire.ts";
import { NewsLanes } from "./works/news-lanes.ts";
import { Sampling } from "./connection/sampling.ts";
import { TrafficTotals } from "./connection/traffic.ts";
import { Tracing } from "./tracing/tracing.ts";
import { Works } from "./works/works.ts";

/**
 * A whole MQTT server without sockets, timers and promises: bytes in, bytes out, and time is what `now` says.
 * This class ties the parts together and hands on; what happens to a packet is in `receiving` and the
 * files that it names. Whoever runs it sets `now` before each call.
 */
export class ServerCore implements CoreContext {
  now = 0;
  readonly options: CoreOptions;
  readonly hooks: Hooks;
  readonly shortCuts: ShortCuts;
  readonly authorizer: AccessPort | undefined;
  accessEpoch = 1;
  readonly statistics: Statistics = new Statistics();
  readonly router: Router;
  readonly sessions: Sessions = new Sessions();
  readonly retained: RetainedMessages;
  readonly deadlines: Deadlines<this> = new Deadlines<this>(this);
  readonly pool: BytePool = new BytePool();
  readonly backlogParts: Set<BacklogPart> = new Set();
  readonly decodeLimits: DecodeLimits;
  readonly connections: Set<Connection> = new Set();
  readonly gated: Set<Connection> = new Set();
  readonly heldBack: Set<Connection> = new Set();
  readonly turn: Turn;
  readonly replayTurn: Turn;
  readonly fanOuts: FanOuts;
  readonly punctual: PunctualTime;
  readonly tracing: Tracing = new Tracing();
  readonly sampling: Sampling;
  readonly traffic: TrafficTotals = new TrafficTotals();
  readonly works: Works = new Works(() => this.now);
  readonly lanes: PublisherLanes = new PublisherLanes();
  readonly news: NewsLanes = new NewsLanes(this);
  readonly runs: Runs = new Runs();
  retainedStepsLeft: number = STEPS_PER_TURN;
  journal: Journal | undefined;
  readonly waiting: WaitingMessages = new WaitingMessages();
  readonly rooms: Rooms = new Rooms();
  readonly report: (error: unknown) => void;
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  readonly refused: ((client: RefusedClient) => void) | undefined;
  readonly peers: Peers | undefined;
  readonly rates: RateTable | undefined;
  readonly holdOffs: CoreContext["holdOffs"];
  readonly isBanned: ((client: BanCandidate) => boolean) | undefined;
  readonly notices: DeliveryNotices | undefined;
  readonly stranger: ((stranger: Stranger) => void) | undefined;
  readonly inFlight: InFlightBytes;
  readonly unfinishedConnects: UnfinishedConnects;
  readonly newcomers: Newcomers = new Newcomers();
  readonly #ports: CorePorts;
  #commits: Commits | undefined;
  readonly #unwritten: Unwritten = new Unwritten();
  readonly #unfinished: UnfinishedSessions = new UnfinishedSessions();
  #isFlushRequested = false;
  readonly #trimming: PoolTrimming = new PoolTrimming(this);

  constructor(options: CoreOptions, ports: CorePorts) {
    this.options = options;
    this.hooks = ports.hooks;
    this.authorizer = ports.authorizer;
    this.shortCuts = new ShortCuts(ports.hooks, options);
    this.#ports = ports;
    this.router = new Router(ports.seed, ports.budget?.nodes);
    this.retained = new RetainedMessages(ports.seed);
    this.report = (error) => ports.report(error);
    this.warn = (message, fields) => ports.warn?.(message, fields);
    this.refused = ports.refused;
    this.holdOffs = holdOffsOf(ports.holdOff ?? {});
    this.peers = ports.peers && new Peers(this, ports.peers);
    this.rates = ports.rateLimits && new RateTable(ports.rateLimits);
    this.isBanned = ports.isBanned;
    this.notices = ports.notices;
    this.stranger = ports.stranger;
    this.inFlight = new InFlightBytes({
      perSession: options.inFlightBytesMax,
      total: options.inFlightBytesTotalMax,
    });
    this.unfinishedConnects = new UnfinishedConnects(options.unfinishedConnectBytesMax);
    const currentMs = ports.currentMs ?? ((): number => 0);
    const requestTurn = (): void => this.#requestFlush();
    this.turn = new Turn(currentMs, requestTurn, ports.budget);
    this.replayTurn = new Turn(currentMs, () => undefined, ports.budget);
    this.punctual = new PunctualTime(currentMs);
    this.sampling = new Sampling(currentMs, ports.delivered);
    this.fanOuts = new FanOuts(
      this.turn,
      () => this.#ports.requestCommit("now"),
      ports.budget?.receivers,
    );
    this.decodeLimits = {
      userPropertiesMax: options.userPropertiesMax,
      userPropertyBytesMax: options.userPropertyBytesMax,
    };
  }

  /**
   * A Network Connection was made. CONNECT must come within `connectTimeoutMs`. `refusal`: what it is answered in any case, for want
   * of a place; then it must come soon.
   */
  open(wire: Wire, peer: Peer, refusal?: Refusal): Connection {
    const connection = new Connection({
      wire,
      peer,
      pool: this.pool,
      maximumPacketSize: Math.min(this.options.connectSizeMax, this.options.maximumPacketSize),
      nowMs: this.now,
    });
    connection.refusal = refusal;
    this.connections.add(connection);
    if (this.tracing.isOn) this.tracing.mark(connection);
    wire.limitMessages?.(connection.framer.maximumPacketSize);
    watchConnect(this, connection);
    return connection;
  }

  /** A connection was made to another server of the cluster, or by it: it is a link when both ends have said who they are. */
  openLink(wire: Wire, peer: Peer): Connection {
    const connection = this.open(wire, peer);
    this.peers?.open(connection);
    return connection;
  }

  /** Bytes came. They are read during the call only; what must be kept is copied. */
  receive(connection: Connection, chunk: Uint8Array): void {
    receive(this, connection, chunk);
    if (connection.state !== "connected") noteUnfinished(this, connection);
  }

  /** Bytes came that the wire of this connection gathers. */
  gathered(connection: Connection): void {
    if (connection.state !== "connected") noteUnfinished(this, connection);
  }

  /** The wire of this connection, which had refused more, has taken everything. */
  drained(connection: Connection): void {
    if (!connection.output.isCongested) return;
    connection.output.letGoOfWire();
    if (connection.meter?.drained() === true) return;
    connection.output.isCongested = false;
    writeOutput(this, connection);
    if (connection.output.isCongested) return;
    connection.intake.holdAnswers(false);
    if (connection.session !== undefined) pump(this, connection.session);
  }

  /** The peer sends no more. What it sent is answered, then the connection ends. */
  ended(connection: Connection): void {
    connection.intake.isEnded = true;
    this.touch(connection);
  }

  /**
   * The transport is gone. What had come before is still taken, in its turns: its last packet may be DISCONNECT, without which the
   * Will is published. The ends of many connections wait for theirs.
   */
  closed(connection: Connection, error?: Error): void {
    connection.intake.isEnded = true;
    const end = (): boolean => {
      if (connection.intake.isLate || connection.intake.isCut) return true;
      this.#end(connection, error);
      return false;
    };
    if (this.turn.isOver || end()) this.turn.queue({ goOn: end });
  }

  #end(connection: Connection, error: Error | undefined): void {
    connectionClosed(this, connection, error);
    this.unfinishedConnects.forget(connection);
    this.connections.delete(connection);
    this.turn.spend(STEPS.close);
  }

  /**
   * One turn of the loop: ends the waits of runs, reads on what earlier ones had no time for, hands waiting output to the wires, then lets sessions that
   * stopped at a limit go on.
   */
  flush(): void {
    this.runs.cut();
    this.turn.goOn(this.#readLate);
    this.#isFlushRequested = false;
    if (this.rooms.wakeful.size > 0) {
      this.turn.begin();
      wakeWaiting(this);
    }
    this.turn.begin();
    this.#unwritten.write(this.turn, this.#flush);
    this.retainedStepsLeft = STEPS_PER_TURN;
    this.#trimming.look();
    this.replayTurn.begin();
    this.#unfinished.goOn(this);
    // What comes now has a time of its own.
    this.turn.begin();
    this.turn.took(this.punctual.end());
    if (this.#isFlushRequested) this.punctual.begin();
    if (this.turn.waiting > 0 || this.#unwritten.isLate) this.#requestFlush();
  }

  /** A turn lasts, since thousands are read in it: hands messages for others to their wires meanwhile. */
  flushMessages(): void {
    this.#unwritten.writeSome(this.#flush);
  }

  readonly #readLate = (connection: Connection): void => readOn(this, connection);

  /** What goes wrong with one connection must not keep the others from their turn. */
  readonly #flush = (connection: Connection): void => {
    try {
      writeOutput(this, connection);
      if (connection.intake.isEnded) endWhenAnswered(this, connection);
    } catch (error) {
      fail(this, connection, error);
    }
  };

  /** When `runDeadlines` is to be called next, as `now`; Infinity if nothing waits for a time. */
  get nextDeadline(): number {
    return this.deadlines.next;
  }

  /** Does what is due, as far as a turn has time for it: `nextDeadline` tells of the rest. */
  runDeadlines(): void {
    this.turn.begin();
    this.deadlines.runDue(this.now, () => this.turn.spend(STEPS.deadline) && this.turn.isOver);
    this.turn.begin();
  }

  /**
   * Publishes from the server itself, through the same pipeline as a client's message. Calls `done`, or `failed` if the
   * message cannot be, or something broke.
   */
  inject(
    message: ApplicationMessage,
    sender: InjectionSender,
    done: (published: Published) => void,
    failed: (error: unknown) => void,
  ): void {
    const { origin, task } = injectionOf(this, message, sender);
    this.sampling.beginOwn(message, origin.clientId);
    this.works.run("injectApplicationMessage", origin, task, done, failed);
    this.sampling.close(this);
  }

  /** Ends every connection, as when the server stops. */
  disconnectAll(dismissal: Dismissal): void {
    dismissAll(this, this.connections, dismissal);
  }

  /** Forgets all sessions and retained messages. Connections must have been ended before. */
  clear(): void {
    for (const session of Array.from(this.sessions)) endSession(this, session, "deleted");
    this.retained.clear();
    this.#countRetained();
  }

  /**
   * Makes the server what the store says and writes down what happens from now on. Before any connection.
   */
  startJournal(state: StoredState, policy: CheckpointPolicy): void {
    const journal = new Journal({
      position: state.position + 1,
      messages: state.messages,
      dirtyTopics: state.changedTopics,
      requestCommit: (urgency) => this.#ports.requestCommit(urgency),
      rowLimits: policy.rowLimits,
    });
    this.journal = journal;
    recover(this, journal, state);
    this.peers?.begin();
    this.#commits = new Commits(this, journal, policy, state.bytes);
    this.#commits.watchClocks();
  }

  /**
   * What is to be committed next; undefined if nothing is, or a message is just given to thousands: then it is asked for later.
   * `logBytes`: bytes of the store's log, 0 if it is none.
   */
  nextCommit(logBytes = 0): Commit | undefined {
    if (this.fanOuts.keepsCommit()) return undefined;
    const commit = this.#commits?.next(logBytes);
    letOn(this);
    return commit;
  }

  readClocks(): ClockReading | undefined {
    return this.#ports.readClocks?.();
  }

  /** In whole milliseconds: clocks are read one after the other, so there is no more to say. */
  toWallMs(atMs: number): number {
    return Math.round(atMs + (this.#ports.wallAheadMs?.() ?? 0));
  }

  /** Looks whether the clocks of the machine were set; if so, `nextCommit` has that, and what it was is given. */
  watchClocks(): ClockMovement | undefined {
    return this.#commits?.watchClocks();
  }

  /** Brings the store's tables up to date with the next commits, so that the journal can shrink; or writes all of them anew. */
  checkpoint(extent: CheckpointExtent = "changes"): void {
    this.#commits?.ask(extent);
  }

  /** True if the next commit is to be made at once: somebody waits for it, or a checkpoint has more to do. */
  get isCommitUrgent(): boolean {
    return this.journal?.isUrgent === true || this.#commits?.isCheckpointing === true;
  }

  /** A commit settled: what waited for it leaves. */
  commitSettled(commit: Commit): void {
    const { journal } = this;
    if (journal === undefined) return;
    journal.health = "good";
    journal.commitSettled(commit.batch?.position ?? journal.committed);
    openGates(this, journal.committed);
  }

  /** A commit failed: nobody is told what is not stored, and durable work is refused until a commit settles. */
  commitFailed(health: Exclude<JournalHealth, "good">): void {
    const { journal } = this;
    if (journal === undefined || journal.health === health) return;
    journal.giveUp(health);
    this.fanOuts.forgetCommit();
    if (health === "fenced") this.disconnectAll(FENCED);
    for (const connection of Array.from(this.gated)) this.leaveUnstored(connection);
    letOn(this);
  }

  leaveUnstored(connection: Connection): void {
    const reasonString =
      this.journal?.health === "full" ? "the store is full" : "the store has failed";
    dismiss(this, connection, { reasonCode: refusalToStore(this) ?? 0, reasonString });
  }

  leaveUnanswered(connection: Connection, answer: Packet): void {
    leaveUnanswered(this, connection, answer);
  }

  failConnection(connection: Connection, error: unknown): void {
    fail(this, connection, error);
  }

  endUnjudged(connection: Connection, direction: "inbound" | "outbound"): undefined {
    endUnjudged(this, connection, direction);
  }

  /** Forgets everything without striking it out of the store, which has been closed. */
  stopJournal(): void {
    this.journal?.endWaiting();
    this.journal = undefined;
    this.#commits = undefined;
    this.deadlines.clear();
    this.#trimming.forget();
    this.peers?.abandon();
    for (const session of Array.from(this.sessions)) abandonSession(this, session);
    this.retained.clear();
    this.#countRetained();
  }

  newClientId(): string {
    let clientId = this.#ports.newClientId();
    while (this.sessions.get(clientId) !== undefined) clientId = this.#ports.newClientId();
    return clientId;
  }

  touch(connection: Connection): void {
    if (connection.output.isListed) return;
    this.#unwritten.add(connection);
    this.#requestFlush();
  }

  flushNow(connection: Connection): void {
    writeOutput(this, connection);
  }

  writeLast(connection: Connection): void {
    connection.output.isCongested = false;
    stopPacing(this, connection);
    writeOut(this, connection, connection.output.outbox);
    // Nothing may follow a DISCONNECT [MQTT-3.14.4-1].
    connection.output.dropBacklog();
  }

  readOn(connection: Connection): void {
    readOn(this, connection);
  }

  continueLater(session: Session): void {
    this.#unfinished.add(session);
    this.#requestFlush();
  }

  #countRetained(): void {
    this.statistics.retainedMessagesCurrent = this.retained.count;
    this.statistics.retainedBytesCurrent = this.retained.bytes;
    this.statistics.retainedPayloadBytesCurrent = this.retained.payloadBytes;
  }

  #requestFlush(): void {
    if (this.#isFlushRequested) return;
    this.#isFlushRequested = true;
    this.punctual.begin();
    this.#ports.requestFlush();
  }
}
