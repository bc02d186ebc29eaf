/**
 * The hot path of receiving: PUBLISH at QoS 0 without properties, on a topic that was seen before, which
 * most messages are. They become a `ReceivedMessage` without a packet in between, and their Topic Name is neither
 * decoded nor checked nor hashed again. Everything else is left to the codec.
 */
import type { Framer, ProtocolVersion } from "@anax/protocol";
import { ReceivedMessage } from "./message.ts";

const PUBLISH = 0x30;
const RETAIN_BIT = 0x01;
/** Type, DUP and QoS: those of a PUBLISH at QoS 0. */
const PLAIN_MASK = 0xfe;

/** Slots for topics; two that fall into one slot push each other out, which only costs time. */
const SLOTS = 256;
/** A longer topic is rare, and not worth its memory. */
const TOPIC_BYTES_MAX = 256;

interface KnownTopic {
  readonly topic: string;
  readonly bytes: Uint8Array;
}

/** Reads plain PUBLISH packets, and remembers topics. */
export class PlainPublishReader {
  readonly #known: (KnownTopic | undefined)[] = new Array<undefined>(SLOTS).fill(undefined);

  /** The message, or undefined when the codec has to look at the packet. */
  read(
    { firstByte, bytes, bodyStart: start, end }: Framer,
    version: ProtocolVersion,
  ): ReceivedMessage | undefined {
    if ((firstByte & PLAIN_MASK) !== PUBLISH || end - start < 3) return undefined;
    const topicEnd = start + 2 + topicLength(bytes, start);
    if (topicEnd > end) return undefined;
    let payloadStart = topicEnd;
    if (version === 5) {
      if (topicEnd === end || bytes[topicEnd] !== 0) return undefined;
      payloadStart = topicEnd + 1;
    }
    const known = this.#known[slotOf(bytes, start + 2, topicEnd)];
    if (known === undefined || !isEqual(known.bytes, bytes, start + 2, topicEnd)) return undefined;
    // A copy, so that a message that is kept does not keep the whole chunk.
    const payload = bytes.slice(payloadStart, end);
    return new ReceivedMessage(known.topic, payload, 0, (firstByte & RETAIN_BIT) !== 0);
  }

  /** Remembers the topic of a packet that the codec has accepted; `start` is that of its body. */
  learn(topic: string, bytes: Uint8Array, start: number): void {
    const topicStart = start + 2;
    const topicEnd = topicStart + topicLength(bytes, start);
    if (topicEnd === topicStart || topicEnd - topicStart > TOPIC_BYTES_MAX) return;
    const slot = slotOf(bytes, topicStart, topicEnd);
    this.#known[slot] = { topic, bytes: bytes.slice(topicStart, topicEnd) };
  }
}

function topicLength(bytes: Uint8Array, start: number): number {
  return ((bytes[start] ?? 0) << 8) | (bytes[start + 1] ?? 0);
}

/** Topics that differ mostly differ near their end: in a number, or in the name of a value. */
function slotOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  const last = bytes[end - 1] ?? 0;
  const middle = bytes[start + (length >> 1)] ?? 0;
  const near = length > 3 ? (bytes[end - 3] ?? 0) : 0;
  return (last * 31 + near * 7 + middle * 3 + length) % SLOTS;
}

function isEqual(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let index = 0; index < known.length; index += 1) {
    if (known[index] !== bytes[start + index]) return false;
  }
  return true;
}
