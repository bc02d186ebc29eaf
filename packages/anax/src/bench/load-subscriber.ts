import type { ByteWriter } from "@anax/protocol";
import type { LoadConnection, PacketReceiver } from "./load-connection.ts";
import type { LoadPublisher } from "./load-publisher.ts";
import type { LoadStatistics } from "./load-statistics.ts";
import {
  STAMP_BYTES,
  nowUs,
  payloadStart,
  readU16,
  stampMark,
  stampPublisher,
  stampSequence,
  stampTime,
} from "./message-batch.ts";

/** What a subscriber has to know to tell messages apart. */
export interface SubscriberView {
  /** Whether packets have properties: MQTT 5.0. */
  readonly hasProperties: boolean;
  /** Mark of this run; messages without it are not counted. */
  readonly mark: number;
  /** How many publishers there will be. */
  readonly publisherCount: number;
  /** All publishers, by their numbers, once they are connected. */
  readonly publishers: readonly LoadPublisher[];
  /** How many groups of publishers there are: this subscriber gets the messages of every so many-th publisher. */
  readonly groups: number;
  /** Whether it gets all messages of its topic; false for a Shared Subscription. */
  readonly isAlone: boolean;
  /** Takes publishers whose window has opened. */
  readonly dirty: LoadPublisher[];
  /** Has those publishers send on. */
  pumpDirty(): void;
}

const PUBLISH = 3;
const PUBREL = 6;
const PUBACK_FIRST_BYTE = 0x40;
const PUBREC_FIRST_BYTE = 0x50;
const PUBCOMP_FIRST_BYTE = 0x70;

/** A client of the load that subscribes. */
export class LoadSubscriber implements PacketReceiver {
  readonly #connection: LoadConnection;
  readonly #view: SubscriberView;
  readonly #statistics: LoadStatistics;
  /** Next sequence number, by the publisher's place among those of this topic. */
  readonly #expected: Uint32Array;
  /** One reading of the clock serves all messages of a chunk. */
  #nowUs = 0;

  constructor(connection: LoadConnection, view: SubscriberView, statistics: LoadStatistics) {
    this.#connection = connection;
    this.#view = view;
    this.#statistics = statistics;
    this.#expected = new Uint32Array(Math.ceil(view.publisherCount / view.groups));
    connection.receiver = this;
  }

  /** Disconnects. */
  end(): void {
    this.#connection.end();
  }

  packet(firstByte: number, bytes: Uint8Array, bodyStart: number, end: number): void {
    const type = firstByte >> 4;
    if (type === PUBLISH) this.#publish(firstByte, bytes, bodyStart, end);
    else if (type === PUBREL) {
      acknowledge(this.#connection.acknowledgements, PUBCOMP_FIRST_BYTE, readU16(bytes, bodyStart));
    }
  }

  chunkEnded(): void {
    this.#nowUs = 0;
    this.#view.pumpDirty();
  }

  drained(): void {
    // Acknowledgements are small: they never wait for the socket.
  }

  lost(reason: string): void {
    this.#statistics.connectionLost(reason);
  }

  /** The hot path: nothing is allocated, and of the packet only the stamp is read. */
  #publish(firstByte: number, bytes: Uint8Array, bodyStart: number, end: number): void {
    const { hasProperties, mark } = this.#view;
    const qos = (firstByte >> 1) & 3;
    if (qos > 0) {
      const identifierAt = bodyStart + 2 + readU16(bytes, bodyStart);
      const first = qos === 1 ? PUBACK_FIRST_BYTE : PUBREC_FIRST_BYTE;
      acknowledge(this.#connection.acknowledgements, first, readU16(bytes, identifierAt));
    }
    const stampAt = payloadStart(firstByte, bytes, bodyStart, hasProperties);
    if (end - stampAt < STAMP_BYTES || stampMark(bytes, stampAt) !== mark) {
      this.#statistics.foreign += 1;
      return;
    }
    if (this.#nowUs === 0) this.#nowUs = nowUs();
    this.#statistics.latencies.record((this.#nowUs - stampTime(bytes, stampAt)) >>> 0);
    this.#account(stampPublisher(bytes, stampAt), stampSequence(bytes, stampAt));
  }

  /** Tells the publisher how many of its messages are no longer on their way: this one, and those it overtook. */
  #account(publisherNumber: number, sequence: number): void {
    const { publishers, groups, isAlone, dirty } = this.#view;
    const publisher = publishers[publisherNumber];
    if (publisher === undefined) return;
    this.#statistics.received += 1;
    let accounted = 1;
    if (isAlone) {
      const place = Math.floor(publisherNumber / groups);
      const expected = this.#expected[place] ?? 0;
      if (sequence < expected) {
        this.#statistics.duplicates += 1;
        return;
      }
      accounted = sequence - expected + 1;
      this.#expected[place] = sequence + 1;
    }
    publisher.accounted += accounted;
    if (publisher.isDirty) return;
    publisher.isDirty = true;
    dirty.push(publisher);
  }
}

function acknowledge(writer: ByteWriter, firstByte: number, packetIdentifier: number): void {
  writer.u8(firstByte);
  writer.u8(2);
  writer.u16(packetIdentifier);
}
