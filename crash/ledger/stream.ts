import type { QoS } from "@anax/protocol";
import { patternedBytes } from "@anax/server/contracts";
import { SequenceSet } from "./sequence-set.ts";

/** Messages of a stream whose time is remembered: more than can be on their way at once. */
const REMEMBERED = 1_000;

/** What distinguishes one stream from another. */
export interface StreamFields {
  readonly topic: string;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Wills come when connections break, in whatever order. */
  readonly isOrdered: boolean;
  /** Message Expiry Interval of its messages; left out: they never expire. */
  readonly expirySeconds?: number;
}

/** How much later than due something may be seen, on a machine that has other things to do. */
const LATE_MS_MAX = 3_000;

/** When a message was sent first, and when the server was known to have it; in ms. */
interface Times {
  readonly sentAtMs: number;
  acknowledgedAtMs: number;
}

/**
 * The messages of one publisher to one topic, numbered from 1. Each says in its payload which one it is, and fills up
 * with bytes that follow from that, so that whatever is delivered can be told from what was never sent.
 */
export class Stream {
  readonly number: number;
  readonly fields: StreamFields;
  lastSent = 0;
  readonly acknowledged: SequenceSet = new SequenceSet();
  /** Those that the publisher had to send again: of QoS 1 they may arrive twice. */
  readonly resent: SequenceSet = new SequenceSet();
  /** Those without a payload, which clear the retained message. */
  readonly clearing: SequenceSet = new SequenceSet();

  /** Every sending, the repeated ones too, in the order in which they were written to connections. */
  readonly transmissions: number[] = [];
  readonly #sentAt: Map<number, number> = new Map();
  readonly #times: Map<number, Times> = new Map();

  constructor(number: number, fields: StreamFields) {
    this.number = number;
    this.fields = fields;
  }

  get topic(): string {
    return this.fields.topic;
  }

  /** The next message is about to be sent. */
  sending(event: number, nowMs: number): number {
    this.lastSent += 1;
    if (this.fields.expirySeconds !== undefined) {
      this.#times.set(this.lastSent, { sentAtMs: nowMs, acknowledgedAtMs: Infinity });
      this.#times.delete(this.lastSent - REMEMBERED);
    }
    this.#sentAt.set(this.lastSent, event);
    this.#sentAt.delete(this.lastSent - REMEMBERED);
    this.transmissions.push(this.lastSent);
    return this.lastSent;
  }

  /** The server has said that it has a message. */
  acknowledging(sequence: number, nowMs: number): void {
    this.acknowledged.add(sequence);
    const times = this.#times.get(sequence);
    if (times !== undefined) times.acknowledgedAtMs = nowMs;
  }

  /** Whether the server may have let a message expire. */
  mayHaveExpired(sequence: number, nowMs: number): boolean {
    const { expirySeconds } = this.fields;
    if (expirySeconds === undefined) return false;
    return nowMs >= (this.#times.get(sequence)?.sentAtMs ?? 0) + expirySeconds * 1_000;
  }

  /** Seconds of its life that a message can have left at most; Infinity if that is not known. */
  secondsLeft(sequence: number, nowMs: number): number {
    const { expirySeconds = Infinity } = this.fields;
    // The server has had it since then, if not for longer.
    const acknowledgedAtMs = this.#times.get(sequence)?.acknowledgedAtMs ?? Infinity;
    const ageMs = Math.max(0, nowMs - acknowledgedAtMs - LATE_MS_MAX);
    return expirySeconds - Math.floor(ageMs / 1_000);
  }

  /** A message is about to be sent again, after a reconnection. */
  resending(sequence: number): void {
    this.resent.add(sequence);
    this.transmissions.push(sequence);
  }

  /** The event at which a message was sent first; 0 if that is long ago. */
  sentAt(sequence: number): number {
    return this.#sentAt.get(sequence) ?? 0;
  }

  /** The payload of a message; `size` is that of the filling. */
  payload(sequence: number, size: number): Uint8Array {
    const header = Buffer.from(`${this.number}:${sequence}:${size}:`, "latin1");
    return Buffer.concat([header, patternedBytes(size, sequence)]);
  }
}

/** Which message a payload belongs to. */
export interface MessageName {
  readonly stream: number;
  readonly sequence: number;
}

/** Reads a payload; undefined if it is not one of ours, or not whole. */
export function nameIn(payload: Uint8Array): MessageName | undefined {
  const start = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const match = /^(\d+):(\d+):(\d+):/.exec(start.toString("latin1", 0, 40));
  if (match === null) return undefined;
  const [stream, sequence, size] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const filling = start.subarray(match[0].length);
  if (Buffer.compare(filling, patternedBytes(size, sequence)) !== 0) return undefined;
  return { stream, sequence };
}
