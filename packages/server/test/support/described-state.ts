import type { StoredState } from "../../src/core/recovery/stored-state.ts";

/**
 * What a start makes of a store, as text: what sessions are owed and have, and what is retained. Where messages are, and up
 * to where rows hold, is left out: two stores may tell the same in different ways.
 */
export function describeState(state: StoredState): string {
  const sessions = Array.from(state.sessions.values(), (session) => {
    const { number, stored, subscriptions, seen, exchanges, queue } = session;
    const owed = Array.from(queue.keys());
    for (const { delivery } of exchanges.values())
      if (delivery !== undefined) owed.push(delivery.messageNumber);
    const messages = owed.map((one) => [one, textOf(state, one)]);
    return [number, stored, [...subscriptions], [...seen], [...exchanges], [...queue], messages];
  });
  const retained = Array.from(state.retained.rows(), (row) => [...state.retained.record(row)]);
  const numbers = [state.nextSession, state.nextMessage, state.position];
  sessions.sort(([one], [other]) => Number(one) - Number(other));
  const texts = retained.map((record) => record.join()).toSorted();
  return JSON.stringify({ sessions, texts, numbers });
}

function textOf(state: StoredState, number: number): string {
  const slot = state.slots.get(number);
  if (slot === undefined) return "missing";
  return new TextDecoder().decode(state.messages.message(slot).bytes);
}
