import { encodeVarintInto, varintSize } from "@anax/protocol";
import type { Connection } from "../connection/connection.ts";
import { countPublishes } from "../connection/outgoing.ts";
import type { CoreContext } from "../core-context.ts";
import { exchangeOutbox } from "../journal/storing.ts";
import { expiryIn } from "../journal/message-record.ts";
import type { RecordParts } from "../journal/message-record.ts";
import type { Session } from "../sessions/session.ts";
import { slotIn } from "./address-book.ts";
import { keepsExchanges, letGo, messagesOf } from "./owed.ts";
import { takeQueued } from "./queueing.ts";

/**
 * Hot path: sends messages from the head of the queue as they were written down, byte for byte, as long as nothing about
 * them is special: no object is made of one. False if the head is of another kind.
 */
export function sendStored(core: CoreContext, session: Session): boolean {
  const { connection } = session;
  if (connection === undefined || core.hooks.interceptingOutboundPacket !== undefined) return false;
  if (!connection.isPlain || !connection.isOpen) return false;
  let isSent = false;
  while (session.freeQuota > 0 && sendHead(core, session, connection)) isSent = true;
  return isSent;
}

function sendHead(core: CoreContext, session: Session, connection: Connection): boolean {
  const owed = session.queue.peek();
  // Below 0 there is more to say than QoS and RETAIN.
  if (typeof owed !== "number" || owed < 0) return false;
  const parts = messagesOf(core).parts(slotIn(owed));
  // The time of one that expires is to be looked at, and told.
  if (expiryIn(parts.bytes, parts.head) !== Infinity) return false;
  const isVersion5 = connection.version === 5;
  const headBytes = (isVersion5 ? parts.propertiesEnd : parts.topicEnd) - parts.start;
  const remainingLength = headBytes + parts.end - parts.payloadStart + 2;
  const size = 1 + varintSize(remainingLength) + remainingLength;
  if (size > connection.maximumPacketSize) return false;
  const { qos, retain } = session.addresses.address(owed);
  if (qos === 0) return false;
  takeQueued(core, session);
  const isKept = keepsExchanges(core, session);
  const packetIdentifier = session.sender.begin(qos, isKept ? owed : undefined);
  const outbox = exchangeOutbox(core, connection, session);
  const at = outbox.reserve(size);
  outbox.bytes[at] = 0x30 | (qos << 1) | (retain ? 1 : 0);
  const body = encodeVarintInto(remainingLength, outbox.bytes, at + 1);
  write(outbox.bytes, body, parts, { packetIdentifier, isVersion5 });
  if (session.isDurable) core.journal?.sent(session, owed, packetIdentifier);
  else if (!isKept) letGo(core, owed);
  countPublishes(core, connection, 1, size);
  return true;
}

/** Topic, Packet Identifier, and what follows, for older clients without the properties. */
function write(
  target: Uint8Array,
  position: number,
  { bytes, start, topicEnd, propertiesEnd, payloadStart, end }: RecordParts,
  { packetIdentifier, isVersion5 }: { packetIdentifier: number; isVersion5: boolean },
): void {
  target.set(bytes.subarray(start, topicEnd), position);
  let at = position + topicEnd - start;
  target[at] = packetIdentifier >>> 8;
  target[at + 1] = packetIdentifier;
  at += 2;
  if (isVersion5) {
    target.set(bytes.subarray(topicEnd, propertiesEnd), at);
    at += propertiesEnd - topicEnd;
  }
  target.set(bytes.subarray(payloadStart, end), at);
}
