import type { JournalContext } from "./journal-context.ts";
import type { Session } from "../sessions/session.ts";
import { commonCode, slotIn } from "../owed/address-book.ts";
import type { Address, Delivery, Owed } from "../owed/delivery.ts";
import type { RunToStore } from "../message/run-to-store.ts";
import type { StoredMessages } from "./stored-messages.ts";

/** A message of so many bytes that waits in memory is kept as it is. A queue has room for some sixty of them. */
const LARGE_BYTES = 16_384;

/**
 * Writes down that a session is owed a message, if it is to survive, and gives what is to be kept of it. What waits has no Packet
 * Identifier, which is 0 then.
 */
export function owe(
  core: JournalContext,
  session: Session,
  delivery: Delivery,
  packetIdentifier: number,
): Owed {
  if (delivery.qos === 0) return delivery;
  const waits = packetIdentifier === 0;
  if (core.journal === undefined) return waits ? waiting(core, session, delivery) : delivery;
  if (!session.isDurable) return delivery;
  const slot = core.journal.addressed(session, delivery, packetIdentifier);
  // Whoever watches a message that waits is told by its delivery.
  if (delivery.watch !== undefined && waits) return delivery;
  return session.addresses.code(slot, delivery) ?? delivery;
}

function waiting(core: JournalContext, session: Session, delivery: Delivery): Owed {
  // Of few large ones objects are little, and copying them would be much: what is in memory already is shared.
  if (delivery.watch !== undefined || delivery.message.size >= LARGE_BYTES) {
    core.waiting.number(delivery.message);
    return delivery;
  }
  const slot = core.waiting.hold(delivery.message);
  const code = session.addresses.code(slot, delivery);
  if (code === undefined) core.waiting.messages.letGo(slot);
  return code ?? delivery;
}

/** True if what the session is owed can be kept as a number, without an object for its message. */
export function keepsNumbers(core: JournalContext, session: Session): boolean {
  return core.journal === undefined || session.isDurable;
}

/** Writes the run down where what the session is owed is kept as numbers. */
export function storeRun({ journal, waiting }: JournalContext, run: RunToStore): void {
  if (journal === undefined) waiting.storeRun(run);
  else journal.storeRun(run);
}

/** As `owe`, of a message of a run that is written down, which is to wait for a session that keeps numbers. */
export function oweOfRun(core: JournalContext, session: Session, slot: number, qos: 1 | 2): number {
  const code = commonCode(slot, qos, false);
  if (core.journal === undefined) core.waiting.messages.hold(slot);
  else core.journal.queued(session, slot, session.addresses.address(code));
  return code;
}

/** A session that will not survive is owed this no longer; of others the journal is told, which lets go of it itself. */
export function letGo(core: JournalContext, owed: Owed | undefined): void {
  if (typeof owed === "number") messagesOf(core).letGo(slotIn(owed));
}

/** An exchange is over, whatever ended it: the session is owed what was kept of it no longer. */
export function finishExchange(
  core: JournalContext,
  session: Session,
  packetIdentifier: number,
  owed: Owed | undefined,
): void {
  if (session.isDurable) core.journal?.finished(session, packetIdentifier, owed);
  else letGo(core, owed);
}

/** The delivery that was kept; its message is read back if it is not in memory. */
export function deliveryOf(core: JournalContext, session: Session, owed: Owed): Delivery {
  if (typeof owed !== "number") return owed;
  const { qos, retain, subscriptionIdentifiers, group } = session.addresses.address(owed);
  const message = messagesOf(core).message(slotIn(owed));
  return { message, qos, retain, subscriptionIdentifiers, group };
}

/** The same without its message. */
export function addressOf(session: Session, owed: Owed): Address {
  return typeof owed === "number" ? session.addresses.address(owed) : owed;
}

/** Bytes of the message that is owed. */
export function sizeOf(core: JournalContext, owed: Owed): number {
  return typeof owed === "number" ? messagesOf(core).size(slotIn(owed)) : owed.message.size;
}

/** Bytes of its payload. */
export function payloadBytesOf(core: JournalContext, owed: Owed): number {
  return typeof owed === "number"
    ? messagesOf(core).payloadBytes(slotIn(owed))
    : owed.message.payloadBytes;
}

/** The session will not survive any more: what it is owed is kept in memory, and the journal lets go of it. */
export function takeOutOfJournal(core: JournalContext, session: Session): void {
  const unstored = (owed: Owed): Owed => {
    const delivery = deliveryOf(core, session, owed);
    core.journal?.letGo(owed);
    return delivery;
  };
  session.queue.replaceAll((owed) => {
    const delivery = unstored(owed);
    if (typeof owed === "number" && typeof delivery !== "number")
      core.pool.hold(delivery.message.shared);
    return delivery;
  });
  for (const { identifier, item } of session.sender.resume())
    if (item !== undefined) session.sender.replaceItem(identifier, unstored(item));
}

/**
 * Begins the exchange of a message and gives its Packet Identifier. `owed`: what is kept of it until it is acknowledged, if
 * anything is; `bytes`: the size of its message, which counts as in flight where the journal does not have it.
 */
export function beginExchange(
  core: JournalContext,
  session: Session,
  qos: 1 | 2,
  owed: Owed,
  bytes: number,
): number {
  if (!keepsExchanges(core, session)) return session.sender.begin(qos, undefined);
  return session.sender.begin(qos, owed, session.isDurable ? 0 : bytes);
}

/** What was queued is in flight now. */
export function noteSent(
  core: JournalContext,
  session: Session,
  queued: Owed,
  packetIdentifier: number,
): void {
  if (session.isDurable) core.journal?.sent(session, queued, packetIdentifier);
  else if (!keepsExchanges(core, session)) letGo(core, queued);
}

/** True if what was sent is kept until it is acknowledged. */
export function keepsExchanges(core: JournalContext, session: Session): boolean {
  return session.keepsInFlight || session.isDurable || !core.shortCuts.droppedMessages;
}

/** Where numbers lead: there is one table at a time. */
export function messagesOf(core: JournalContext): StoredMessages {
  return core.journal?.messages ?? core.waiting.messages;
}
