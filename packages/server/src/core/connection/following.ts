import { decodePacket, decodeVarint, encodeUtf8, PeerError } from "@anax/protocol";
import type { ProtocolVersion, PublishPacket, QoS, UserProperties } from "@anax/protocol";
import type { ConnectionContext } from "./connection-context.ts";
import type { Deadline } from "../deadlines.ts";
import type { ApplicationMessage } from "../message/application-message.ts";
import { qosIn, topicEndOf } from "../message/publish-layout.ts";
import { TokenBucket } from "../rates/token-bucket.ts";
import { hasBytesAt } from "../same-bytes.ts";
import type { Peer } from "../wire.ts";
import type { Connection } from "./connection.ts";
import type { PacketPlace } from "./unread-packets.ts";

const PUBLISH = 3;
const USER_PROPERTY = 0x26;
/** Receivers of one message that are told by name; of the others only how many there are. */
const RECEIVERS_TOLD_MAX = 16;
/** Messages at a time whose receivers were not all written to; more are not followed. */
const OPEN_MAX = 256;
/** A receiver that has not been written to for so long is one that does not read. */
const PATIENCE_MS = 10_000;
const NONE: UserProperties = [];

/** A receiver that was given a message. Times are as `now`. */
export interface FollowedDelivery {
  readonly clientId: string;
  readonly protocolVersion: ProtocolVersion;
  readonly givenAtMs: number;
  /** Undefined if the client did not read for ten seconds, or went away. */
  writtenAtMs: number | undefined;
}

/** Who has published a message that is followed. */
export interface FollowedPublisher {
  /** Empty for the server's own messages, and for those of the program unless it named a sender. */
  readonly clientId: string;
  readonly protocolVersion?: ProtocolVersion | undefined;
  readonly peer?: Peer | undefined;
}

/** A message that was followed on its way. Times are as `now`. */
export interface Followed {
  readonly topic: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly payloadBytes: number;
  readonly userProperties: UserProperties;
  readonly publisher: FollowedPublisher;
  readonly receivedAtMs: number;
  /** When the last receiver was given it, or when it was known that there is none. */
  readonly routedAtMs: number;
  /** How many were given it at once. */
  readonly receivers: number;
  /** The first of them. */
  readonly deliveries: readonly FollowedDelivery[];
}

/** Which messages are followed, and by what. */
export interface Follower {
  /** So many a second of those without mark, evenly spaced. */
  readonly messagesPerSecondMax: number;
  /** So many a second of those with it. */
  readonly markedPerSecondMax: number;
  /** Name of the User Property that is the mark. Undefined: there is none. */
  readonly markProperty: string | undefined;
  /** Whether a message with this mark is to be followed. */
  isMarked(value: string): boolean;
  /** Told of each, when all its receivers were written to. It never throws. */
  followed(message: Followed): void;
}

/** A message on its way. */
interface Way {
  readonly message: Omit<Followed, "routedAtMs" | "receivers" | "deliveries">;
  readonly deliveries: FollowedDelivery[];
  routedAtMs: number;
  receivers: number;
  /** Of the deliveries, those that were not written. */
  unwritten: number;
  deadline: Deadline | undefined;
}

type TimedCore = Pick<ConnectionContext, "deadlines" | "now">;

/**
 * Follows single messages from the read that brings them to the writes that give them to their receivers. A message is open while its
 * packet is taken: who is given something then is a receiver of it. What waits for a handler, in a queue, or for a later turn of a
 * fan-out to thousands is given later, and not seen.
 */
export class Following {
  readonly follower: Follower;
  readonly #currentMs: () => number;
  /** The mark as its property begins on the wire: identifier, length, and name. */
  readonly #mark: Uint8Array | undefined;
  readonly #marked: TokenBucket;
  #nextAtMs = -Infinity;
  #open: Way | undefined;
  readonly #unwritten: Map<Connection, { way: Way; delivery: FollowedDelivery }[]> = new Map();
  #ways = 0;

  constructor(follower: Follower, currentMs: () => number) {
    this.follower = follower;
    this.#currentMs = currentMs;
    this.#mark = markBytes(follower.markProperty);
    const perSecond = follower.markedPerSecondMax;
    this.#marked = new TokenBucket({ perSecond, burst: perSecond }, currentMs());
  }

  /** True while a message is open. */
  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** True if a write may be one that a message waits for. */
  get isAwaited(): boolean {
    return this.#unwritten.size > 0;
  }

  /** A PUBLISH is about to be taken. */
  begin(core: ConnectionContext, connection: Connection, place: FoundPublish): void {
    const properties = propertiesAt(connection, place);
    if (core.now < this.#nextAtMs && !this.#hasMark(place.bytes, properties)) return;
    const { end } = properties;
    const packet = headOf(core, connection, { ...place, end });
    if (packet === undefined) return;
    const userProperties = packet.properties?.userProperties ?? NONE;
    if (!this.#isChosen(userProperties, core.now)) return;
    const alias = packet.properties?.topicAlias;
    const isAliased = packet.topic === "" && alias !== undefined;
    const { clientId, version, peer } = connection;
    this.#begin({
      topic: isAliased ? (connection.aliases?.find(alias) ?? "") : packet.topic,
      qos: packet.qos,
      retain: packet.retain,
      payloadBytes: place.end - end,
      userProperties,
      publisher: { clientId, protocolVersion: version, peer },
      receivedAtMs: connection.lastBytesAtMs,
    });
  }

  /** The server or the program is about to publish a message. */
  beginOwn(message: ApplicationMessage, clientId: string): void {
    const nowMs = this.#currentMs();
    const { topic, qos, retain, payload, userProperties = NONE } = message;
    if (this.isOpen || !this.#isChosen(userProperties, nowMs)) return;
    const payloadBytes = payload.length;
    const publisher = { clientId };
    const receivedAtMs = nowMs;
    this.#begin({ topic, qos, retain, payloadBytes, userProperties, publisher, receivedAtMs });
  }

  /** A receiver was given something while a message is open. */
  give(connection: Connection): void {
    const way = this.#open;
    if (way === undefined) return;
    way.receivers += 1;
    way.routedAtMs = this.#currentMs();
    if (way.deliveries.length >= RECEIVERS_TOLD_MAX) return;
    const delivery = {
      clientId: connection.clientId,
      protocolVersion: connection.version,
      givenAtMs: way.routedAtMs,
      writtenAtMs: undefined,
    };
    way.deliveries.push(delivery);
    way.unwritten += 1;
    const others = this.#unwritten.get(connection);
    if (others === undefined) this.#unwritten.set(connection, [{ way, delivery }]);
    else others.push({ way, delivery });
  }

  /** The packet of the message was taken. */
  close(core: TimedCore): void {
    const way = this.#open;
    if (way === undefined) return;
    this.#open = undefined;
    if (way.receivers === 0) way.routedAtMs = this.#currentMs();
    if (way.unwritten === 0) return this.#tell(way);
    way.deadline = core.deadlines.add(core.now + PATIENCE_MS, () => this.#giveUp(way));
  }

  /** All that a connection had to get was written to it. */
  written(core: TimedCore, connection: Connection): void {
    const written = this.#unwritten.get(connection);
    if (written === undefined) return;
    this.#unwritten.delete(connection);
    const nowMs = this.#currentMs();
    for (const { way, delivery } of written) {
      delivery.writtenAtMs = nowMs;
      way.unwritten -= 1;
      if (way.unwritten > 0 || way === this.#open) continue;
      core.deadlines.cancel(way.deadline);
      this.#tell(way);
    }
  }

  /** True where the mark seems to be: what looks like it may be part of a text. */
  #hasMark(bytes: Uint8Array, { start, end }: Range): boolean {
    const mark = this.#mark;
    if (mark === undefined) return false;
    for (let at = start; at + mark.length <= end; at += 1)
      if (bytes[at] === USER_PROPERTY && hasBytesAt(mark, bytes, at)) return true;
    return false;
  }

  #isChosen(userProperties: UserProperties, nowMs: number): boolean {
    if (this.#ways >= OPEN_MAX) return false;
    const { markProperty, messagesPerSecondMax } = this.follower;
    const mark = userProperties.find(([name]) => name === markProperty);
    if (mark !== undefined) return this.follower.isMarked(mark[1]) && this.#marked.tryTake(nowMs);
    if (nowMs < this.#nextAtMs || messagesPerSecondMax === 0) return false;
    this.#nextAtMs = nowMs + 1_000 / messagesPerSecondMax;
    return true;
  }

  #begin(message: Way["message"]): void {
    this.#ways += 1;
    this.#open = {
      message,
      deliveries: [],
      routedAtMs: message.receivedAtMs,
      receivers: 0,
      unwritten: 0,
      deadline: undefined,
    };
  }

  #giveUp(way: Way): void {
    for (const [connection, waiting] of this.#unwritten) {
      const others = waiting.filter((one) => one.way !== way);
      if (others.length === 0) this.#unwritten.delete(connection);
      else this.#unwritten.set(connection, others);
    }
    this.#tell(way);
  }

  #tell({ message, deliveries, routedAtMs, receivers }: Way): void {
    this.#ways -= 1;
    this.follower.followed({ ...message, routedAtMs, receivers, deliveries });
  }
}

/** Where a PUBLISH lies that was found. */
export type FoundPublish = Omit<PacketPlace, "start">;

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Where property length and properties lie; empty, where they would be, before MQTT 5.0. A packet that is cut off has them to its end. */
function propertiesAt(
  { version }: Connection,
  { bytes, firstByte, ...place }: FoundPublish,
): Range {
  const topicEnd = topicEndOf(bytes, place.bodyStart);
  const start = Math.min(topicEnd + (qosIn(firstByte) > 0 ? 2 : 0), place.end);
  if (version !== 5) return { start, end: start };
  const header = lengthAt(bytes, start, place.end);
  return { start, end: Math.min(start + (header & 7) + (header >>> 3), place.end) };
}

/** The packet without its payload; undefined if something is wrong with it, which is said when it is taken. */
function headOf(
  { decodeLimits }: ConnectionContext,
  { version }: Connection,
  { bytes, firstByte, bodyStart, end }: FoundPublish,
): PublishPacket | undefined {
  const packet = orNothing(() =>
    decodePacket(firstByte, bytes, bodyStart, end, version, decodeLimits),
  );
  return packet?.type === "publish" ? packet : undefined;
}

function lengthAt(bytes: Uint8Array, at: number, end: number): number {
  return orNothing(() => decodeVarint(bytes, at, end)) ?? 0;
}

function orNothing<Result>(decode: () => Result): Result | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof PeerError) return undefined;
    throw error;
  }
}

function markBytes(name: string | undefined): Uint8Array | undefined {
  if (name === undefined) return undefined;
  const text = encodeUtf8(name);
  return Uint8Array.of(USER_PROPERTY, text.length >>> 8, text.length & 0xff, ...text);
}

/** True for the first byte of PUBLISH. */
export function isPublish(firstByte: number): boolean {
  return firstByte >> 4 === PUBLISH;
}
