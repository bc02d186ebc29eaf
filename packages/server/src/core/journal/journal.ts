import { writeU16 } from "../numbers.ts";
import { ByteWriter } from "@anax/protocol";
import type { QoS } from "@anax/protocol";
import type { Address, Delivery, Owed } from "../owed/delivery.ts";
import type { Message } from "../message/message.ts";
import type { Session } from "../sessions/session.ts";
import type { Subscription } from "../routing/subscription.ts";
import { slotIn } from "../owed/address-book.ts";
import { writeAddress, writeNumber } from "./fields.ts";
import { NONE } from "./message-table.ts";
import { RECORD } from "./records.ts";
import { SessionParts } from "./session-parts.ts";
import type { RowLimits } from "./session-parts.ts";
import { writeMessage } from "./stored-message.ts";
import { writeIdentifiers, writeRun, writeSingle } from "./stored-run.ts";
import type { RunToStore } from "../message/run-to-store.ts";
import type { StoredMessages } from "./stored-messages.ts";
import { writeSession, writeSubscription } from "./stored-session.ts";

/** Asks for a commit: `later` if nobody waits for it. */
export type CommitRequest = (urgency: "now" | "later") => void;

/**
 * How durable work stands. `full`: the store has no room, commits are tried again. `failed`: nothing more is stored. `fenced`:
 * nor is it ours any more, another server has taken it over.
 */
export type JournalHealth = "good" | "full" | "failed" | "fenced";

/** Messages that are fewer than this before the last one of their batch are named by how many. */
const NEAR = 0x4000;

/**
 * Records that nobody waits for: they say that something is done with. Without them it would be done once more after a
 * crash, which MQTT allows: PUBLISH again with DUP at QoS 1, PUBREL again at QoS 2.
 */
const LAZY: ReadonlySet<number> = new Set([RECORD.finishedRange, RECORD.dropped]);

/**
 * What must survive the server, written down as it happens: records are appended to the open batch, synchronously, and
 * the driver commits a batch when the one before it is committed. Whoever asserts a fact to a peer
 * waits for the position that its record was appended at (`Gate`, `whenCommitted`).
 *
 * Records of sessions without a number are nobody's business: such a session ends with its connection.
 */
export class Journal {
  /** Position of the batch that is open. It only grows, across restarts too. */
  position: number;
  /** All batches up to this one are committed. */
  committed: number;
  /** Counts records: by its change one sees that something was written. */
  appended = 0;
  /** Counts those of them that are to be stored at once. */
  urgentRecords = 0;
  health: JournalHealth = "good";
  /** Sessions and topics with records that no row has yet. */
  readonly dirtySessions: Set<Session> = new Set();
  readonly deletedSessions: Set<number> = new Set();
  readonly dirtyTopics: Set<string>;
  /** What has a number and is in no list of sessions: what only keeps a Will, and the other servers of a cluster. */
  readonly unlisted: Set<Session> = new Set();
  /** Rows beside those of large sessions. */
  readonly parts: SessionParts;
  /** What sessions that last are owed. */
  readonly messages: StoredMessages;
  nextSession = 1;
  nextMessage = 1;
  readonly #writer: ByteWriter = new ByteWriter(65_536);
  readonly #requestCommit: CommitRequest;
  #isUrgent = false;
  /** Number of the last message in the open batch; 0 if it has none. */
  #lastNumber = 0;
  /** The last record of identifiers, which may grow while nothing is behind it. */
  readonly #range = { record: 0, session: 0, first: 0, count: 0, countAt: 0, end: -1 };
  #waiting: { readonly position: number; readonly resume: () => void }[] = [];

  constructor(fields: {
    position: number;
    messages: StoredMessages;
    dirtyTopics: Set<string>;
    requestCommit: CommitRequest;
    rowLimits: RowLimits | undefined;
  }) {
    this.parts = new SessionParts(fields.rowLimits);
    this.position = fields.position;
    this.committed = fields.position - 1;
    this.messages = fields.messages;
    this.dirtyTopics = fields.dirtyTopics;
    this.#requestCommit = fields.requestCommit;
    this.messages.begin(fields.position, this.#writer);
  }

  /** True if nothing will ever be stored again. */
  get isOver(): boolean {
    return this.health === "failed" || this.health === "fenced";
  }

  /** True if something was appended that is not committed. */
  get isBehind(): boolean {
    return this.committed < this.position - 1 || this.#writer.length > 0;
  }

  /** True if somebody waits for the open batch. Who is told of nothing but that clients have acknowledged can wait for others. */
  get isUrgent(): boolean {
    return this.#isUrgent;
  }

  /** Bytes of the open batch. */
  get openBytes(): number {
    return this.#writer.length;
  }

  /** The first position at which all that was appended until now is committed. */
  get lastPosition(): number {
    return this.#writer.length > 0 ? this.position : this.position - 1;
  }

  /** Somebody waits for this position. */
  awaited(position: number): void {
    if (position === this.position && this.#writer.length > 0) this.#urge();
  }

  /** A session is owed a message: in flight under `packetIdentifier`, or queued if that is 0. Gives the message's slot. */
  addressed(session: Session, delivery: Delivery, packetIdentifier: number): number {
    const slot = this.#slotFor(delivery.message);
    this.#address(session, slot, delivery, packetIdentifier);
    return slot;
  }

  /** A message of a run that is stored is queued for a session. */
  queued(session: Session, slot: number, address: Address): void {
    this.#address(session, slot, address, 0);
  }

  #address(session: Session, slot: number, address: Address, packetIdentifier: number): void {
    this.messages.hold(slot);
    const number = this.messages.number(slot);
    const isNear = number <= this.#lastNumber && number > this.#lastNumber - NEAR;
    this.#begin(isNear ? RECORD.addressedNear : RECORD.addressed, session);
    if (isNear) this.#writer.varint(this.#lastNumber - number);
    else writeNumber(this.#writer, number);
    this.#writer.u16(packetIdentifier);
    writeAddress(this.#writer, address);
  }

  /** Writes the messages of a run down, once, whoever is to be owed them. */
  storeRun(run: RunToStore): void {
    if (run.firstNumber !== 0) return;
    const first = this.nextMessage;
    this.nextMessage += run.count;
    if (run.count > 1 && run.isOneTopic) this.#storeMany(run, first);
    else
      for (let index = 0; index < run.count; index += 1) this.#storeOne(run, index, first + index);
    run.firstNumber = first;
  }

  #storeOne(run: RunToStore, index: number, number: number): void {
    const offset = this.#startMessage(number);
    const size = writeSingle(this.#writer, run, index);
    run.slots[index] = this.messages.add(number, offset, size, run.payloadBytes(index, index + 1));
  }

  #storeMany(run: RunToStore, first: number): void {
    this.#start(RECORD.run);
    writeNumber(this.#writer, first);
    this.#writer.u16(run.count);
    writeRun(this.#writer, run, first, this.messages);
    this.#lastNumber = first + run.count - 1;
  }

  /** A session is owed a part of a run that is stored, in flight under the identifiers that the run was assigned. */
  addressedRun(session: Session, run: RunToStore, from: number, to: number, qos: QoS): void {
    this.#begin(RECORD.addressedRun, session);
    writeNumber(this.#writer, run.firstNumber + from);
    this.#writer.u8(qos);
    this.#writer.u16(to - from);
    writeIdentifiers(this.#writer, run.assigned, from, to);
    for (let index = from; index < to; index += 1) this.messages.hold(run.slots[index] ?? NONE);
  }

  /** A queued message is in flight now. */
  sent(session: Session, owed: Owed, packetIdentifier: number): void {
    this.#begin(RECORD.sent, session);
    writeNumber(this.#writer, this.messages.number(this.slotOf(owed)));
    this.#writer.u16(packetIdentifier);
  }

  /** The exchange is over; `owed` is what was still kept of it. */
  finished(session: Session, packetIdentifier: number, owed: Owed | undefined): void {
    this.#ranged(RECORD.finishedRange, session, packetIdentifier);
    this.letGo(owed);
  }

  /** PUBREC came: PUBREL follows, and the message is needed no more. */
  received(session: Session, packetIdentifier: number, owed: Owed): void {
    this.#ranged(RECORD.receivedRange, session, packetIdentifier);
    this.letGo(owed);
  }

  /** A queued message will not be sent: it expired, was overwritten or cleared. */
  dropped(session: Session, owed: Owed): void {
    const slot = this.slotOf(owed);
    if (slot < 0) return;
    this.#begin(RECORD.dropped, session);
    writeNumber(this.#writer, this.messages.number(slot));
    this.messages.letGo(slot);
  }

  /** A QoS 2 message of the client was taken: its identifier awaits PUBREL. `content` is its digest. */
  seen(session: Session, packetIdentifier: number, content: number): void {
    this.#ranged(RECORD.seenContents, session, packetIdentifier);
    this.#writer.u32(content);
    this.#range.end = this.#writer.length;
  }

  released(session: Session, packetIdentifier: number): void {
    this.#ranged(RECORD.releasedRange, session, packetIdentifier);
  }

  /** The message is the retained one of its topic now. */
  retained(message: Message): void {
    if (this.isOver) return;
    const slot = this.#slotFor(message);
    this.#start(RECORD.retained);
    writeNumber(this.#writer, this.messages.number(slot));
    this.dirtyTopics.add(message.topic);
  }

  cleared(topic: string): void {
    this.#start(RECORD.cleared);
    this.#writer.string(topic, "Topic Name");
    this.dirtyTopics.add(topic);
  }

  /** The session is new, or its connection, expiry or Will has changed. */
  session(session: Session): void {
    if (session.number === 0) {
      session.number = this.nextSession;
      this.nextSession += 1;
    }
    this.#begin(RECORD.session, session);
    writeSession(this.#writer, session);
  }

  /** One that is not in the list of sessions is to be stored. */
  unlistedSession(session: Session): void {
    this.session(session);
    this.unlisted.add(session);
  }

  subscribed(subscription: Subscription): void {
    this.#begin(RECORD.subscribed, subscription.session);
    this.parts.subscriptionsChanged(subscription.session.number);
    writeSubscription(this.#writer, subscription);
  }

  unsubscribed(subscription: Subscription): void {
    this.#begin(RECORD.unsubscribed, subscription.session);
    this.parts.subscriptionsChanged(subscription.session.number);
    this.#writer.string(subscription.filter, "Topic Filter");
  }

  /** The session is gone; what it was owed must have been let go. */
  deleted(session: Session): void {
    this.#begin(RECORD.deleted, session);
    this.dirtySessions.delete(session);
    this.unlisted.delete(session);
    this.deletedSessions.add(session.number);
    session.number = 0;
  }

  /** A session that lasts is owed this message no longer. */
  letGo(owed: Owed | undefined): void {
    const slot = owed === undefined ? -1 : this.slotOf(owed);
    if (slot >= 0) this.messages.letGo(slot);
  }

  /** The slot of what is owed; -1 if the journal does not have it. QoS 0 it never has. */
  slotOf(owed: Owed): number {
    if (typeof owed === "number") return slotIn(owed);
    return owed.qos === 0 ? -1 : this.messages.slotOf(owed.message);
  }

  /** Writes a message that is still owed again, byte for byte, so that its old batch can go. */
  rewrite(slot: number): void {
    const offset = this.#startMessage(this.messages.number(slot));
    this.messages.copy(slot, this.#writer);
    this.messages.move(slot, offset);
  }

  /** Closes the open batch and gives its bytes; undefined if nothing was appended. */
  close(): { position: number; bytes: Uint8Array } | undefined {
    if (this.#writer.length === 0) return undefined;
    const { position } = this;
    const bytes = this.#writer.bytes.slice(0, this.#writer.length);
    this.#writer.length = 0;
    this.#range.end = -1;
    this.#isUrgent = false;
    this.#lastNumber = 0;
    this.messages.close(bytes);
    this.position = position + 1;
    this.messages.begin(this.position, this.#writer);
    return { position, bytes };
  }

  /** A commit settled: resumes what waited for it. */
  commitSettled(position: number): void {
    this.committed = Math.max(this.committed, position);
    this.messages.committed(position);
    this.#resume((waiting) => waiting.position <= this.committed);
  }

  /** Nothing more will be committed: whoever waits goes on and sees it by `health`. */
  giveUp(health: Exclude<JournalHealth, "good">): void {
    this.health = health;
    // Nothing is committed any more, and records are discarded: what messages of the open batch are must not be overwritten.
    if (this.isOver) this.close();
    this.#resume(() => true);
  }

  /** Calls `resume` when the position is committed, or when it is known that it will not be. */
  whenCommitted(position: number, resume: () => void): void {
    this.awaited(position);
    this.#waiting.push({ position, resume });
  }

  /** The store has been closed: what still waits learns that it is not stored. */
  endWaiting(): void {
    if (this.#waiting.length === 0) return;
    if (!this.isOver) this.health = "failed";
    this.#resume(() => true);
  }

  #resume(isDue: (waiting: { readonly position: number }) => boolean): void {
    const due = this.#waiting.filter(isDue);
    this.#waiting = this.#waiting.filter((waiting) => !isDue(waiting));
    for (const { resume } of due) resume();
  }

  /** The message's slot; it is written into the open batch if the journal does not have it. */
  #slotFor(message: Message): number {
    const known = this.messages.slotOf(message);
    if (known >= 0) return known;
    const number = this.nextMessage;
    this.nextMessage += 1;
    const offset = this.#startMessage(number);
    writeMessage(this.#writer, message);
    message.slot = this.messages.add(number, offset, message.size, message.payloadBytes);
    message.number = number;
    return message.slot;
  }

  /** Begins the record of a message; gives where the message itself begins. */
  #startMessage(number: number): number {
    const isNext = this.#lastNumber !== 0 && number === this.#lastNumber + 1;
    this.#start(isNext ? RECORD.nextMessage : RECORD.message);
    if (!isNext) writeNumber(this.#writer, number);
    this.#lastNumber = number;
    return this.#writer.length;
  }

  /**
   * A record of one Packet Identifier. Acknowledgements come in the order of their identifiers, mostly: the record before
   * is then made to say one more.
   */
  #ranged(record: number, session: Session, packetIdentifier: number): void {
    const range = this.#range;
    const mayGrow = range.end === this.#writer.length && range.count < 0xffff;
    const isNext = range.first + range.count === packetIdentifier;
    if (mayGrow && isNext && range.record === record && range.session === session.number) {
      range.count += 1;
      writeU16(this.#writer.bytes, range.countAt, range.count);
      this.appended += 1;
      return;
    }
    this.#begin(record, session);
    this.#writer.u16(packetIdentifier);
    this.#writer.u16(1);
    const { number } = session;
    const end = this.#writer.length;
    const first = packetIdentifier;
    Object.assign(range, { record, session: number, first, count: 1, countAt: end - 2, end });
  }

  #begin(record: number, session: Session): void {
    this.#start(record);
    this.#writer.u32(session.number);
    this.dirtySessions.add(session);
  }

  #start(record: number): void {
    if (!LAZY.has(record)) this.#urge();
    else if (this.#writer.length === 0) this.#requestCommit("later");
    // Nothing of it will ever be stored: it must not pile up.
    if (this.isOver) this.#writer.length = 0;
    this.#writer.u8(record);
    this.appended += 1;
  }

  #urge(): void {
    this.urgentRecords += 1;
    if (this.#isUrgent) return;
    this.#isUrgent = true;
    this.#requestCommit("now");
  }
}
