import { Framer } from "@anax/protocol";
import type { ConnectPacket, ProtocolVersion, QoS } from "@anax/protocol";
import type { ClientAccess } from "../access/client-access.ts";
import { NOTHING_AGREED } from "./agreement.ts";
import type { Agreement } from "./agreement.ts";
import type { BytePool } from "../byte-pool.ts";
import type { Deadline } from "../deadlines.ts";
import type { Refusal } from "./refusal.ts";
import type { InFlightBytes } from "../owed/in-flight-bytes.ts";
import type { OutgoingAliases } from "./outgoing-aliases.ts";
import type { AuthenticationState } from "./authentication-state.ts";
import type { ClientContext, SessionItems } from "../hooks/client-context.ts";
import type { EventSource } from "../hooks/hook-event.ts";
import type { DisconnectType } from "../hooks/connection-events.ts";
import type { Identity } from "../hooks/identity.ts";
import { hideBytes } from "../inspecting.ts";
import { Intake } from "./intake.ts";
import type { OutboundInterception } from "./intercepting.ts";
import type { Lockstep } from "./lockstep.ts";
import { Output } from "./output.ts";
import { RecentNumbers } from "./recent-numbers.ts";
import type { Resumption } from "./resumption.ts";
import type { ReceivedAliases } from "./received-aliases.ts";
import type { KnownProperties } from "../message/known-properties.ts";
import type { RetainedOwner } from "../rates/kept-limits.ts";
import type { Meter } from "../rates/meter.ts";
import { RUN_PACKETS_MAX } from "../message/publish-run.ts";
import type { Session } from "../sessions/session.ts";
import type { Peer, Wire } from "../wire.ts";

/** Refused QoS 2 messages of one client whose PUBREL is still known: clients that send it do so at once. */
const REFUSED_IDENTIFIERS_MAX = 1_000;

/** How far a connection has come. */
export type ConnectionState = "opened" | "authenticating" | "connected" | "closing" | "closed";

/** How a connection ended, collected while it ends. */
export interface Ending {
  type: DisconnectType;
  reasonCode?: number;
  reasonString?: string;
  userProperties?: readonly (readonly [string, string])[];
  error?: Error;
  /** False once DISCONNECT 0x00 has come: the Will is not published [MQTT-3.14.4-3]. */
  willIsDue: boolean;
  /** True: the session ends with the connection, whatever its expiry interval. */
  endsSession?: boolean;
}

/** Counters of one connection. */
export class ConnectionCounters {
  bytesReceived = 0;
  bytesSent = 0;
  packetsReceived = 0;
  packetsSent = 0;
  publishesReceived = 0;
  publishesSent = 0;

  /** Counts from zero again. */
  reset(): void {
    Object.assign(this, new ConnectionCounters());
  }
}

/**
 * One Network Connection: its bytes in both directions and what was agreed at CONNECT. It holds
 * state; the packets are handled in `receiving` and the files that it names.
 */
export class Connection implements EventSource {
  readonly wire: Wire;
  readonly peer: Peer;
  readonly framer: Framer;
  /** What has come, and what becomes of it. */
  readonly intake: Intake;
  /** What is to be sent. */
  readonly output: Output;
  readonly counters: ConnectionCounters = new ConnectionCounters();
  readonly connectedAtMs: number;
  state: ConnectionState = "opened";
  version: ProtocolVersion = 4;
  clientId = "";
  userName: string | undefined;
  /** The user name of CONNECT: who the client says it is, whatever is found out about it. */
  claimedUserName: string | undefined;
  /** What was found out about the client when it was let in, or authenticated itself again. */
  identity: Identity | undefined;
  /** When it ends; undefined if it does not. */
  identityDeadline: Deadline | undefined;
  /** Kept for `clientDisconnected`, where somebody listens to it. */
  password: Uint8Array | undefined;
  session: Session | undefined;
  /** What the client may do; undefined if nothing is asked. */
  access: ClientAccess | undefined;
  /** The client was told that its session goes on. */
  sessionPresent = false;
  /** True once the client was told that it is connected, and `clientConnected` fired. */
  isAnnounced = false;
  /** Number of its CONNECT: who came later has a higher one. */
  arrival = 0;
  /** A trace follows it: its packets are taken and sent one by one. */
  isTraced = false;
  /** What it may send and get; undefined if it has no limits. */
  meter: Meter | undefined;
  /** Position of the journal at which a packet of it was written down last. */
  storedAt = 0;

  /** Its CONNECT is answered with this: there is no place for it. */
  refusal: Refusal | undefined;
  /** Largest packet that the client takes. */
  maximumPacketSize: number = Infinity;
  /** QoS 1 and 2 messages that may be on their way to the client. */
  sendMaximum = 0;
  /** Bytes of messages in flight to all clients; undefined before CONNECT. */
  inFlight: InFlightBytes | undefined;
  /** Topic Aliases that the client offers; `outgoingAliases` may use fewer. */
  topicAliasMaximum = 0;
  requestProblemInformation = true;
  sessionExpiryIntervalAtConnect = 0;
  agreement: Agreement = NOTHING_AGREED;
  lastReceivedAtMs: number;
  /** The same, PINGREQ not counted. */
  lastNonKeepAliveReceivedAtMs: number;
  lastSentAtMs: number;
  /** When bytes came last, whether they finished a packet or not. */
  lastBytesAtMs: number;
  /** How much of an unfinished packet was there when Keep Alive looked last; undefined if it never had to. */
  unfinished: { readonly seenAtMs: number; readonly bytes: number } | undefined;
  /** How long none had come before them. */
  quietMs = 0;
  /** Of a client that publishes to what it is subscribed to. */
  lockstep: Lockstep | undefined;
  deadline: Deadline | undefined;
  aliases: ReceivedAliases | undefined;
  outgoingAliases: OutgoingAliases | undefined;
  authentication: AuthenticationState | undefined;
  /** What earlier connections of its session have left open; undefined if they have left nothing. */
  resumption: Resumption | undefined;
  /** Whose share its retained messages count for, once it has any. */
  retainedOwner: RetainedOwner | undefined;
  /** True once it was said that the client uses identifiers again too early. */
  isReuseTold = false;
  outbound: OutboundInterception | undefined;
  whenClosed: Set<() => void> | undefined;

  /** Packets that one run may hold: few for a client whose messages the interceptor keeps changing. */
  runPacketsMax: number = RUN_PACKETS_MAX;
  /** Properties of the last PUBLISH that were found to be valid: publishers repeat those too. */
  lastProperties: KnownProperties | undefined;
  /** The session whose items are those of the connection; it stays known when the connection has left it. */
  itemsOwner: Session | undefined;
  /** Items from before there was a session; undefined if nobody asked for them. */
  itemsBefore: SessionItems | undefined;
  #ending: Ending | undefined;
  #refusedIdentifiers: RecentNumbers | undefined;

  constructor(fields: {
    wire: Wire;
    peer: Peer;
    pool: BytePool;
    maximumPacketSize: number;
    nowMs: number;
  }) {
    this.wire = fields.wire;
    this.peer = fields.peer;
    this.framer = new Framer(fields.maximumPacketSize);
    this.intake = new Intake(fields.wire);
    this.output = new Output(fields.pool);
    this.connectedAtMs = fields.nowMs;
    this.lastReceivedAtMs = fields.nowMs;
    this.lastNonKeepAliveReceivedAtMs = fields.nowMs;
    this.lastSentAtMs = fields.nowMs;
    this.lastBytesAtMs = fields.nowMs;
  }

  /** True once the transport is gone. */
  get isClosed(): boolean {
    return this.state === "closed";
  }

  /** True while packets may be sent. */
  get isOpen(): boolean {
    return this.state !== "closing" && this.state !== "closed";
  }

  /** True while packets of it are taken as they come: none waits for a turn, or holds up the next. */
  get isAtWork(): boolean {
    return this.isOpen && this.intake.isFree;
  }

  /** True while there is a client that waits for an answer and can go on after it. */
  get isAwaited(): boolean {
    return this.isOpen && !this.intake.isEnded;
  }

  /** True if messages may be put into the outbox now. */
  get takesMessages(): boolean {
    return this.roomBytes > 0;
  }

  /** As long as there is room, a message may be put into the outbox, however large it is; not above 0 if it may not. */
  get roomBytes(): number {
    return this.isOpen && this.outbound?.isFull !== true ? this.output.roomBytes : 0;
  }

  /** True if messages may be put into the outbox as soon as this turn's output was written. */
  get waitsForTurn(): boolean {
    return this.isOpen && this.output.isFullForTurn;
  }

  /** True if the packets to this client depend on nothing but protocol version and QoS, and are not to be told of one by one. */
  get isPlain(): boolean {
    return this.outgoingAliases === undefined && this.outbound === undefined && !this.isTraced;
  }

  /** Identifiers of QoS 2 messages that were refused on this connection, and whose PUBREL may come all the same. */
  get refusedIdentifiers(): RecentNumbers {
    return (this.#refusedIdentifiers ??= new RecentNumbers(REFUSED_IDENTIFIERS_MAX));
  }

  /** How it ends, made when that begins. */
  get ending(): Ending {
    return (this.#ending ??= { type: "notClean", willIsDue: true });
  }

  /** Items of the session, made when somebody asks for them. */
  get sessionItems(): SessionItems {
    return this.itemsOwner?.items ?? (this.itemsBefore ??= new Map());
  }

  /** Notes who CONNECT says it is, before it is known to be true. */
  introduce(packet: ConnectPacket): void {
    if (packet.password !== undefined) hideBytes(packet.password);
    this.version = packet.protocolVersion;
    this.clientId = packet.clientId;
    this.userName = packet.userName;
    this.claimedUserName = packet.userName;
  }

  /** Who this is, for extension events. */
  get context(): ClientContext {
    return {
      clientId: this.clientId,
      ...(this.userName === undefined ? {} : { userName: this.userName }),
      ...(this.identity === undefined ? {} : { identity: this.identity }),
      protocolVersion: this.version,
      peer: this.peer,
      sessionItems: this.sessionItems,
    };
  }
}

/** The lower of two QoS. */
export function lowerQos(one: QoS, other: QoS): QoS {
  return one < other ? one : other;
}
