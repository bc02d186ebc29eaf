import { firstByteOf } from "../message/publish-layout.ts";
import type { Connection } from "../connection/connection.ts";
import { countPublishes } from "../connection/outgoing.ts";
import type { DeliveringContext } from "./delivering-context.ts";
import { PublishPacket } from "../connection/publish-packet.ts";
import { exchangeOutbox } from "../connection/storing.ts";
import { expiryIn } from "../journal/message-record.ts";
import type { Session } from "../sessions/session.ts";
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
  const packet = new PublishPacket(connection.version === 5);
  let quota = session.freeQuota;
  let room = connection.roomBytes;
  let count = 0;
  while (quota > 0 && room > 0 && !session.holdsTooMuch) {
    const size = sendHead(core, session, connection, packet);
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
function sendHead(
  core: DeliveringContext,
  session: Session,
  connection: Connection,
  packet: PublishPacket,
): number {
  const owed = session.queue.peek();
  // Below 0 there is more to say than QoS and RETAIN.
  if (typeof owed !== "number" || owed < 0) return 0;
  const messages = messagesOf(core);
  const slot = slotIn(owed);
  const shared = messages.sharedIfLarge(slot);
  const parts = messages.parts(slot);
  // The time of one that expires is to be looked at, and told.
  if (expiryIn(parts.bytes, parts.head) !== Infinity) return 0;
  const { qos, retain } = session.addresses.address(owed);
  packet.firstByte = firstByteOf(qos, retain);
  const size = packet.sizeOf(parts);
  if (size > connection.maximumPacketSize || qos === 0) return 0;
  takeQueued(core, session);
  packet.packetIdentifier = beginExchange(core, session, qos, owed, parts.end - parts.start);
  packet.write(exchangeOutbox(core, connection, session), parts, shared);
  const payloadBytes = parts.end - parts.payloadStart;
  core.statistics.publishBytesSent += payloadBytes;
  core.statistics.countSent(qos, 1, payloadBytes);
  noteSent(core, session, owed, packet.packetIdentifier);
  return size;
}
