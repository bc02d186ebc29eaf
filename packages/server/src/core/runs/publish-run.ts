import { encodeVarintInto } from "@anax/protocol";
import type { QoS } from "@anax/protocol";
import { Message } from "../publishing/message.ts";
import type { Route } from "../routing/route.ts";

/** Packets that one run may hold: enough for a full read of 64 KB of small ones. */
export const RUN_PACKETS_MAX = 2_048;

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** How PUBLISH bytes look to a receiver: MQTT 5.0 has properties, QoS 1 and 2 have a Packet Identifier. */
type Layout = 0 | 1 | 2 | 3;
const WITH_IDENTIFIER = 1;
const WITH_PROPERTIES = 2;

/** A run's packets in one layout, one behind the other. */
export class RunEncoding {
  bytes: Uint8Array = new Uint8Array(0);
  /** Where each packet begins; one more for the end of the last. */
  readonly starts: Int32Array = new Int32Array(RUN_PACKETS_MAX + 1);
  /** Where each packet's identifier is; unused without identifiers. */
  readonly identifierAt: Int32Array = new Int32Array(RUN_PACKETS_MAX);
}

/**
 * PUBLISH packets of one client that follow each other in its bytes and differ in payload and Packet Identifier only:
 * same topic, QoS, flags and properties. Publishers repeat themselves, so a read often is one run; what is
 * done per run instead of per packet (route, copy, bookkeeping) is what makes the server quick.
 *
 * The incoming bytes are the outgoing bytes wherever the receiver's layout is the same; else the run is
 * encoded once for each layout that occurs. There is one object of this class per server, used again and
 * again: it holds nothing when the run is over.
 */
export class PublishRun {
  count = 0;
  qos: QoS = 0;
  isVersion5 = false;
  route: Route | undefined;
  clientId = "";
  receivedAtMs = 0;
  /** Bytes of the largest packet in any layout. */
  largest = 0;
  /** Bytes of property length and properties in the source; 0 before MQTT 5.0. */
  propertyBytes = 0;
  readonly #source: RunEncoding = new RunEncoding();
  readonly #bodyAt: Int32Array = new Int32Array(RUN_PACKETS_MAX);
  readonly #encodings: readonly RunEncoding[] = [0, 1, 2, 3].map(() => new RunEncoding());
  readonly #isEncoded: boolean[] = [false, false, false, false];
  readonly #messages: (Message | undefined)[] = [];
  #maximum: number = RUN_PACKETS_MAX;

  /** Begins a run in `bytes`. */
  begin(fields: {
    bytes: Uint8Array;
    qos: QoS;
    isVersion5: boolean;
    route: Route;
    propertyBytes: number;
    clientId: string;
    receivedAtMs: number;
    /** Packets that the run may hold. */
    maximum: number;
  }): void {
    this.#source.bytes = fields.bytes;
    this.qos = fields.qos;
    this.isVersion5 = fields.isVersion5;
    this.route = fields.route;
    this.propertyBytes = fields.propertyBytes;
    this.clientId = fields.clientId;
    this.receivedAtMs = fields.receivedAtMs;
    this.count = 0;
    this.largest = 0;
    this.#maximum = fields.maximum;
    this.#isEncoded.fill(false);
  }

  get isFull(): boolean {
    return this.count >= this.#maximum;
  }

  /** Adds the packet of which fixed header, body and end are given. */
  add(start: number, bodyStart: number, end: number): void {
    const index = this.count;
    this.#source.starts[index] = start;
    this.#source.starts[index + 1] = end;
    this.#source.identifierAt[index] = bodyStart + this.#topicPart;
    this.#bodyAt[index] = bodyStart;
    this.count = index + 1;
    // Another layout may add a property length, and with it one more byte of Remaining Length.
    if (end - start + 2 > this.largest) this.largest = end - start + 2;
  }

  /** Leaves out the packets from `count` on. */
  cutTo(count: number): void {
    this.count = count;
  }

  /** Index behind the packet at `index`, and so behind its payload. */
  endOf(index: number): number {
    return this.#source.starts[index + 1] ?? 0;
  }

  /** The bytes that the packets are in: memory that is read into again when the run is over. */
  get bytes(): Uint8Array {
    return this.#source.bytes;
  }

  /** Where the payload of the packet at `index` begins in `bytes`. */
  payloadStart(index: number): number {
    return (this.#bodyAt[index] ?? 0) + this.#payloadOffset;
  }

  /** Bytes of the packet at `index` as it came. */
  packetBytes(index: number): number {
    return this.endOf(index) - (this.#source.starts[index] ?? 0);
  }

  /** Lets go of everything that the run referred to. */
  end(): void {
    this.#messages.length = 0;
    this.route = undefined;
    this.#source.bytes = NO_BYTES;
    this.count = 0;
  }

  /** Packet Identifier of the packet at `index`; only with QoS 1 and 2. */
  identifier(index: number): number {
    const at = this.#source.identifierAt[index] ?? 0;
    const { bytes } = this.#source;
    return (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
  }

  /** Bytes of all packets as they came. */
  get bytesReceived(): number {
    return (this.#source.starts[this.count] ?? 0) - (this.#source.starts[0] ?? 0);
  }

  /** The run as a receiver of this protocol and QoS gets it. Packet Identifiers in it are still the publisher's. */
  encoding(isVersion5: boolean, qos: QoS): RunEncoding {
    const layout = layoutOf(isVersion5, qos);
    if (layout === layoutOf(this.isVersion5, this.qos)) return this.#source;
    const encoding = this.#encodings[layout] ?? this.#source;
    if (!this.#isEncoded[layout]) this.#encode(encoding, layout);
    this.#isEncoded[layout] = true;
    return encoding;
  }

  /** The message at `index`, as something to keep; made once, however many receivers keep it. */
  message(index: number): Message {
    let message = this.#messages[index];
    if (message === undefined) {
      message = this.#makeMessage(index);
      this.#messages[index] = message;
    }
    return message;
  }

  get #topicPart(): number {
    return 2 + (this.route?.topicBytes.length ?? 0);
  }

  /** Bytes of a packet's body before its payload, in the source. */
  get #payloadOffset(): number {
    return this.#topicPart + (this.qos > 0 ? 2 : 0) + this.propertyBytes;
  }

  #encode(encoding: RunEncoding, layout: Layout): void {
    const needed = this.bytesReceived + this.count * 8;
    if (encoding.bytes.length < needed) encoding.bytes = new Uint8Array(needed * 2);
    let position = 0;
    for (let index = 0; index < this.count; index += 1) {
      encoding.starts[index] = position;
      position = this.#encodeOne(encoding, index, layout, position);
    }
    encoding.starts[this.count] = position;
  }

  /** Writes one packet in another layout at `position`; gives the position behind it. */
  #encodeOne(encoding: RunEncoding, index: number, layout: Layout, position: number): number {
    const source = this.#source.bytes;
    const bodyAt = this.#bodyAt[index] ?? 0;
    const end = this.#source.starts[index + 1] ?? 0;
    const { bytes } = encoding;
    const identifierBytes = (layout & WITH_IDENTIFIER) !== 0 ? 2 : 0;
    const wantsProperties = (layout & WITH_PROPERTIES) !== 0;
    const properties = wantsProperties ? Math.max(1, this.propertyBytes) : 0;
    const payloadAt = bodyAt + this.#payloadOffset;
    const remaining = this.#topicPart + identifierBytes + properties + end - payloadAt;
    bytes[position] = 0x30;
    let at = encodeVarintInto(remaining, bytes, position + 1);
    at = copy(source, bodyAt, bodyAt + this.#topicPart, bytes, at);
    encoding.identifierAt[index] = at;
    at += identifierBytes;
    if (wantsProperties && this.propertyBytes === 0) {
      bytes[at] = 0;
      at += 1;
    } else if (wantsProperties) {
      at = copy(source, payloadAt - this.propertyBytes, payloadAt, bytes, at);
    }
    return copy(source, payloadAt, end, bytes, at);
  }

  #makeMessage(index: number): Message {
    const source = this.#source.bytes;
    const bodyAt = this.#bodyAt[index] ?? 0;
    const end = this.#source.starts[index + 1] ?? 0;
    const payloadAt = bodyAt + this.#payloadOffset;
    const properties = Math.max(1, this.propertyBytes);
    const bytes = new Uint8Array(this.#topicPart + properties + end - payloadAt);
    const at = copy(source, bodyAt, bodyAt + this.#topicPart, bytes, 0);
    copy(source, payloadAt - this.propertyBytes, payloadAt, bytes, at);
    copy(source, payloadAt, end, bytes, bytes.length - (end - payloadAt));
    return Message.received({
      topic: this.route?.topic ?? "",
      bytes,
      qos: this.qos,
      retain: false,
      clientId: this.clientId,
      receivedAtMs: this.receivedAtMs,
    });
  }
}

function layoutOf(isVersion5: boolean, qos: QoS): Layout {
  if (isVersion5) return qos > 0 ? 3 : 2;
  return qos > 0 ? 1 : 0;
}

/** Copies `source[start, end)` to `at` and gives the position behind it. Short copies are quicker byte by byte. */
function copy(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): number {
  const count = end - start;
  if (count > 64) target.set(source.subarray(start, end), at);
  else
    for (let index = 0; index < count; index += 1) target[at + index] = source[start + index] ?? 0;
  return at + count;
}
