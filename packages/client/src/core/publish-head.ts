/** What can be read of a PUBLISH that the codec refuses: enough to acknowledge it, and to say which one it was. */
import type { Framer, QoS } from "@anax/protocol";
import { textOf } from "./message.ts";

const IDENTIFIER_BYTES = 2;

/** The beginning of a PUBLISH. */
export interface PublishHead {
  /** As it stands there: bytes that are no UTF-8 become U+FFFD. */
  readonly topic: string;
  readonly qos: QoS;
  /** 0 at QoS 0. */
  readonly packetIdentifier: number;
}

/** The beginning of the PUBLISH that the framer has found; undefined when it cannot be acknowledged. */
export function publishHead({ firstByte, bytes, bodyStart, end }: Framer): PublishHead | undefined {
  const qos = (firstByte >> 1) & 0x03;
  const topicStart = bodyStart + 2;
  const topicEnd = topicStart + u16(bytes, bodyStart);
  const headEnd = topicEnd + (qos === 0 ? 0 : IDENTIFIER_BYTES);
  if (qos === 3 || headEnd > end) return undefined;
  const packetIdentifier = qos === 0 ? 0 : u16(bytes, topicEnd);
  if (qos !== 0 && packetIdentifier === 0) return undefined;
  const topic = textOf(bytes.subarray(topicStart, topicEnd));
  return { topic, qos: qos as QoS, packetIdentifier };
}

function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
