import { PacketIdentifiers, ReasonCode } from "@anax/protocol";
import type { LoadConnection, PacketReceiver } from "./load-connection.ts";
import type { LoadStatistics } from "./load-statistics.ts";
import type { MessageTemplate, PacketBatch } from "./message-batch.ts";
import { MessageBatch, nowUs, readU16 } from "./message-batch.ts";
import { MixedBatch } from "./mixed-batch.ts";
import type { Mix } from "./mixed-batch.ts";

/** How fast a publisher goes. */
export interface PublisherPace {
  /** Messages that may be on their way to the subscribers at a time. */
  readonly window: number;
  /** QoS 1 and 2 messages that the server takes at a time. */
  readonly quota: number;
  /** To how many subscribers each message goes; 0 if nobody subscribes. */
  readonly receivers: number;
  /** When messages are due. Undefined: as soon as the window allows. */
  readonly timetable: Timetable | undefined;
  /** How many messages all publishers may still send; counted down. */
  readonly budget: { left: number };
}

/** Evenly spaced points of time. */
export interface Timetable {
  /** Of the first message, in milliseconds from the start. */
  readonly delayMs: number;
  /** From one message to the next. */
  readonly intervalMs: number;
}

const PUBACK = 4;
const PUBREC = 5;
const PUBCOMP = 7;
const PUBREL_FIRST_BYTE = 0x62;
const IDENTIFIERS = 65_536;
/** Then others have their turn: a server that reads as fast as we write would never stop us. */
const BATCHES_PER_TURN = 16;

/** A client of the load that publishes. */
export class LoadPublisher implements PacketReceiver {
  /** Messages sent. */
  sent = 0;
  /** Deliveries that are known of, lost ones that were found missing included. */
  accounted = 0;
  /** Messages that are not fully acknowledged; QoS 1 and 2. */
  unacknowledged = 0;
  /** Whether it waits in a list to be pumped. */
  isDirty = false;
  readonly #connection: LoadConnection;
  readonly #template: MessageTemplate;
  readonly #mix: Mix | undefined;
  readonly #pace: PublisherPace;
  readonly #statistics: LoadStatistics;
  readonly #identifiers = new PacketIdentifiers();
  /** When each message in flight was sent, by Packet Identifier; only if its acknowledgement is measured. */
  readonly #sentAtUs: Uint32Array | undefined;
  #batch: PacketBatch | undefined;
  #isRunning = false;
  #isBlocked = false;
  /** When the first message is due, in milliseconds of `performance.now()`. */
  #firstDueMs = 0;

  /** `mix`: how the messages differ; undefined if all are alike. */
  constructor(
    connection: LoadConnection,
    { template, mix }: { readonly template: MessageTemplate; readonly mix: Mix | undefined },
    pace: PublisherPace,
    statistics: LoadStatistics,
  ) {
    this.#connection = connection;
    this.#template = template;
    this.#mix = mix;
    this.#pace = pace;
    this.#statistics = statistics;
    const isMeasured = pace.receivers === 0 && template.qos > 0;
    this.#sentAtUs = isMeasured ? new Uint32Array(IDENTIFIERS) : undefined;
    connection.receiver = this;
  }

  /** Deliveries that are still to come. */
  get outstanding(): number {
    return Math.max(0, this.sent * this.#pace.receivers - this.accounted);
  }

  start(): void {
    this.#isRunning = true;
    this.#firstDueMs = performance.now() + (this.#pace.timetable?.delayMs ?? 0);
    this.pump();
  }

  stop(): void {
    this.#isRunning = false;
  }

  /** Disconnects. */
  end(): void {
    this.stop();
    this.#connection.end();
  }

  /** Gives up waiting for deliveries that do not come, so that the window opens again. */
  writeOff(): void {
    this.accounted = this.sent * this.#pace.receivers;
  }

  /** Sends what may be sent now: batch after batch, until the window or the socket is full. */
  pump(): void {
    this.isDirty = false;
    for (let batches = 0; this.#isRunning && !this.#isBlocked; batches += 1) {
      this.#batch ??= this.#makeBatch();
      const count = Math.min(this.#allowance(), this.#batch.capacity);
      if (count <= 0) return;
      if (batches === BATCHES_PER_TURN) {
        setImmediate(() => this.pump());
        return;
      }
      this.#sendBatch(this.#batch, count);
    }
  }

  #makeBatch(): PacketBatch {
    return this.#mix === undefined
      ? new MessageBatch(this.#template)
      : new MixedBatch(this.#template, this.#mix);
  }

  /** How many messages window, quota, schedule and budget allow now. */
  #allowance(): number {
    const { window, quota, receivers, timetable, budget } = this.#pace;
    let allowed = budget.left;
    if (receivers > 0) {
      const onTheirWay = this.sent - Math.floor(this.accounted / receivers);
      allowed = Math.min(allowed, window - onTheirWay);
    }
    if (this.#template.qos > 0) {
      allowed = Math.min(allowed, Math.min(quota, window) - this.unacknowledged);
    }
    if (timetable === undefined) return allowed;
    const elapsedMs = performance.now() - this.#firstDueMs;
    const due = Math.floor(elapsedMs / timetable.intervalMs) + 1;
    return Math.min(allowed, due - this.sent);
  }

  #sendBatch(batch: PacketBatch, count: number): void {
    const { timetable, budget } = this.#pace;
    let timeUs = nowUs();
    for (let slot = 0; slot < count; slot += 1) {
      if (timetable !== undefined) {
        // Latency counts from when the message should have left: a server that stalls the
        // publisher must not look fast for it.
        timeUs = ((this.#firstDueMs + this.sent * timetable.intervalMs) * 1_000) >>> 0;
      }
      batch.stamp(slot, timeUs, this.sent);
      if (this.#template.qos > 0) this.#identify(batch, slot, timeUs);
      this.sent += 1;
    }
    budget.left -= count;
    this.#statistics.sent += count;
    this.#isBlocked = !this.#connection.write(batch.first(count));
  }

  #identify(batch: PacketBatch, slot: number, timeUs: number): void {
    const packetIdentifier = this.#identifiers.take();
    batch.identify(slot, packetIdentifier);
    this.unacknowledged += 1;
    if (this.#sentAtUs !== undefined) this.#sentAtUs[packetIdentifier] = timeUs;
  }

  packet(firstByte: number, bytes: Uint8Array, bodyStart: number, end: number): void {
    const packetIdentifier = readU16(bytes, bodyStart);
    const reasonCode = end - bodyStart > 2 ? (bytes[bodyStart + 2] ?? 0) : 0;
    switch (firstByte >> 4) {
      case PUBREC:
        if (reasonCode < 0x80) this.#release(packetIdentifier);
        else this.#acknowledged(packetIdentifier, reasonCode);
        break;
      case PUBACK:
      case PUBCOMP:
        this.#acknowledged(packetIdentifier, reasonCode);
        break;
    }
  }

  chunkEnded(): void {
    if (this.#template.qos > 0) this.pump();
  }

  drained(): void {
    this.#isBlocked = false;
    this.pump();
  }

  lost(reason: string): void {
    this.stop();
    this.writeOff();
    this.unacknowledged = 0;
    this.#statistics.connectionLost(reason);
  }

  #release(packetIdentifier: number): void {
    const { acknowledgements } = this.#connection;
    acknowledgements.u8(PUBREL_FIRST_BYTE);
    acknowledgements.u8(2);
    acknowledgements.u16(packetIdentifier);
  }

  #acknowledged(packetIdentifier: number, reasonCode: number): void {
    if (!this.#identifiers.release(packetIdentifier)) return;
    this.unacknowledged -= 1;
    if (reasonCode >= ReasonCode.unspecifiedError) this.#statistics.refused += 1;
    this.#statistics.acknowledged += 1;
    const sentAtUs = this.#sentAtUs?.[packetIdentifier];
    if (sentAtUs === undefined) return;
    this.#statistics.latencies.record((nowUs() - sentAtUs) >>> 0);
  }
}
