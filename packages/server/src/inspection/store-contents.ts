import type { ExchangeState, QoS } from "@anax/protocol";
import type { ApplicationMessage } from "../core/message/application-message.ts";
import type { RestoredSubscription } from "../core/hooks/connection-events.ts";
import { StoredMessages } from "../core/journal/stored-messages.ts";
import { StoredState } from "../core/recovery/stored-state.ts";
import type { RecoveredSession } from "../core/recovery/stored-state.ts";
import type { StoredDelivery } from "../core/journal/session-row.ts";
import { keepsOnlyWill } from "../core/journal/stored-session.ts";
import { applicationMessageOf } from "../core/message/message.ts";
import { asError } from "../errors.ts";
import type { StoreVisitor } from "../ports/store.ts";

/** A message that a session is owed. */
export interface StoredMessageView {
  /** Of the message in the journal, the same for all sessions that are owed it. */
  readonly messageNumber: number;
  /** The QoS that the session gets it with. */
  readonly qos: QoS;
  /** Undefined if the message is missing, which `faults` tells. */
  readonly message: ApplicationMessage | undefined;
}

/** A message on its way to the client. */
export interface StoredExchangeView {
  readonly packetIdentifier: number;
  readonly state: ExchangeState;
  /** Undefined after PUBREC, when the message is needed no more. */
  readonly delivery: StoredMessageView | undefined;
}

/** A session as it is stored. Times are ms since 1970, by the wall clock as it was set when this was last stored. */
export interface StoredSessionView {
  readonly clientId: string;
  readonly userName: string | undefined;
  readonly createdAtMs: number;
  readonly expiryIntervalSeconds: number;
  /** Undefined if it was connected when this was stored. */
  readonly disconnectedAtMs: number | undefined;
  /** Topic of its Will, if it has one. */
  readonly willTopic: string | undefined;
  readonly subscriptions: readonly RestoredSubscription[];
  /** QoS 2 identifiers of the client that await PUBREL. */
  readonly awaitingRelease: readonly number[];
  /** In the order of their sending. */
  readonly inFlight: readonly StoredExchangeView[];
  /** Messages that wait; see `StoreContents.queueOf`. */
  readonly queued: number;
}

/** How many of what there are. */
export interface StoreCounts {
  readonly sessions: number;
  readonly subscriptions: number;
  readonly queued: number;
  readonly inFlight: number;
  readonly awaitingRelease: number;
  readonly wills: number;
  readonly retained: number;
  readonly batches: number;
  /** Messages in the batches that some session is owed. */
  readonly owedMessages: number;
  readonly batchBytes: number;
  readonly retainedBytes: number;
}

/** What a store holds, as a server that starts on it would understand it. */
export interface StoreContents {
  /** What does not fit together, in words; empty if all is well. */
  readonly faults: readonly string[];
  readonly counts: StoreCounts;
  sessions(): Iterable<StoredSessionView>;
  /** What waits for the client, oldest first; nothing if there is no such session. */
  queueOf(clientId: string): Iterable<StoredMessageView>;
  retained(): Iterable<ApplicationMessage>;
}

/**
 * Reads what a store holds. `visit` shows it, as `Store.open` would.
 * What cannot be read is left out and told in `faults`.
 */
export function inspectStore(visit: (visitor: StoreVisitor) => void): StoreContents {
  const faults: string[] = [];
  const attempt = (what: string, read: () => void): void => {
    try {
      read();
    } catch (error) {
      faults.push(`${what} cannot be read: ${asError(error).message}`);
    }
  };
  const messages = new StoredMessages({ reader: unreadable, residentBytesMax: Infinity });
  const state = new StoredState(messages, { keepsContent: true, attempt });
  visit({
    session: (key, row) => attempt(`session ${key}`, () => state.session(key, row)),
    retained: (topic, row) =>
      attempt(`the retained message of ${topic}`, () => state.retainedRow(topic, row)),
    batch: (position, bytes) => attempt(`batch ${position}`, () => state.batch(position, bytes)),
  });
  state.complete();
  return new Contents(state, faults);
}

/** All batches are kept in memory: nothing is read again. */
function unreadable(position: number): never {
  throw new Error(`batch ${position} is not kept`);
}

class Contents implements StoreContents {
  readonly faults: string[];
  readonly counts: StoreCounts;
  readonly #state: StoredState;
  readonly #byClientId: Map<string, RecoveredSession> = new Map();

  constructor(state: StoredState, faults: string[]) {
    this.#state = state;
    this.faults = faults;
    for (const session of this.#sessions()) this.#add(session);
    this.counts = this.#count();
  }

  *sessions(): Generator<StoredSessionView, void, undefined> {
    for (const session of this.#sessions()) yield this.#view(session);
  }

  /** Without the rows that only keep Wills, which are due. */
  #sessions(): RecoveredSession[] {
    const all = Array.from(this.#state.sessions.values());
    return all.filter(({ stored }) => !keepsOnlyWill(stored));
  }

  *queueOf(clientId: string): Generator<StoredMessageView, void, undefined> {
    for (const [messageNumber, address] of this.#byClientId.get(clientId)?.queue ?? [])
      yield this.#delivery({ messageNumber, address });
  }

  *retained(): Generator<ApplicationMessage, void, undefined> {
    const { retained } = this.#state;
    for (const row of retained.rows()) yield applicationMessageOf(retained.message(row));
  }

  #add(session: RecoveredSession): void {
    const { clientId } = session.stored;
    if (this.#byClientId.has(clientId)) this.faults.push(`there are two sessions of ${clientId}`);
    this.#byClientId.set(clientId, session);
    for (const messageNumber of owed(session)) {
      if (this.#state.slots.get(messageNumber) !== undefined) continue;
      this.faults.push(`message ${messageNumber} for ${clientId} is missing`);
    }
  }

  #view(session: RecoveredSession): StoredSessionView {
    const {
      will,
      disconnectedAtMs,
      createdAtMs,
      isOwned: _isOwned,
      peer: _peer,
      ...stored
    } = session.stored;
    const { clock } = this.#state;
    const aheadMs = clock === undefined ? 0 : clock.wallMs - clock.serverMs;
    return {
      ...stored,
      createdAtMs: createdAtMs + aheadMs,
      disconnectedAtMs: disconnectedAtMs === Infinity ? undefined : disconnectedAtMs + aheadMs,
      willTopic: will?.will.topic,
      subscriptions: Array.from(session.subscriptions.values()),
      awaitingRelease: Array.from(session.seen.keys()),
      inFlight: Array.from(session.exchanges, ([packetIdentifier, { state, delivery }]) => ({
        packetIdentifier,
        state,
        delivery: delivery && this.#delivery(delivery),
      })),
      queued: session.queue.size,
    };
  }

  #delivery({ messageNumber, address }: StoredDelivery): StoredMessageView {
    const { slots, messages } = this.#state;
    const slot = slots.get(messageNumber);
    const message = slot === undefined ? undefined : applicationMessageOf(messages.message(slot));
    return { messageNumber, qos: address.qos, message };
  }

  #count(): StoreCounts {
    const counts = { subscriptions: 0, queued: 0, inFlight: 0, awaitingRelease: 0, wills: 0 };
    const owedMessages = new Set<number>();
    for (const session of this.#state.sessions.values()) {
      counts.subscriptions += session.subscriptions.size;
      counts.queued += session.queue.size;
      counts.inFlight += session.exchanges.size;
      counts.awaitingRelease += session.seen.size;
      counts.wills += session.stored.will === undefined ? 0 : 1;
      for (const messageNumber of owed(session)) owedMessages.add(messageNumber);
    }
    const { retained, messages } = this.#state;
    const { batches } = messages;
    return {
      ...counts,
      sessions: this.#sessions().length,
      retained: retained.count,
      batches: batches.size,
      owedMessages: owedMessages.size,
      batchBytes: sum(batches.values(), (batch) => batch.bytes),
      retainedBytes: retained.bytes,
    };
  }
}

/** Numbers of all messages that a session is owed, sent or not. */
function* owed(session: RecoveredSession): Generator<number, void, undefined> {
  for (const { delivery } of session.exchanges.values())
    if (delivery !== undefined) yield delivery.messageNumber;
  yield* session.queue.keys();
}

function sum<T>(all: Iterable<T>, of: (one: T) => number): number {
  let total = 0;
  for (const one of all) total += of(one);
  return total;
}
