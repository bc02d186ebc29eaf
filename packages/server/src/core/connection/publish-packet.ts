import { encodeVarintInto, varintSize } from "@anax/protocol";
import { copyInto } from "../copying.ts";
import { packetSize, writeFixedHeader } from "../message/publish-layout.ts";
import { writeU16 } from "../numbers.ts";
import type { Outbox } from "./outbox.ts";
import { SHARED_BYTES_MIN } from "../shared-bytes.ts";
import type { SharedBytes } from "../shared-bytes.ts";

const QOS_BITS = 0x06;
const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Where the parts of a message lie in `bytes`. They are as in an MQTT 5.0 PUBLISH, without a Packet Identifier. */
export interface PublishParts {
  readonly bytes: Uint8Array;
  /** The topic behind its length. */
  readonly start: number;
  /** The properties behind their length. */
  readonly topicEnd: number;
  readonly propertiesEnd: number;
  /** `propertiesEnd`, if the payload follows them. */
  readonly payloadStart: number;
  readonly end: number;
}

/** A PUBLISH as one receiver gets it: what is said beside its message. Used again and again for several in a row. */
export class PublishPacket {
  readonly isVersion5: boolean;
  /** Type, DUP, QoS and RETAIN. */
  firstByte = 0;
  /** Written with QoS 1 and 2. */
  packetIdentifier = 0;
  /** False where a Topic Alias is in place of the topic. */
  hasTopic = true;
  /** Properties of this receiver, in front of the message's own; only with MQTT 5.0. */
  added: Uint8Array = NO_BYTES;

  constructor(isVersion5: boolean) {
    this.isVersion5 = isVersion5;
  }

  /** Bytes of the whole packet. */
  sizeOf(parts: PublishParts): number {
    return packetSize(this.#remainingLength(parts));
  }

  /**
   * Puts the packet into an outbox. A large payload is not copied if it is in `shared`, which holds the message from its
   * topic on. Gives where in the outbox's bytes the message's own properties end.
   */
  write(outbox: Outbox, parts: PublishParts, shared?: SharedBytes): number {
    const { bytes: source, start, topicEnd, propertiesEnd, payloadStart, end } = parts;
    const remainingLength = this.#remainingLength(parts);
    const payloadBytes = end - payloadStart;
    const isShared = shared !== undefined && payloadBytes >= SHARED_BYTES_MIN;
    let at = outbox.reserve(packetSize(remainingLength) - (isShared ? payloadBytes : 0));
    const { bytes } = outbox;
    at = writeFixedHeader(bytes, at, this.firstByte, remainingLength);
    at = this.hasTopic ? copyInto(bytes, at, source, start, topicEnd) : writeU16(bytes, at, 0);
    if ((this.firstByte & QOS_BITS) !== 0) at = writeU16(bytes, at, this.packetIdentifier);
    if (this.isVersion5) at = this.#writeProperties(bytes, at, parts);
    if (isShared) outbox.appendShared(shared, propertiesEnd - start);
    else copyInto(bytes, at, source, payloadStart, end);
    return at;
  }

  #writeProperties(bytes: Uint8Array, position: number, parts: PublishParts): number {
    const { bytes: source, topicEnd, propertiesEnd } = parts;
    if (this.added.length === 0) return copyInto(bytes, position, source, topicEnd, propertiesEnd);
    const own = ownPropertyBytes(parts);
    let at = encodeVarintInto(this.added.length + own, bytes, position);
    at = copyInto(bytes, at, this.added, 0, this.added.length);
    return copyInto(bytes, at, source, propertiesEnd - own, propertiesEnd);
  }

  #remainingLength(parts: PublishParts): number {
    const { start, topicEnd, payloadStart, end } = parts;
    const topicBytes = this.hasTopic ? topicEnd - start : 2;
    const identifierBytes = (this.firstByte & QOS_BITS) === 0 ? 0 : 2;
    const propertyBytes = this.isVersion5 ? this.#propertyBytes(parts) : 0;
    return topicBytes + identifierBytes + propertyBytes + end - payloadStart;
  }

  /** Their length is among them. */
  #propertyBytes(parts: PublishParts): number {
    if (this.added.length === 0) return parts.propertiesEnd - parts.topicEnd;
    const bytes = this.added.length + ownPropertyBytes(parts);
    return varintSize(bytes) + bytes;
  }
}

/** Bytes of the message's own properties, without the length before them. */
function ownPropertyBytes({ bytes, topicEnd, propertiesEnd }: PublishParts): number {
  let start = topicEnd + 1;
  while (((bytes[start - 1] ?? 0) & 0x80) !== 0) start += 1;
  return propertiesEnd - start;
}
