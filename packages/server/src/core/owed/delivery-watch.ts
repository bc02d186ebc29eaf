/**
 * How a message that is watched ended: the client's Reason Code, of QoS 0 that it was sent, that it will not be, or that it was and
 * its acknowledgement is held back with all that the client sends.
 */
export type WatchedOutcome =
  | {
      readonly type: "acknowledged";
      readonly packetIdentifier: number;
      readonly reasonCode: number;
    }
  | { readonly type: "sent" }
  | { readonly type: "held" }
  | { readonly type: "dropped" };

/** Told once how a delivery ended. */
export type DeliveryWatch = (outcome: WatchedOutcome) => void;

/** What of a session is about watched messages. */
export interface Watched {
  /** Waiting for the acknowledgement of a message, by Packet Identifier. */
  watches: Map<number, DeliveryWatch> | undefined;
}

/** A watched message has its Packet Identifier now: its acknowledgement is waited for. */
export function watch(session: Watched, packetIdentifier: number, told: DeliveryWatch): void {
  session.watches ??= new Map();
  session.watches.set(packetIdentifier, told);
}

/** The exchange under this identifier is over: the client has the message, or refuses it. */
export function acknowledgeWatched(
  session: Watched,
  packetIdentifier: number,
  reasonCode = 0,
): void {
  if (session.watches === undefined) return;
  takeWatch(session, packetIdentifier)?.({ type: "acknowledged", packetIdentifier, reasonCode });
}

/** The exchange under this identifier is given up: the message will not be sent. */
export function dropWatched(session: Watched, packetIdentifier: number): void {
  takeWatch(session, packetIdentifier)?.({ type: "dropped" });
}

function takeWatch(session: Watched, packetIdentifier: number): DeliveryWatch | undefined {
  const told = session.watches?.get(packetIdentifier);
  session.watches?.delete(packetIdentifier);
  if (session.watches?.size === 0) session.watches = undefined;
  return told;
}

/** The session has ended, and with it all that it had in flight. */
export function endWatches(session: Watched): void {
  tellAll(session, { type: "dropped" });
}

/** What the client sends is not read for now: who waits for an acknowledgement may be who keeps it from being read. */
export function holdWatches(session: Watched): void {
  tellAll(session, { type: "held" });
}

function tellAll(session: Watched, outcome: WatchedOutcome): void {
  const { watches } = session;
  session.watches = undefined;
  for (const told of watches?.values() ?? []) told(outcome);
}
