import type { PublishPacket } from "@anax/protocol";
import { ReceiverRecord } from "./receiver-record.ts";
import { nameIn, Stream } from "./stream.ts";
import type { StreamFields } from "./stream.ts";
import type { Violation, ViolationType } from "./violation.ts";

/** A message that was sent: what has to be known of it until it is acknowledged. */
export interface SentMessage {
  readonly stream: Stream;
  readonly sequence: number;
  readonly sentAt: number;
}

/** Numbers for the report. */
export interface LedgerCounts {
  sent: number;
  acknowledged: number;
  delivered: number;
}

/**
 * Knows all that clients have sent, seen acknowledged and been given, and says what of that must not be. It believes
 * only what clients have seen: what was not acknowledged may have happened or not.
 */
export class Ledger {
  /** Of the report. */
  round = 0;
  /** Whether the server is meant to be there; connections that it ends then are suspicious. */
  isServerUp = false;
  readonly violations: Violation[] = [];
  readonly counts: LedgerCounts = { sent: 0, acknowledged: 0, delivered: 0 };
  readonly #streams: Stream[] = [];
  readonly #receivers: ReceiverRecord[] = [];
  readonly #nowMs: () => number;
  #events = 0;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  get streams(): readonly Stream[] {
    return this.#streams;
  }

  get receivers(): readonly ReceiverRecord[] {
    return this.#receivers;
  }

  newStream(fields: StreamFields): Stream {
    const stream = new Stream(this.#streams.length, fields);
    this.#streams.push(stream);
    return stream;
  }

  newReceiver(name: string, kind: "session" | "group" = "session"): ReceiverRecord {
    const complain = (type: ViolationType, text: string): void =>
      this.complain(type, `${name}: ${text}`);
    const receiver = new ReceiverRecord(name, complain, kind);
    this.#receivers.push(receiver);
    return receiver;
  }

  complain(type: ViolationType, text: string): void {
    this.violations.push({ type, round: this.round, text });
  }

  /** The number of an event: later ones have higher numbers. */
  nextEvent(): number {
    this.#events += 1;
    return this.#events;
  }

  /** The next message of a stream is about to be sent. */
  sending(stream: Stream): SentMessage {
    this.counts.sent += 1;
    const sentAt = this.nextEvent();
    return { stream, sequence: stream.sending(sentAt, this.#nowMs()), sentAt };
  }

  acknowledged({ stream, sequence, sentAt }: SentMessage): void {
    if (stream.acknowledged.has(sequence)) return;
    stream.acknowledging(sequence, this.#nowMs());
    this.counts.acknowledged += 1;
    if (stream.clearing.has(sequence)) return;
    for (const receiver of this.#receivers) receiver.acknowledged(stream, sequence, sentAt);
  }

  delivered(receiver: ReceiverRecord, packet: PublishPacket): void {
    this.counts.delivered += 1;
    if (packet.payload.length === 0) return;
    const name = nameIn(packet.payload);
    const stream = name === undefined ? undefined : this.#streams[name.stream];
    if (name === undefined || stream?.topic !== packet.topic) {
      this.complain("invented", `${receiver.name}: foreign bytes on ${packet.topic}`);
      return;
    }
    const { duplicate: isDuplicate, retain: isRetained } = packet;
    const { sequence } = name;
    const secondsLeft = packet.properties?.messageExpiryIntervalSeconds;
    if (!isDuplicate) this.#checkExpiry(receiver, { stream, sequence, secondsLeft });
    receiver.delivered({ stream, sequence, isDuplicate, isRetained, nowMs: this.#nowMs() });
  }

  /** The server has had its chance: what is owed of the chosen streams, and has not expired, is lost. */
  settle(receiver: ReceiverRecord, isMeant: (stream: Stream) => boolean): void {
    receiver.settle(isMeant, this.#nowMs());
  }

  /** Once it has begun to be sent, a message may come again however late it is. */
  #checkExpiry(
    receiver: ReceiverRecord,
    {
      stream,
      sequence,
      secondsLeft,
    }: { stream: Stream; sequence: number; secondsLeft: number | undefined },
  ): void {
    const possible = stream.secondsLeft(sequence, this.#nowMs());
    const name = `${receiver.name}: ${stream.topic} #${sequence}`;
    if (possible < 0) this.complain("expired", name);
    else if (secondsLeft !== undefined && secondsLeft > possible)
      this.complain("expired", `${name} says ${secondsLeft} s are left of at most ${possible}`);
  }
}
