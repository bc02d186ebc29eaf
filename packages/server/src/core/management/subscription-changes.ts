import type { SubscriptionRequest } from "@anax/protocol";
import { dismiss } from "../endings/closing.ts";
import type { SubscribingContext } from "../subscribing/subscribing-context.ts";
import { pump } from "../delivering/delivering.ts";
import type { ClientContext } from "../hooks/client-context.ts";
import type { Task } from "../pending.ts";
import type { Session } from "../sessions/session.ts";
import { stored } from "../connection/storing.ts";
import { owe, storedOrUndone, subscribe } from "../subscribing/subscription-making.ts";
import type { Made, Subscriber } from "../subscribing/subscription-making.ts";
import { unsubscribe } from "../subscribing/unsubscribing.ts";
import type { Peer } from "../wire.ts";

const UNSPECIFIED_ERROR = 0x80;

/** Stands for a client that is away. */
const NOBODY: Peer = { transport: "none", secure: false };

/**
 * Subscribes a session, connected or not, as a SUBSCRIBE of its client would: interceptors are asked, retained messages
 * follow. Gives a Reason Code for each filter, in order.
 */
export function* subscribeSession(
  core: SubscribingContext,
  session: Session,
  requests: readonly SubscriptionRequest[],
): Task<number[]> {
  const made: Made[] = [];
  const reasonCodes: number[] = [];
  for (const request of requests) {
    const answer = yield* subscribe(core, subscriberOf(session), { request });
    if (answer.made !== undefined) made.push(answer.made);
    reasonCodes.push(answer.reasonCode);
    if (answer.closeConnection) sendAway(core, session);
  }
  const failure = yield* storedOrUndone(core, session, made);
  if (failure === undefined)
    for (const { subscription, isNew } of made) owe(core, subscription, isNew);
  pump(core, session);
  return reasonCodes.map((code) => (code < 0x80 ? (failure ?? code) : code));
}

/** Unsubscribes a session as an UNSUBSCRIBE of its client would. Gives a Reason Code for each filter, in order. */
export function* unsubscribeSession(
  core: SubscribingContext,
  session: Session,
  topicFilters: readonly string[],
): Task<number[]> {
  const reasonCodes: number[] = [];
  for (const topicFilter of topicFilters) {
    const outcome = yield* unsubscribe(core, subscriberOf(session), topicFilter);
    reasonCodes.push(outcome.response.reasonCode);
    if (outcome.closeConnection) sendAway(core, session);
  }
  const failure = session.isDurable ? yield* stored(core) : undefined;
  return reasonCodes.map((code) => (code < 0x80 ? (failure ?? code) : code));
}

/** A session as one that subscribes or unsubscribes, whether its client is connected or not. */
export function subscriberOf(session: Session): Subscriber {
  const client = session.connection ?? { context: contextOf(session) };
  return { session, client, waitsForNews: false };
}

function contextOf({ clientId, userName, items }: Session): ClientContext {
  const who = userName === undefined ? { clientId } : { clientId, userName };
  return { ...who, protocolVersion: 5, peer: NOBODY, sessionItems: items };
}

function sendAway(core: SubscribingContext, session: Session): void {
  const { connection } = session;
  if (connection !== undefined) dismiss(core, connection, { reasonCode: UNSPECIFIED_ERROR });
}
