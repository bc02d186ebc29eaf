import type { CoreContext } from "../core-context.ts";
import type { Session } from "../sessions/session.ts";
import { slotIn } from "./address-book.ts";
import type { Address, Delivery } from "./delivery.ts";

/**
 * A delivery as it is kept while it waits or is in flight: as it is, or, where the journal has its message, as one number
 * of the session's `AddressBook`.
 */
export type Owed = Delivery | number;

/** Writes down that a session is owed a message, if it is to survive, and gives what is to be kept of it. */
export function owe(
  core: CoreContext,
  session: Session,
  delivery: Delivery,
  packetIdentifier: number,
): Owed {
  if (core.journal === undefined || !session.isDurable || delivery.qos === 0) return delivery;
  const slot = core.journal.addressed(session, delivery, packetIdentifier);
  // Whoever watches a message that waits is told by its delivery.
  if (delivery.watch !== undefined && packetIdentifier === 0) return delivery;
  return session.addresses.code(slot, delivery) ?? delivery;
}

/** The delivery that was kept; its message is read back if it is not in memory. */
export function deliveryOf(core: CoreContext, session: Session, owed: Owed): Delivery {
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
export function sizeOf(core: CoreContext, owed: Owed): number {
  return typeof owed === "number" ? messagesOf(core).size(slotIn(owed)) : owed.message.size;
}

/** The session will not survive any more: what it is owed is kept in memory, and the journal lets go of it. */
export function takeOutOfJournal(core: CoreContext, session: Session): void {
  const unstored = (owed: Owed): Owed => {
    const delivery = deliveryOf(core, session, owed);
    core.journal?.letGo(owed);
    return delivery;
  };
  session.queue.replaceAll(unstored);
  for (const { identifier, item } of session.sender.resume())
    if (item !== undefined) session.sender.replaceItem(identifier, unstored(item));
}

function messagesOf(core: CoreContext): NonNullable<CoreContext["journal"]>["messages"] {
  if (core.journal === undefined) throw new Error("a stored message without a journal");
  return core.journal.messages;
}
