import { ProtocolError, showValue } from "@anax/protocol";
import type { Packet } from "@anax/protocol";
import { Resumption } from "../connection/resumption.ts";
import type { Connection } from "../connection/connection.ts";
import { sendPacket } from "../connection/outgoing.ts";
import type { PeersContext } from "./peers-context.ts";
import { pump } from "../delivering/delivering.ts";
import { abandonQueue } from "../delivering/taking-queued.ts";
import { dismiss } from "../endings/closing.ts";
import type { Pending, Task } from "../pending.ts";
import { Interests, PEER_CLIENT_ID } from "../routing/interest.ts";
import type { Interest } from "../routing/interest.ts";
import { PeerSession } from "../sessions/peer-session.ts";
import type { PeerName } from "../sessions/peer-session.ts";
import { readFrame, writeFrame } from "./link-frames.ts";
import type { Hello, LinkFrame } from "./link-frames.ts";
import {
  PeerLink,
  peerSubscription,
  putPeerSubscription,
  removePeerSubscription,
} from "./peer-link.ts";

/** More links each server cannot have: there is a bit for each in a number. */
export const SHARDS_MAX = 32;
const SEND_MAXIMUM = 65_535;
const PACKET_SIZE_MAX = 268_435_460;
const SESSION_TAKEN_OVER = 0x8e;
const NOT_AUTHORIZED = 0x87;

/** Which server of which cluster this one is. */
export type PeerSettings = Hello;

/**
 * The other servers of a cluster. Each has a session here that lasts; a link is its connection, and what is published is
 * delivered to it as to a client. What clients here subscribe to is told to all of them before SUBACK.
 */
export class Peers {
  readonly #core: PeersContext;
  readonly #settings: PeerSettings;
  readonly #interests: Interests;
  readonly #sessions: Map<number, PeerSession> = new Map();
  /** Undefined until it is known whose link it is. */
  readonly #links: Map<Connection, PeerLink | undefined> = new Map();
  /** A bit for each of the others. */
  readonly #all: number;

  constructor(core: PeersContext, settings: PeerSettings) {
    const { shard, shards } = settings;
    if (!(shards >= 1 && shards <= SHARDS_MAX && shard >= 0 && shard < shards))
      throw new RangeError(`shard ${shard} of ${shards}: there are 1 to ${SHARDS_MAX}, from 0 on`);
    this.#core = core;
    this.#settings = settings;
    this.#all = bitsBelow(shards) & ~bitOf(shard);
    this.#interests = new Interests({
      wanted: (interest) => this.#current((link) => link.subscribe([interest])),
      unwanted: (interest) => this.#current((link) => link.unsubscribe(interest)),
    });
    core.router.interests = this.#interests;
  }

  /** The session of one of the others; undefined before `begin`. */
  session(shard: number): PeerSession | undefined {
    return this.#sessions.get(shard);
  }

  /** True if there is a link to it. */
  isLinked(shard: number): boolean {
    return this.#sessions.get(shard)?.connection !== undefined;
  }

  /** The store has it: it is filled by who has read that. */
  restore(name: PeerName, createdAtMs: number): PeerSession {
    const session = new PeerSession(name, createdAtMs);
    this.#sessions.set(name.shard, session);
    return session;
  }

  /** The same of one of its subscriptions. */
  restoreSubscription(session: PeerSession, filter: string): void {
    putPeerSubscription(this.#core, peerSubscription(this.#core, session, filter));
  }

  /** All that the store has, if there is one, is there: those of whom it has nothing begin. */
  begin(): void {
    const { journal, now } = this.#core;
    for (let shard = 0; shard < this.#settings.shards; shard += 1) {
      if (shard === this.#settings.shard || this.#sessions.has(shard)) continue;
      const session = this.restore({ shard, epoch: 0 }, now);
      journal?.unlistedSession(session);
    }
  }

  /** What is kept of them is forgotten, as the store keeps it. */
  abandon(): void {
    for (const session of this.#sessions.values()) {
      session.number = 0;
      session.isDeleted = true;
      abandonQueue(this.#core, session);
      for (const subscription of Array.from(session.subscriptions.values()))
        removePeerSubscription(this.#core, subscription);
    }
    this.#sessions.clear();
  }

  /** A connection was made to one of the others, or by it: both ends say who they are. */
  open(connection: Connection): void {
    this.begin();
    connection.state = "connected";
    connection.version = 5;
    connection.clientId = PEER_CLIENT_ID;
    connection.output.isWelcomed = true;
    connection.maximumPacketSize = Infinity;
    connection.framer.maximumPacketSize = PACKET_SIZE_MAX;
    this.#links.set(connection, undefined);
    (connection.whenClosed ??= new Set()).add(() => this.#links.delete(connection));
    sendPacket(this.#core, connection, writeFrame({ type: "hello", ...this.#settings }));
  }

  /** Waits until all of the others know these filters, as far as there still are subscriptions to them. */
  *known(filters: readonly string[]): Task {
    const unknown = new Set<Interest>();
    for (const filter of filters) {
      const interest = this.#interests.get(filter);
      if (interest !== undefined && interest.knownTo !== this.#all) unknown.add(interest);
    }
    if (unknown.size === 0) return;
    let left = unknown.size;
    const whenSettled: Pending["whenSettled"] = (resume) => {
      const one = (): void => {
        left -= 1;
        if (left === 0) resume();
      };
      for (const interest of unknown) (interest.waiting ??= []).push(one);
    };
    yield { kind: "store", whenSettled };
  }

  /** Takes a packet of a link that is about the link; false for all others, which are taken as those of clients are. */
  take(connection: Connection, packet: Packet): boolean {
    if (!this.#links.has(connection)) return false;
    const link = this.#links.get(connection);
    if (link === undefined) {
      const frame = packet.type === "auth" ? readFrame(packet) : undefined;
      if (frame?.type !== "hello") throw new ProtocolError(`${packet.type} on a link before hello`);
      this.#greeted(connection, frame);
      return true;
    }
    switch (packet.type) {
      case "auth":
        this.#takeFrame(link, readFrame(packet));
        return true;
      case "subscribe":
        link.takeSubscribe(packet);
        return true;
      case "unsubscribe":
        link.takeUnsubscribe(packet);
        return true;
      case "suback":
        this.#known(link, packet.packetIdentifier);
        return true;
      case "unsuback":
        return true;
      default:
        return false;
    }
  }

  #takeFrame(link: PeerLink, { type }: LinkFrame): void {
    if (type === "interestBegins") return link.interestBegins();
    if (type === "interestEnds") return link.interestEnds();
    throw new ProtocolError("a second hello");
  }

  #known(link: PeerLink, packetIdentifier: number): void {
    const bit = bitOf(link.session.shard);
    for (const interest of link.answered(packetIdentifier)) {
      interest.knownTo |= bit;
      if (interest.knownTo === this.#all) interest.resume();
    }
  }

  #greeted(connection: Connection, hello: Hello): void {
    const { cluster, shards, shard: own } = this.#settings;
    if (hello.cluster !== cluster || hello.shards !== shards) {
      const reasonString = `this is cluster ${showValue(cluster)} with ${shards} shards, not ${showValue(hello.cluster)} with ${hello.shards}`;
      return dismiss(this.#core, connection, { reasonCode: NOT_AUTHORIZED, reasonString });
    }
    const session = this.#sessions.get(hello.shard);
    if (session === undefined) {
      const reasonString = `shard ${hello.shard} is not linked with shard ${own} of ${shards}`;
      return dismiss(this.#core, connection, { reasonCode: NOT_AUTHORIZED, reasonString });
    }
    if (hello.epoch < session.epoch) {
      const reasonString = `epoch ${hello.epoch} of shard ${hello.shard} is over: ${session.epoch} is known`;
      return dismiss(this.#core, connection, { reasonCode: SESSION_TAKEN_OVER, reasonString });
    }
    this.#attach(connection, session, hello.epoch);
  }

  /** From now on the connection is the link. Nothing that comes on it is acknowledged before its epoch is stored. */
  #attach(connection: Connection, session: PeerSession, epoch: number): void {
    const core = this.#core;
    const older = session.connection;
    if (older !== undefined) dismiss(core, older, { reasonCode: SESSION_TAKEN_OVER });
    core.deadlines.cancel(connection.deadline);
    connection.deadline = undefined;
    session.epoch = epoch;
    session.disconnectedAtMs = undefined;
    session.connection = connection;
    connection.session = session;
    connection.itemsOwner = session;
    connection.sendMaximum = SEND_MAXIMUM;
    connection.resumption = Resumption.of(session);
    connection.output.isHeld = false;
    if (session.isDurable) core.journal?.session(session);
    const link = new PeerLink(core, connection, session);
    this.#links.set(connection, link);
    link.tellAll(this.#interests);
    pump(core, session);
  }

  /** Does something on each link that is the one of its session. */
  #current(act: (link: PeerLink) => void): void {
    for (const [connection, link] of this.#links)
      if (link !== undefined && connection.session === link.session) act(link);
  }
}

function bitOf(shard: number): number {
  return 1 << shard;
}

function bitsBelow(shards: number): number {
  return shards === SHARDS_MAX ? -1 : (1 << shards) - 1;
}
