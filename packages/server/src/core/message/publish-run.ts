import { firstByteOf, writeFixedHeader } from "./publish-layout.ts";
import { readU16, writeU16 } from "../numbers.ts";
import { copyBytes, decodeUtf8 } from "@anax/protocol";
import type { QoS } from "@anax/protocol";
import { copyInto } from "../copying.ts";
import type { RunToStore } from "./run-to-store.ts";
import { topicDigest } from "./content-digest.ts";
import { Message, expiryOf } from "./message.ts";
import { BEFORE_PROPERTIES } from "./known-properties.ts";
import type { KnownProperties } from "./known-properties.ts";
import { NO_ROUTE } from "../routing/route.ts";
import type { Route } from "../routing/route.ts";
import { SHARED_BYTES_MIN } from "../shared-bytes.ts";

/** Packets that one run may hold: enough for a full read of 64 KB of small ones. */
export const RUN_PACKETS_MAX = 2_048;

/**
 * Bytes of topics that a run may stand for where an alias is in their place. A packet of eight bytes may mean a topic of 65535:
 * what is written for it must not grow with that without limit.
 */
const ALIASED_TOPIC_BYTES_MAX = 262_144;

/** From this many bytes on the payload for a single receiver too is better kept as it is than rounded to a size of the pool. */
const SHARED_ALONE_MIN = 16_384;

/** An encoding keeps its array from run to run up to this many bytes. */
const ENCODING_BYTES_KEPT = 1_048_576;

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** How PUBLISH bytes look to a receiver: MQTT 5.0 has properties, QoS 1 and 2 have a Packet Identifier. */
type Layout = 0 | 1 | 2 | 3;
const WITH_IDENTIFIER = 1;
const WITH_PROPERTIES = 2;

/** A run's packets in one layout, one behind the other. */
export class RunEncoding {
  bytes: Uint8Array = new Uint8Array(0);
  /** Where each packet begins; one more for the end of the last. */
  readonly starts: Int32Array;
  /** Where each packet's identifier is; unused without identifiers. */
  readonly identifierAt: Int32Array;

  constructor(packetsMax: number) {
    this.starts = new Int32Array(packetsMax + 1);
    this.identifierAt = new Int32Array(packetsMax);
  }
}

/**
 * PUBLISH packets of one client that follow each other in its bytes, go to the same recipients, and have the same QoS,
 * flags and properties. Their topics may differ. Publishers repeat themselves, so a read often is one run; what is
 * done per run instead of per packet (copy, bookkeeping) is what makes the server quick.
 *
 * The incoming bytes are the outgoing bytes wherever the receiver's layout is the same; else the run is
 * encoded once for each layout that occurs, and so it is for every layout if the publisher uses a Topic Alias. One object per server is used again
 * and again: it holds nothing when the run is over. Where a run takes several turns it is copied.
 */
export class PublishRun implements RunToStore {
  count = 0;
  qos: QoS = 0;
  isVersion5 = false;
  route: Route = NO_ROUTE;
  clientId = "";
  receivedAtMs = 0;
  /** Bytes of the largest packet in any layout. */
  largest = 0;
  /** False if topics differ. */
  isOneTopic = true;
  properties: KnownProperties = BEFORE_PROPERTIES;
  /** The Topic Alias that the packets set; 0 if they set none. */
  alias = 0;
  firstNumber = 0;
  readonly slots: Int32Array;
  readonly assigned: Uint16Array;
  readonly #source: RunEncoding;
  readonly #bodyAt: Int32Array;
  /** Bytes of the payloads before each packet; one more for those of all. */
  readonly #payloadsBefore: Int32Array;
  /** Where in the source each packet's topic ends; behind its length where an alias is in its place. */
  readonly #topicEnd: Int32Array;
  readonly #encodings: readonly RunEncoding[];
  readonly #isEncoded: boolean[] = [false, false, false, false];
  readonly #messages: (Message | undefined)[] = [];
  #maximum: number = RUN_PACKETS_MAX;
  #hasEncodings = false;
  #aheadAt = -1;
  #ahead: Route | undefined;
  #aheadChanges = 0;
  /** What an alias stands for that is in place of the topic. */
  #aliasedTopic: Uint8Array | undefined;
  /** Bytes by which a packet may grow in another layout. */
  #growth = 0;

  /** `packetsMax`: for how many there is room. */
  constructor(packetsMax: number = RUN_PACKETS_MAX) {
    this.slots = new Int32Array(packetsMax);
    this.assigned = new Uint16Array(packetsMax);
    this.#source = new RunEncoding(packetsMax);
    this.#bodyAt = new Int32Array(packetsMax);
    this.#payloadsBefore = new Int32Array(packetsMax + 1);
    this.#topicEnd = new Int32Array(packetsMax);
    this.#encodings = [0, 1, 2, 3].map(() => new RunEncoding(packetsMax));
  }

  /**
   * Begins a run of at most `maximum` packets in `bytes`. `aliasedTopic` is what the Topic Alias stands for that is in
   * place of the topic. The fields that describe the packets are set by the caller: an object with them, for each run,
   * would be most of what the collector has to do.
   */
  begin(bytes: Uint8Array, maximum: number, aliasedTopic: Uint8Array | undefined): void {
    this.#source.bytes = bytes;
    this.#aliasedTopic = aliasedTopic;
    this.isOneTopic = true;
    this.count = 0;
    this.largest = 0;
    this.#maximum = maximum;
    // A property length, and with it one more byte of Remaining Length.
    this.#growth = 2;
    if (aliasedTopic !== undefined) this.#makeRoomForTopic(aliasedTopic.length);
    if (this.#hasEncodings) this.#isEncoded.fill(false);
    this.#hasEncodings = false;
  }

  /** A run of the same packets, in memory of its own. */
  copy(): PublishRun {
    const first = this.packetsStart;
    const topic = this.#aliasedTopic;
    const bytes = copyBytes(this.bytes, first, this.endOf(this.count - 1));
    const run = new PublishRun(this.count);
    run.begin(bytes, this.count, topic && copyBytes(topic, 0, topic.length));
    run.qos = this.qos;
    run.isVersion5 = this.isVersion5;
    run.route = this.route;
    run.clientId = this.clientId;
    run.receivedAtMs = this.receivedAtMs;
    run.properties = this.properties;
    for (let index = 0; index < this.count; index += 1) {
      const start = (this.#source.starts[index] ?? 0) - first;
      const bodyAt = (this.#bodyAt[index] ?? 0) - first;
      const topicEnd = (this.#topicEnd[index] ?? 0) - first;
      run.add(start, bodyAt, topicEnd, this.endOf(index) - first);
    }
    run.isOneTopic = this.isOneTopic;
    return run;
  }

  #makeRoomForTopic(topicBytes: number): void {
    this.#maximum = Math.min(this.#maximum, Math.ceil(ALIASED_TOPIC_BYTES_MAX / topicBytes));
    this.#growth += topicBytes + 1;
  }

  /** True if receivers share large payloads of the run: one alone gets a copy of its own sooner. */
  get isShared(): boolean {
    if (this.largest < SHARED_BYTES_MIN) return false;
    const { recipients, groups } = this.route;
    return this.largest >= SHARED_ALONE_MIN || recipients.length + groups.length > 1;
  }

  get isFull(): boolean {
    return this.count >= this.#maximum;
  }

  /** True if an alias is beside the topic, or in its place. */
  get hasAlias(): boolean {
    return this.properties.hasAlias || this.#aliasedTopic !== undefined;
  }

  /** Remembers the route of the topic at `topicAt` behind the run, which is likely to begin the next one. */
  lookAhead(topicAt: number, route: Route | undefined, changes: number): void {
    this.#aheadAt = topicAt;
    this.#ahead = route;
    this.#aheadChanges = changes;
  }

  /** What `lookAhead` was told of `topicAt` before any subscription changed; undefined if it was told nothing. */
  routeAhead(topicAt: number, changes: number): Route | undefined {
    return topicAt === this.#aheadAt && changes === this.#aheadChanges ? this.#ahead : undefined;
  }

  /** From now on positions are those of other bytes. */
  forgetAhead(): void {
    this.#aheadAt = -1;
    this.#ahead = undefined;
  }

  /** Adds the packet of which fixed header, body, end of the topic and end are given. */
  add(start: number, bodyStart: number, topicEnd: number, end: number): void {
    const index = this.count;
    this.#source.starts[index] = start;
    this.#source.starts[index + 1] = end;
    this.#source.identifierAt[index] = topicEnd;
    this.#bodyAt[index] = bodyStart;
    this.#topicEnd[index] = topicEnd;
    const payloadBytes = end - this.payloadStart(index);
    this.#payloadsBefore[index + 1] = (this.#payloadsBefore[index] ?? 0) + payloadBytes;
    this.count = index + 1;
    const largest = end - start + this.#growth;
    if (largest > this.largest) this.largest = largest;
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
    return (this.#topicEnd[index] ?? 0) + (this.qos > 0 ? 2 : 0) + this.properties.size;
  }

  /** The packets are in `bytes` from now on, a copy of what they were in from `from` on. */
  moveTo(bytes: Uint8Array, from: number): void {
    const { starts, identifierAt } = this.#source;
    this.#source.bytes = bytes;
    for (let index = 0; index < this.count; index += 1) {
      starts[index] = (starts[index] ?? 0) - from;
      identifierAt[index] = (identifierAt[index] ?? 0) - from;
      this.#bodyAt[index] = (this.#bodyAt[index] ?? 0) - from;
      this.#topicEnd[index] = (this.#topicEnd[index] ?? 0) - from;
    }
    starts[this.count] = (starts[this.count] ?? 0) - from;
    this.forgetAhead();
  }

  /** Bytes of the payloads of the packets from `from` on and before `to`. */
  payloadBytes(from: number, to: number): number {
    return (this.#payloadsBefore[to] ?? 0) - (this.#payloadsBefore[from] ?? 0);
  }

  /** Lets go of everything that the run referred to. */
  end(): void {
    if (this.#messages.length > 0) this.#messages.length = 0;
    this.firstNumber = 0;
    this.route = NO_ROUTE;
    this.#aliasedTopic = undefined;
    this.properties = BEFORE_PROPERTIES;
    this.#source.bytes = NO_BYTES;
    this.count = 0;
    if (this.#hasEncodings) this.#letGoOfLarge();
  }

  /** What one large packet needed would be kept for ever. */
  #letGoOfLarge(): void {
    for (const encoding of this.#encodings)
      if (encoding.bytes.length > ENCODING_BYTES_KEPT) encoding.bytes = NO_BYTES;
  }

  /** Where in `bytes` the first packet begins. */
  get packetsStart(): number {
    return this.#source.starts[0] ?? 0;
  }

  /** The bytes of the packet's topic; a view, so good for as long as the run is. */
  topicBytes(index: number): Uint8Array {
    if (this.#aliasedTopic !== undefined) return this.#aliasedTopic;
    return this.#source.bytes.subarray((this.#bodyAt[index] ?? 0) + 2, this.#topicEnd[index]);
  }

  topicLength(index: number): number {
    if (this.#aliasedTopic !== undefined) return this.#aliasedTopic.length;
    return (this.#topicEnd[index] ?? 0) - (this.#bodyAt[index] ?? 0) - 2;
  }

  topic(index: number): string {
    const bytes = this.topicBytes(index);
    return decodeUtf8(bytes, 0, bytes.length);
  }

  /** Digest of the packet's topic, by which messages are told apart. */
  topicDigest(index: number): number {
    const topic = this.#aliasedTopic;
    if (topic !== undefined) return topicDigest(topic, 0, topic.length);
    return topicDigest(
      this.#source.bytes,
      (this.#bodyAt[index] ?? 0) + 2,
      this.#topicEnd[index] ?? 0,
    );
  }

  get propertyBytes(): Uint8Array {
    return this.properties.sent;
  }

  get expiresAtMs(): number {
    return expiryOf(this.properties.sent, this.receivedAtMs);
  }

  /** Packet Identifier of the packet at `index`; only with QoS 1 and 2. */
  identifier(index: number): number {
    const at = this.#source.identifierAt[index] ?? 0;
    return readU16(this.#source.bytes, at);
  }

  /** Bytes of all packets as they came. */
  get bytesReceived(): number {
    return (this.#source.starts[this.count] ?? 0) - (this.#source.starts[0] ?? 0);
  }

  /** The run as a receiver of this protocol and QoS gets it. Packet Identifiers in it are still the publisher's. */
  encoding(isVersion5: boolean, qos: QoS): RunEncoding {
    const layout = layoutOf(isVersion5, qos);
    if (!this.properties.hasAlias && layout === layoutOf(this.isVersion5, this.qos))
      return this.#source;
    const encoding = this.#encodings[layout] ?? this.#source;
    if (this.#isEncoded[layout]) return encoding;
    if (this.isOneTopic) this.#encode(encoding, layout);
    else this.#encodeTopics(encoding, layout);
    this.#isEncoded[layout] = true;
    this.#hasEncodings = true;
    return encoding;
  }

  /** The message at `index`, as something to keep; made once, however many receivers keep it. */
  message(index: number): Message {
    const message = (this.#messages[index] ??= this.#makeMessage(index));
    if (this.firstNumber !== 0) {
      message.slot = this.slots[index] ?? -1;
      message.number = this.firstNumber + index;
    }
    return message;
  }

  /**
   * Writes the packets in another layout. What they have in common and what they came as is first put behind the place
   * that they take, because moving bytes within an array is much quicker than anything that copies a few from another.
   */
  #encode(encoding: RunEncoding, layout: Layout): void {
    const { bytes: source, starts } = this.#source;
    const first = starts[0] ?? 0;
    const copyAt = this.bytesReceived + this.count * this.#growth;
    const commonAt = copyAt + this.bytesReceived;
    const topicBytes = this.topicBytes(0);
    const properties = (layout & WITH_PROPERTIES) === 0 ? NO_BYTES : this.properties.sent;
    const identifierOffset = 2 + topicBytes.length;
    const propertiesOffset = identifierOffset + ((layout & WITH_IDENTIFIER) === 0 ? 0 : 2);
    const commonBytes = propertiesOffset + properties.length;
    const needed = commonAt + commonBytes;
    if (encoding.bytes.length < needed) encoding.bytes = new Uint8Array(needed * 2);
    const { bytes } = encoding;
    bytes.set(source.subarray(first, starts[this.count]), copyAt);
    writeTopic(topicBytes, bytes, commonAt);
    bytes.set(properties, commonAt + propertiesOffset);
    // Receivers write their QoS.
    const firstByte = firstByteOf(0);
    let position = 0;
    for (let index = 0; index < this.count; index += 1) {
      const payloadAt = this.payloadStart(index);
      const end = this.endOf(index);
      encoding.starts[index] = position;
      const at = writeFixedHeader(bytes, position, firstByte, commonBytes + end - payloadAt);
      bytes.copyWithin(at, commonAt, commonAt + commonBytes);
      encoding.identifierAt[index] = at + identifierOffset;
      position = at + commonBytes;
      bytes.copyWithin(position, payloadAt - first + copyAt, end - first + copyAt);
      position += end - payloadAt;
    }
    encoding.starts[this.count] = position;
  }

  /** The same where topics differ, which are copied from what the packets came as. */
  #encodeTopics(encoding: RunEncoding, layout: Layout): void {
    const { bytes: source, starts } = this.#source;
    const first = starts[0] ?? 0;
    const shift = this.bytesReceived + this.count * this.#growth - first;
    const needed = this.bytesReceived + shift + first;
    if (encoding.bytes.length < needed) encoding.bytes = new Uint8Array(needed * 2);
    const { bytes } = encoding;
    bytes.set(source.subarray(first, starts[this.count]), first + shift);
    const properties = (layout & WITH_PROPERTIES) === 0 ? NO_BYTES : this.properties.sent;
    const identifierBytes = (layout & WITH_IDENTIFIER) === 0 ? 0 : 2;
    // Receivers write their QoS.
    const firstByte = firstByteOf(0);
    let position = 0;
    for (let index = 0; index < this.count; index += 1) {
      const topicAt = this.#bodyAt[index] ?? 0;
      const topicEnd = this.#topicEnd[index] ?? 0;
      const payloadAt = this.payloadStart(index);
      const end = this.endOf(index);
      const size = topicEnd - topicAt + identifierBytes + properties.length + (end - payloadAt);
      encoding.starts[index] = position;
      const at = writeFixedHeader(bytes, position, firstByte, size);
      bytes.copyWithin(at, topicAt + shift, topicEnd + shift);
      encoding.identifierAt[index] = at + topicEnd - topicAt;
      position = at + topicEnd - topicAt + identifierBytes;
      position = copyInto(bytes, position, properties, 0, properties.length);
      bytes.copyWithin(position, payloadAt + shift, end + shift);
      position += end - payloadAt;
    }
    encoding.starts[this.count] = position;
  }

  #makeMessage(index: number): Message {
    const topicBytes = this.topicBytes(index);
    const { sent } = this.properties;
    const payloadAt = this.payloadStart(index);
    const end = this.endOf(index);
    const bytes = new Uint8Array(2 + topicBytes.length + sent.length + end - payloadAt);
    const at = copyInto(bytes, writeTopic(topicBytes, bytes, 0), sent, 0, sent.length);
    copyInto(bytes, at, this.#source.bytes, payloadAt, end);
    return Message.received({
      topic: this.topic(index),
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

/**
 * Makes copied packets of a run those of their receiver: writes QoS and Packet Identifiers, by their place in the run, where the copy is
 * `shift` bytes behind what it was made of.
 */
export function addressPackets(
  copy: Uint8Array,
  shift: number,
  { starts, identifierAt }: RunEncoding,
  { from, to, qos }: { readonly from: number; readonly to: number; readonly qos: QoS },
  identifiers: Uint16Array,
): void {
  const firstByte = firstByteOf(qos);
  for (let index = from; index < to; index += 1) {
    copy[(starts[index] ?? 0) + shift] = firstByte;
    if (qos === 0) continue;
    writeU16(copy, (identifierAt[index] ?? 0) + shift, identifiers[index] ?? 0);
  }
}

/** Writes a topic behind its length at `at`, and gives the position behind it. */
function writeTopic(topicBytes: Uint8Array, target: Uint8Array, at: number): number {
  const start = writeU16(target, at, topicBytes.length);
  return copyInto(target, start, topicBytes, 0, topicBytes.length);
}
