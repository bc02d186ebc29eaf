import { decodePacket, encodePacket } from "@anax/protocol";
import type { ByteReader, ByteWriter, Will } from "@anax/protocol";
import type { RestoredSubscription } from "../hooks/connection-events.ts";
import { PeerSession } from "../sessions/peer-session.ts";
import type { PeerName } from "../sessions/peer-session.ts";
import type { Session } from "../sessions/session.ts";
import type { Subscription } from "../routing/subscription.ts";
import type { WillSender } from "./will-sender.ts";
import { readSender, writeSender } from "./will-sender.ts";
import { readBlob, readTime, writeBlob, writeTime } from "./fields.ts";

const HAS_USER_NAME = 0x01;
const HAS_WILL = 0x02;
const IS_OWNED = 0x04;
/** The Client Identifier is the name of another server of the cluster. */
const IS_PEER = 0x08;
/** Of who the Will is, behind it; since format 6. */
const HAS_WILL_SENDER = 0x10;
const NO_LOCAL = 0x04;
const RETAIN_AS_PUBLISHED = 0x08;
const HAS_IDENTIFIER = 0x10;

/** What of a session changes with its connections: everything but subscriptions and messages. */
export interface StoredSession {
  readonly clientId: string;
  readonly userName: string | undefined;
  /** True if the session belongs to that user; never in stores of before format 3. */
  readonly isOwned: boolean;
  readonly createdAtMs: number;
  readonly expiryIntervalSeconds: number;
  /** Infinity while it is connected. */
  readonly disconnectedAtMs: number;
  readonly will: StoredWill | undefined;
  /** Of another server of the cluster; undefined for a client's. */
  readonly peer: PeerName | undefined;
}

/** A Will that is armed, or that waits for its delay. */
export interface StoredWill {
  readonly will: Will;
  /** When its delay is over; Infinity while the connection lives. */
  readonly dueAtMs: number;
  /** Of who it is, as the rules ask; undefined if nothing was asked, and in stores of before that was kept. */
  readonly sender: WillSender | undefined;
}

/** True for a row that is no session but keeps a Will that is due: a session that ends with its connection is not stored. */
export function keepsOnlyWill({ expiryIntervalSeconds, will }: StoredSession): boolean {
  return expiryIntervalSeconds === 0 && will !== undefined;
}

export function writeSession(writer: ByteWriter, session: Session): void {
  const { userName, will } = session;
  const sender = will?.access?.client;
  writer.u8(
    (userName === undefined ? 0 : HAS_USER_NAME) |
      (will === undefined ? 0 : HAS_WILL) |
      (session.isOwned ? IS_OWNED : 0) |
      (session instanceof PeerSession ? IS_PEER : 0) |
      (sender === undefined ? 0 : HAS_WILL_SENDER),
  );
  writer.string(
    session instanceof PeerSession ? `${session.shard}/${session.epoch}` : session.clientId,
    "Client Identifier",
  );
  if (userName !== undefined) writer.string(userName, "User Name");
  writeTime(writer, session.createdAtMs);
  writer.u32(session.expiryIntervalSeconds);
  writeTime(writer, session.disconnectedAtMs ?? Infinity);
  if (will === undefined) return;
  writeTime(writer, will.deadline?.atMs ?? Infinity);
  writeWill(writer, will.will);
  if (sender !== undefined) writeSender(writer, sender);
}

export function readSession(reader: ByteReader): StoredSession {
  const flags = reader.u8();
  const clientId = reader.string();
  const userName = (flags & HAS_USER_NAME) === 0 ? undefined : reader.string();
  const createdAtMs = readTime(reader);
  const expiryIntervalSeconds = reader.u32();
  const disconnectedAtMs = readTime(reader);
  const will =
    (flags & HAS_WILL) === 0
      ? undefined
      : {
          dueAtMs: readTime(reader),
          will: readWill(reader),
          sender: (flags & HAS_WILL_SENDER) === 0 ? undefined : readSender(reader),
        };
  const isOwned = (flags & IS_OWNED) !== 0;
  const peer = (flags & IS_PEER) === 0 ? undefined : peerNameIn(clientId);
  return {
    clientId,
    userName,
    isOwned,
    createdAtMs,
    expiryIntervalSeconds,
    disconnectedAtMs,
    will,
    peer,
  };
}

function peerNameIn(text: string): PeerName {
  const [shard, epoch] = text.split("/").map(Number);
  if (shard === undefined || epoch === undefined || !Number.isSafeInteger(shard + epoch))
    throw new Error(`${text} names no server of a cluster`);
  return { shard, epoch };
}

/** A Will is kept as the PUBLISH that it will be, and its delay. */
function writeWill(writer: ByteWriter, will: Will): void {
  const { willDelayIntervalSeconds = 0, ...properties } = will.properties ?? {};
  const { topic, payload, qos, retain } = will;
  writer.u32(willDelayIntervalSeconds);
  writer.u8(qos | (retain ? 0x04 : 0));
  const packet = {
    type: "publish",
    topic,
    payload,
    qos: 0,
    retain: false,
    duplicate: false,
    properties,
  } as const;
  writeBlob(writer, encodePacket(packet, 5));
}

function readWill(reader: ByteReader): Will {
  const willDelayIntervalSeconds = reader.u32();
  const flags = reader.u8();
  const bytes = readBlob(reader);
  let bodyStart = 1;
  while (((bytes[bodyStart] ?? 0) & 0x80) !== 0) bodyStart += 1;
  const packet = decodePacket(0x30, bytes, bodyStart + 1, bytes.length, 5);
  if (packet.type !== "publish") throw new Error(`a stored Will decodes as ${packet.type}`);
  const qos = flags & 0x03;
  return {
    topic: packet.topic,
    payload: packet.payload,
    qos: qos === 1 || qos === 2 ? qos : 0,
    retain: (flags & 0x04) !== 0,
    properties: { ...packet.properties, willDelayIntervalSeconds },
  };
}

export function writeSubscription(writer: ByteWriter, subscription: Subscription): void {
  const { qos, noLocal, retainAsPublished, subscriptionIdentifier } = subscription;
  writer.u8(
    qos |
      (noLocal ? NO_LOCAL : 0) |
      (retainAsPublished ? RETAIN_AS_PUBLISHED : 0) |
      (subscriptionIdentifier === undefined ? 0 : HAS_IDENTIFIER),
  );
  writer.string(subscription.filter, "Topic Filter");
  if (subscriptionIdentifier !== undefined) writer.varint(subscriptionIdentifier);
}

export function readSubscription(reader: ByteReader): RestoredSubscription {
  const flags = reader.u8();
  const qos = flags & 0x03;
  const topicFilter = reader.string();
  const subscriptionIdentifier = (flags & HAS_IDENTIFIER) === 0 ? undefined : reader.varint();
  return {
    topicFilter,
    qos: qos === 1 || qos === 2 ? qos : 0,
    noLocal: (flags & NO_LOCAL) !== 0,
    retainAsPublished: (flags & RETAIN_AS_PUBLISHED) !== 0,
    ...(subscriptionIdentifier === undefined ? {} : { subscriptionIdentifier }),
  };
}
