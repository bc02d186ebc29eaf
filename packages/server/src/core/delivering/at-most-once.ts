import { decodePacket, decodeVarint } from "@anax/protocol";
import type { PublishPacket } from "@anax/protocol";
import type { Backlog } from "../connection/backlog.ts";
import type { Connection } from "../connection/connection.ts";
import type { Outbox } from "../connection/outbox.ts";
import type { DeliveringContext } from "./delivering-context.ts";
import { messageFromPacket, shownMessageOf } from "../message/message.ts";
import type { DropReason } from "../owed/delivery-notices.ts";
import { noteDropped } from "./dropping.ts";
import { hasRoomInTotal } from "./total.ts";

/** An outbox with this much in it is written out at once instead of at the end of the turn. */
const OUTBOX_BYTES_MAX = 1_048_576;

/**
 * Where `bytes` of QoS 0 go: to the outbox, for a client that does not read to the backlog, or nowhere. A full backlog gives
 * up its oldest, or takes no more. A message that is larger than the backlog may be gets into an empty one, several together
 * do not. Else it gives why there is no room.
 */
export function outboxFor(
  core: DeliveringContext,
  connection: Connection,
  bytes: number,
  messages = 1,
): Outbox | DropReason {
  if (!connection.output.isCongested && !connection.output.isHeld) {
    if (connection.output.outbox.length > OUTBOX_BYTES_MAX) core.flushNow(connection);
    if (!connection.output.isCongested) return connection.output.outbox;
  }
  const backlog = connection.output.backlogOf(core, connection.clientId);
  if (!hasRoom(core, connection, backlog, { bytes, messages })) return "backlog";
  return hasRoomInTotal(core, bytes) ? backlog.end : "total";
}

/** What is to be put into a backlog. */
interface Addition {
  readonly bytes: number;
  readonly messages: number;
}

/** True if there is room, after the oldest have made it where they are to. */
function hasRoom(
  core: DeliveringContext,
  connection: Connection,
  backlog: Backlog,
  added: Addition,
): boolean {
  if (!isOver(core, backlog, added)) return true;
  const { backlogBytesMax, backlogMessagesMax, queueOverflow } = core.options;
  if (queueOverflow === "dropNewest") return false;
  const isTooMuch = added.bytes > backlogBytesMax || added.messages > backlogMessagesMax;
  if (isTooMuch && added.messages > 1) return false;
  let count = 0;
  while (isOver(core, backlog, added)) {
    const packet =
      core.hooks.queuedApplicationMessageOverwritten === undefined ? undefined : backlog.oldest();
    if (!backlog.dropOldest()) break;
    count += 1;
    if (packet !== undefined) tellOverwritten(core, connection, decoded(connection, packet));
  }
  noteDropped(core, connection.clientId, "backlog", { count });
  return true;
}

/** True if a backlog would be too large with that; an empty one takes one message of any size. */
function isOver(core: DeliveringContext, backlog: Backlog, { bytes, messages }: Addition): boolean {
  if (messages === 1 && backlog.length === 0) return false;
  const { backlogBytesMax, backlogMessagesMax } = core.options;
  return (
    backlog.length + bytes > backlogBytesMax || backlog.messageCount + messages > backlogMessagesMax
  );
}

/** The same for a message that the outbound interceptor is to see first: packets wait for it, and are written later. */
export function placeBeforeInterceptor(
  core: DeliveringContext,
  connection: Connection,
): Outbox | DropReason {
  const { outbound, output } = connection;
  if (outbound === undefined) return output.outbox;
  const { backlogMessagesMax, queueOverflow } = core.options;
  while (
    outbound.isFull ||
    (outbound.atMostOnceCount > 0 && outbound.atMostOnceCount >= backlogMessagesMax)
  ) {
    if (queueOverflow === "dropNewest") return "backlog";
    const oldest = outbound.dropOldest();
    if (oldest === undefined) return "backlog";
    noteDropped(core, connection.clientId, "backlog");
    tellOverwritten(core, connection, oldest);
  }
  return output.outbox;
}

function tellOverwritten(
  core: DeliveringContext,
  connection: Connection,
  packet: PublishPacket,
): void {
  const told = core.hooks.queuedApplicationMessageOverwritten;
  const { session } = connection;
  if (told === undefined || session === undefined) return;
  const applicationMessage = shownMessageOf(messageFromPacket(packet, "", core.now));
  const event = { receiverClientId: connection.clientId, applicationMessage };
  core.works.note("a message that made room", session, told(event));
}

/** In a backlog there are no Topic Aliases, so each packet says all. */
function decoded({ version }: Connection, bytes: Uint8Array): PublishPacket {
  const bodyStart = 1 + (decodeVarint(bytes, 1, bytes.length) & 7);
  const packet = decodePacket(bytes[0] ?? 0, bytes, bodyStart, bytes.length, version);
  if (packet.type !== "publish") throw new Error(`a message waits as ${packet.type}`);
  return packet;
}
