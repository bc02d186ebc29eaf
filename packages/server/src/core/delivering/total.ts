import type { DeliveringContext } from "./delivering-context.ts";
import { messagesOf } from "../journal/owing.ts";
import { slotIn } from "../owed/address-book.ts";
import type { Owed } from "../owed/delivery.ts";
import { PEER_CLIENT_ID } from "../routing/interest.ts";
import type { Session } from "../sessions/session.ts";
import { heldBytes, noteDropped } from "./dropping.ts";
import { overwriteOldest } from "./taking-queued.ts";

/*
 * The total of what output, backlogs and queues hold in memory, a message that many wait for once. Above it the slowest pay: backlogs give up
 * their oldest parts, then queues of those whose oldest message has waited for longest give up their older halves. What many share is
 * free only when the slowest of them has let go of it. What a store keeps is not in memory, and has no part in it.
 */

/** Queues give up so much more than is needed, as a share of the total: it is not looked through all of them for each message. */
const SPARE_SHARE = 1 / 8;
/** Milliseconds between two looks through all queues; between them what is new is dropped. */
const LOOK_INTERVAL_MS = 250;

/** True if a message that is to wait for the session has room. It may be there already, for others: the total is passed by one message. */
export function mayQueue(core: DeliveringContext, session: Session): boolean {
  if (heldBytes(core) <= core.options.backlogTotalBytesMax) return true;
  return !isInMemory(core, session) || hasRoomInTotal(core, 0);
}

/** What waits for it is in memory alone. Another server drops nothing that it is owed. */
function isInMemory({ journal }: DeliveringContext, { isDurable, clientId }: Session): boolean {
  return (journal === undefined || !isDurable) && clientId !== PEER_CLIENT_ID;
}

/** Makes room for so many bytes in the total. False if there is none. */
export function hasRoomInTotal(core: DeliveringContext, bytes: number): boolean {
  const { options, backlogParts } = core;
  const bytesMax = options.backlogTotalBytesMax - bytes;
  while (heldBytes(core) > bytesMax) {
    const [oldest] = backlogParts;
    if (oldest === undefined) return dropFromSlowest(core, bytesMax);
    const { backlog } = oldest;
    const part = backlog.shift();
    noteDropped(core, backlog.clientId, "total", { count: part?.packetCount ?? 0 });
    part?.clear();
  }
  return true;
}

function dropFromSlowest(core: DeliveringContext, bytesMax: number): boolean {
  const { rooms, sessions, options } = core;
  if (core.now < rooms.slowestSoughtAtMs + LOOK_INTERVAL_MS) return false;
  rooms.slowestSoughtAtMs = core.now;
  const enough = bytesMax - options.backlogTotalBytesMax * SPARE_SHARE;
  const queues: { readonly session: Session; readonly age: number }[] = [];
  for (const session of sessions) {
    const oldest = session.queue.peek();
    if (oldest === undefined || !isInMemory(core, session)) continue;
    queues.push({ session, age: numberOf(core, oldest) });
  }
  queues.sort((one, other) => one.age - other.age);
  for (const { session } of queues) {
    if (heldBytes(core) <= enough) break;
    for (let left = Math.ceil(session.queue.length / 2); left > 0; left -= 1)
      overwriteOldest(core, session, "total");
  }
  return heldBytes(core) <= bytesMax;
}

/** The lower, the longer the message has waited. */
function numberOf(core: DeliveringContext, owed: Owed): number {
  return typeof owed === "number" ? messagesOf(core).number(slotIn(owed)) : owed.message.number;
}
