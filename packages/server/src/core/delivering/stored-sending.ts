import { encodeVarintInto, varintSize } from "@anax/protocol";
import type { ByteReader } from "@anax/protocol";
import type { Connection } from "../connection/connection.ts";
import { countPublishes } from "../connection/outgoing.ts";
import type { CoreContext } from "../core-context.ts";
import { exchangeOutbox } from "../journal/storing.ts";
import { bodyOf, expiryIn, payloadOf, topicEndOf } from "../journal/message-record.ts";
import { skipMessage } from "../journal/stored-message.ts";
import type { Session } from "../sessions/session.ts";
import { slotIn } from "./address-book.ts";
import { keepsExchanges, letGo, messagesOf } from "./owed.ts";
import { takeQueued } from "./queueing.ts";

/** Where the parts of a stored message are in the array that it was written into. */
interface Parts {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly topicEnd: number;
  readonly payloadStart: number;
  readonly end: number;
}

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
  const parts = partsOf(messagesOf(core).reader(slotIn(owed)));
  if (parts === undefined) return false;
  const cut = connection.version === 5 ? 0 : parts.payloadStart - parts.topicEnd;
  const remainingLength = parts.end - parts.start - cut + 2;
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
  write(outbox.bytes, body, parts, { packetIdentifier, cut });
  if (session.isDurable) core.journal?.sent(session, owed, packetIdentifier);
  else if (!isKept) letGo(core, owed);
  countPublishes(core, connection, 1, size);
  return true;
}

/** Topic, Packet Identifier, and what follows, for older clients without the properties. */
function write(
  target: Uint8Array,
  position: number,
  { bytes, start, topicEnd, end }: Parts,
  { packetIdentifier, cut }: { packetIdentifier: number; cut: number },
): void {
  target.set(bytes.subarray(start, topicEnd), position);
  const at = position + topicEnd - start;
  target[at] = packetIdentifier >>> 8;
  target[at + 1] = packetIdentifier;
  target.set(bytes.subarray(topicEnd + cut, end), at + 2);
}

/** Undefined if the message expires: its time is to be looked at, and told. */
function partsOf(reader: ByteReader): Parts | undefined {
  const { bytes, position: record } = reader;
  if (expiryIn(bytes, record) !== Infinity) return undefined;
  skipMessage(reader);
  const start = bodyOf(bytes, record);
  const topicEnd = topicEndOf(bytes, start);
  return { bytes, start, topicEnd, payloadStart: payloadOf(bytes, topicEnd), end: reader.position };
}
