import { firstByteOf, packetSize, writeFixedHeader } from "../message/publish-layout.ts";
import { writeU16 } from "../numbers.ts";
import { copyInto } from "../copying.ts";
import type { Connection } from "../connection/connection.ts";
import type { Outbox } from "../connection/outbox.ts";
import { countPublishes } from "../connection/outgoing.ts";
import type { DeliveringContext } from "./delivering-context.ts";
import { exchangeOutbox } from "../connection/storing.ts";
import { expiryIn } from "../journal/message-record.ts";
import type { RecordParts } from "../journal/message-record.ts";
import type { Session } from "../sessions/session.ts";
import { SHARED_BYTES_MIN } from "../shared-bytes.ts";
import type { SharedBytes } from "../shared-bytes.ts";
import { slotIn } from "../owed/address-book.ts";
import { beginExchange, messagesOf, noteSent } from "../journal/owing.ts";
import { takeQueued } from "./taking-queued.ts";

/**
 * Hot path: sends messages from the head of the queue as they were written down, byte for byte, as long as nothing about
 * them is special: no object is made of one. False if the head is of another kind.
 */
export function sendStored(core: DeliveringContext, session: Session): boolean {
  const { connection } = session;
  if (connection === undefined || !core.shortCuts.storedSending) return false;
  if (!connection.isPlain || !connection.isOpen) return false;
  const isVersion5 = connection.version === 5;
  let quota = session.freeQuota;
  let room = connection.roomBytes;
  let count = 0;
  while (quota > 0 && room > 0 && !session.holdsTooMuch) {
    const size = sendHead(core, session, connection, isVersion5);
    if (size === 0) break;
    quota -= 1;
    room -= size;
    count += 1;
  }
  // Their payloads and their QoS have been counted one by one.
  if (count > 0) countPublishes(core, connection, count, 0, 0);
  return count > 0;
}

/** Sends the head of the queue and gives the size of its packet; 0 if it is of another kind, and still in the queue. */
// oxlint-disable-next-line complexity -- one message on the hot path, without an object for its parts
function sendHead(
  core: DeliveringContext,
  session: Session,
  connection: Connection,
  isVersion5: boolean,
): number {
  const owed = session.queue.peek();
  // Below 0 there is more to say than QoS and RETAIN.
  if (typeof owed !== "number" || owed < 0) return 0;
  const messages = messagesOf(core);
  const slot = slotIn(owed);
  const large = messages.sharedIfLarge(slot);
  const parts = messages.parts(slot);
  // The time of one that expires is to be looked at, and told.
  if (expiryIn(parts.bytes, parts.head) !== Infinity) return 0;
  const headBytes = (isVersion5 ? parts.propertiesEnd : parts.topicEnd) - parts.start;
  const remainingLength = headBytes + parts.end - parts.payloadStart + 2;
  const size = packetSize(remainingLength);
  if (size > connection.maximumPacketSize) return 0;
  const { qos, retain } = session.addresses.address(owed);
  if (qos === 0) return 0;
  takeQueued(core, session);
  const packetIdentifier = beginExchange(core, session, qos, owed, parts.end - parts.start);
  const outbox = exchangeOutbox(core, connection, session);
  const payloadBytes = parts.end - parts.payloadStart;
  const shared = payloadBytes < SHARED_BYTES_MIN ? undefined : large;
  const at = outbox.reserve(shared === undefined ? size : size - payloadBytes);
  const { bytes } = outbox;
  const body = writeFixedHeader(bytes, at, firstByteOf(qos, retain), remainingLength);
  const end = writeHead(bytes, body, parts, { packetIdentifier, isVersion5 });
  writePayload(outbox, end, parts, shared);
  core.statistics.publishBytesSent += payloadBytes;
  core.statistics.countSent(qos, 1, payloadBytes);
  noteSent(core, session, owed, packetIdentifier);
  return size;
}

/** The payload, for which there is room at `at` if it is not shared. */
function writePayload(
  outbox: Outbox,
  at: number,
  { bytes, start, propertiesEnd, payloadStart, end }: RecordParts,
  shared: SharedBytes | undefined,
): void {
  if (shared === undefined) copyInto(outbox.bytes, at, bytes, payloadStart, end);
  else outbox.appendShared(shared, propertiesEnd - start);
}

/** Topic, Packet Identifier, and properties, which older clients do without. Gives the position behind them. */
function writeHead(
  target: Uint8Array,
  position: number,
  { bytes, start, topicEnd, propertiesEnd }: RecordParts,
  { packetIdentifier, isVersion5 }: { packetIdentifier: number; isVersion5: boolean },
): number {
  let at = copyInto(target, position, bytes, start, topicEnd);
  at = writeU16(target, at, packetIdentifier);
  if (isVersion5) at = copyInto(target, at, bytes, topicEnd, propertiesEnd);
  return at;
}
