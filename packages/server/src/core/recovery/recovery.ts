import { accessOfStored } from "../access/clients.ts";
import type { ReceivingContext } from "../receiving/receiving-context.ts";
import type { Address, Owed } from "../owed/delivery.ts";
import { requeue } from "../delivering/queueing.ts";
import { shareQueue } from "../delivering/sharing-queues.ts";
import { restore } from "../retained/retaining.ts";
import { scheduleExpiry } from "../endings/session-ending.ts";
import type { PeerName } from "../sessions/peer-session.ts";
import { Session } from "../sessions/session.ts";
import { restoreSubscription } from "../subscribing/subscription-making.ts";
import { publishDue } from "../endings/due-will.ts";
import { releaseWill } from "../endings/will.ts";
import type { Journal } from "../journal/journal.ts";
import type { StoredDelivery } from "../journal/session-row.ts";
import { keepsOnlyWill } from "../journal/stored-session.ts";
import type { RecoveredSession, StoredState } from "./stored-state.ts";

/**
 * Makes the server what it was: sessions with subscriptions, open exchanges and queues, retained messages, Wills.
 * Nobody is connected yet; what was connected when the server died counts as having lost its connection then.
 */
export function recover(core: ReceivingContext, journal: Journal, state: StoredState): void {
  state.complete();
  journal.nextSession = state.nextSession;
  journal.nextMessage = state.nextMessage;
  for (const [number, parts] of state.parts) journal.parts.restore(number, parts.keys());
  // The rows of those that have expired are to go.
  for (const topic of restore(core, state.retained)) journal.dirtyTopics.add(topic);
  const sessions: Session[] = [];
  const keepers: Session[] = [];
  const peers: Session[] = [];
  const cutOff: Session[] = [];
  for (const recovered of state.sessions.values()) {
    const session = recoverSession(core, state, recovered);
    if (recovered.stored.peer !== undefined) peers.push(session);
    else if (keepsOnlyWill(recovered.stored)) keepers.push(session);
    else sessions.push(session);
    if (recovered.stored.disconnectedAtMs === Infinity) cutOff.push(session);
  }
  journal.messages.removeUnowed();
  for (const session of [...peers, ...keepers]) journal.unlisted.add(session);
  remember(journal, state, [...sessions, ...peers, ...keepers]);
  // Who is away the longest is the first to make room, so the order counts.
  sessions.sort((one, other) => leftAt(core, one) - leftAt(core, other));
  // What was due when the server ended comes before what is due because it ended.
  for (const keeper of keepers)
    if (keeper.will !== undefined) publishDue(core, keeper, keeper.will, keeper);
  for (const session of sessions) settle(core, session);
  // When they lost their connections is known from now on: the next start must not count anew.
  for (const session of cutOff) if (session.isDurable) journal.session(session);
}

/** What only batches say must be in the tables before those batches may go. */
function remember(journal: Journal, state: StoredState, sessions: readonly Session[]): void {
  const gone = new Set(state.changedSessions);
  for (const session of sessions) {
    if (gone.delete(session.number)) journal.dirtySessions.add(session);
  }
  for (const number of gone) journal.deletedSessions.add(number);
}

/** What a session is owed, with its message found again; undefined if the message is not there. */
function find(
  core: ReceivingContext,
  state: StoredState,
  session: Session,
  { messageNumber, address }: StoredDelivery,
): Owed | undefined {
  const { messages, slots } = state;
  const slot = slots.get(messageNumber);
  if (slot === undefined) {
    core.report(new Error(`stored message ${messageNumber} is missing`));
    return undefined;
  }
  messages.hold(slot);
  const group =
    address.group && core.router.group(address.group.shareName, address.group.topicFilter);
  const { qos, retain, subscriptionIdentifiers } = address;
  const found: Address = { qos, retain, subscriptionIdentifiers, group };
  return session.addresses.code(slot, found) ?? { ...found, message: messages.message(slot) };
}

function recoverSession(
  core: ReceivingContext,
  state: StoredState,
  recovered: RecoveredSession,
): Session {
  const { stored } = recovered;
  const session =
    stored.peer === undefined
      ? recoverClient(core, recovered)
      : recoverPeer(core, recovered, stored.peer);
  recoverOwed(core, state, session, recovered);
  for (const [identifier, content] of recovered.seen) session.receiver.restore(identifier, content);
  if (stored.will !== undefined) recoverWill(core, session, stored.will);
  // Only now do changes of the session concern the journal.
  session.number = recovered.number;
  session.disconnectedAtMs =
    stored.disconnectedAtMs === Infinity ? core.now : stored.disconnectedAtMs;
  return session;
}

function recoverClient(
  core: ReceivingContext,
  { stored, subscriptions }: RecoveredSession,
): Session {
  const { clientId, createdAtMs } = stored;
  const session = new Session({ clientId, createdAtMs });
  session.userName = stored.userName;
  session.isOwned = stored.isOwned;
  session.expiryIntervalSeconds = stored.expiryIntervalSeconds;
  if (!keepsOnlyWill(stored)) core.sessions.add(session);
  core.statistics.sessionsCurrent = core.sessions.size;
  for (const subscription of subscriptions.values())
    restoreSubscription(core, session, subscription);
  shareQueue(core, session);
  return session;
}

/** What the store has of another server. Only one of a cluster goes on with it. */
function recoverPeer(
  { peers }: ReceivingContext,
  { stored, subscriptions }: RecoveredSession,
  peer: PeerName,
): Session {
  if (peers === undefined)
    throw new Error(`the store is that of a cluster: it has what is owed to shard ${peer.shard}`);
  const session = peers.restore(peer, stored.createdAtMs);
  for (const filter of subscriptions.keys()) peers.restoreSubscription(session, filter);
  return session;
}

function recoverOwed(
  core: ReceivingContext,
  state: StoredState,
  session: Session,
  { exchanges, queue }: RecoveredSession,
): void {
  for (const [identifier, exchange] of exchanges) {
    const owed = exchange.delivery && find(core, state, session, exchange.delivery);
    session.sender.restore(identifier, exchange.state, owed);
  }
  for (const [messageNumber, address] of queue) {
    const owed = find(core, state, session, { messageNumber, address });
    if (owed !== undefined) requeue(core, session, owed);
  }
}

function recoverWill(
  core: ReceivingContext,
  session: Session,
  stored: NonNullable<RecoveredSession["stored"]["will"]>,
): void {
  const { will, dueAtMs, sender } = stored;
  const delayMs = (will.properties?.willDelayIntervalSeconds ?? 0) * 1_000;
  const { clientId, userName, items: sessionItems } = session;
  const origin = { clientId, sessionItems, ...(userName === undefined ? {} : { userName }) };
  session.will = {
    will,
    delayMs: dueAtMs === Infinity ? delayMs : Math.max(0, dueAtMs - core.now),
    origin,
    access: sender && accessOfStored(core, { ...sender, clientId, userName }),
    deadline: undefined,
  };
}

/** Lets time go on for a session: its expiry and its Will, both of which counted while the server was down. */
function settle(core: ReceivingContext, session: Session): void {
  releaseWill(core, session);
  scheduleExpiry(core, session, leftAt(core, session));
}

function leftAt(core: ReceivingContext, { disconnectedAtMs }: Session): number {
  return disconnectedAtMs ?? core.now;
}
