import type { Session } from "../session.ts";

/** How a message that somebody watches ended: the client's Reason Code, or that it will never be acknowledged. */
export type WatchedOutcome =
  | { readonly type: "acknowledged"; readonly packetIdentifier: number; readonly reasonCode: number }
  | { readonly type: "dropped" };

/** Told once how a delivery ended. */
export type DeliveryWatch = (outcome: WatchedOutcome) => void;

/** A watched message has its Packet Identifier now: its acknowledgement is waited for. */
export function watch(session: Session, packetIdentifier: number, told: DeliveryWatch): void {
  session.watches ??= new Map();
  session.watches.set(packetIdentifier, told);
}

/** The exchange under this identifier is over. */
export function endWatch(session: Session, packetIdentifier: number, outcome: WatchedOutcome): void {
  const told = session.watches?.get(packetIdentifier);
  if (told === undefined) return;
  session.watches?.delete(packetIdentifier);
  told(outcome);
}

/** The session has ended, and with it all that it had in flight. */
export function endWatches(session: Session): void {
  const { watches } = session;
  session.watches = undefined;
  for (const told of watches?.values() ?? []) told({ type: "dropped" });
}
