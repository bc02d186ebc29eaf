import type { CoreContext } from "../core-context.ts";
import type { Delivery } from "../delivering/delivery.ts";
import { store } from "../retained/retaining.ts";
import { scheduleExpiry } from "../sessions/session-ending.ts";
import { Session } from "../sessions/session.ts";
import { restoreSubscription } from "../subscribing/subscription-making.ts";
import { releaseWill } from "../sessions/will.ts";
import type { MessagePlace } from "./batch.ts";
import type { Journal } from "./journal.ts";
import type { StoredDelivery } from "./session-row.ts";
import type { RecoveredSession, StoredState } from "./stored-state.ts";

/**
 * Makes the server what it was: sessions with subscriptions, open exchanges and queues, retained messages, Wills.
 * Nobody is connected yet; what was connected when the server died counts as having lost its connection then.
 */
export function recover(core: CoreContext, journal: Journal, state: StoredState): void {
  journal.nextSession = state.nextSession;
  journal.nextMessage = state.nextMessage;
  for (const message of state.retained.values()) {
    if (message.expiresAtMs > core.now) store(core, message);
  }
  for (const batch of state.batches.values()) journal.batches.set(batch.position, batch);
  const places = new Map<number, MessagePlace>();
  const sessions: Session[] = [];
  for (const recovered of state.sessions.values()) {
    sessions.push(
      recoverSession(core, recovered, (stored) =>
        delivery(core, journal, { state, places, stored }),
      ),
    );
  }
  for (const batch of state.batches.values()) journal.bound(batch);
  remember(journal, state, sessions);
  for (const session of sessions) settle(core, session);
}

/** What only batches say must be in the tables before those batches may go. */
function remember(journal: Journal, state: StoredState, sessions: readonly Session[]): void {
  const gone = new Set(state.changedSessions);
  for (const session of sessions) {
    if (gone.delete(session.number)) journal.dirtySessions.add(session);
  }
  for (const number of gone) journal.deletedSessions.add(number);
  for (const topic of state.changedTopics) journal.dirtyTopics.add(topic);
}

interface Looking {
  readonly state: StoredState;
  readonly places: Map<number, MessagePlace>;
  readonly stored: StoredDelivery;
}

/** The delivery that a session is owed, with its message found again; undefined if the message is not there. */
function delivery(
  core: CoreContext,
  journal: Journal,
  { state, places, stored }: Looking,
): Delivery | undefined {
  const { messageNumber, address } = stored;
  const found = state.messages.get(messageNumber);
  if (found === undefined) {
    core.report(new Error(`stored message ${messageNumber} is missing`));
    return undefined;
  }
  let place = places.get(messageNumber);
  if (place === undefined) {
    place = journal.restore(messageNumber, found.message, found.batch, found.offset);
    places.set(messageNumber, place);
  }
  place.hold();
  const group =
    address.group && core.router.group(address.group.shareName, address.group.topicFilter);
  return { ...address, message: found.message, group };
}

function recoverSession(
  core: CoreContext,
  recovered: RecoveredSession,
  find: (stored: StoredDelivery) => Delivery | undefined,
): Session {
  const { stored } = recovered;
  const { clientId, createdAtMs } = stored;
  const session = new Session({ clientId, createdAtMs, items: new Map() });
  session.userName = stored.userName;
  session.expiryIntervalSeconds = stored.expiryIntervalSeconds;
  core.sessions.add(session);
  core.statistics.sessionsCurrent = core.sessions.size;
  for (const subscription of recovered.subscriptions.values())
    restoreSubscription(core, session, subscription);
  for (const [identifier, exchange] of recovered.exchanges) {
    session.sender.restore(
      identifier,
      exchange.state,
      exchange.delivery && find(exchange.delivery),
    );
  }
  for (const queued of recovered.queue.values()) {
    const found = find(queued);
    if (found !== undefined) requeue(core, session, found);
  }
  for (const identifier of recovered.seen) session.receiver.restore(identifier);
  if (stored.will !== undefined) recoverWill(core, session, stored.will);
  // Only now do changes of the session concern the journal.
  session.number = recovered.number;
  session.disconnectedAtMs =
    stored.disconnectedAtMs === Infinity ? core.now : stored.disconnectedAtMs;
  return session;
}

function requeue(core: CoreContext, session: Session, found: Delivery): void {
  session.queue.push(found);
  core.statistics.queuedMessagesCurrent += 1;
  core.statistics.queuedBytesCurrent += found.message.size;
}

function recoverWill(
  core: CoreContext,
  session: Session,
  stored: NonNullable<RecoveredSession["stored"]["will"]>,
): void {
  const { will, dueAtMs } = stored;
  const delayMs = (will.properties?.willDelayIntervalSeconds ?? 0) * 1_000;
  const origin = { clientId: session.clientId, sessionItems: session.items };
  session.will = {
    will,
    delayMs: dueAtMs === Infinity ? delayMs : Math.max(0, dueAtMs - core.now),
    origin,
    deadline: undefined,
  };
}

/** Lets time go on for a session: its expiry and its Will, both of which counted while the server was down. */
function settle(core: CoreContext, session: Session): void {
  releaseWill(core, session);
  scheduleExpiry(core, session, session.disconnectedAtMs ?? core.now);
}
