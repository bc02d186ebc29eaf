import { lowerQos } from "../connection/connection.ts";
import type { RetainedContext } from "./retained-context.ts";
import type { Delivery, DeliveryOutcome } from "../owed/delivery.ts";
import { enqueueing, messageFor } from "../hooks/asking-receiver.ts";
import { hasExpired } from "../message/message.ts";
import type { Message } from "../message/message.ts";
import type { Pending, Task } from "../pending.ts";
import { mayReplayPlain, replayPlain } from "./plain-replay.ts";
import { RetainedCursor } from "./retained-cursor.ts";
import { NONE } from "./topic-nodes.ts";
import type { Session } from "../sessions/session.ts";
import type { Subscription } from "../routing/subscription.ts";
import { reportUnlessAbandoned } from "../works/work.ts";

/** Steps of walks that one turn may take for all sessions together: a few milliseconds. */
export const STEPS_PER_TURN = 16_384;

/** Steps for one session at a time, so that a few long walks leave some for others. */
const STEPS_PER_SESSION = 4_096;

/** Steps between two looks at the time: code that runs for the first time takes twenty times as long for one. */
const STEPS_PER_LOOK = 256;

/** Retained messages that a new subscription is still owed. */
export interface RetainedReplay {
  readonly subscription: Subscription;
  readonly cursor: RetainedCursor;
  /** A handler is asked about a message; what follows waits. */
  isAsking: boolean;
}

/** Begins to send a new subscription the retained messages that match it [MQTT-3.3.1-9]. */
export function beginReplay(core: RetainedContext, subscription: Subscription): void {
  const { session } = subscription;
  const cursor = new RetainedCursor(core.retained, subscription.topicFilter);
  if (cursor.isDone) return;
  session.replays ??= new Map();
  session.replays.set(subscription.filter, { subscription, cursor, isAsking: false });
}

/** Forgets what a subscription that has ended or was replaced is still owed. */
export function endReplay(session: Session, filter: string): void {
  session.replays?.delete(filter);
}

/** Sends retained messages as far as the client takes them and the turn allows. */
export function replayRetained<Context extends RetainedContext>(
  core: Context,
  session: Session,
  replays: Map<string, RetainedReplay>,
  deliver: (core: Context, session: Session, delivery: Delivery) => DeliveryOutcome,
): void {
  let steps = STEPS_PER_SESSION;
  for (const [filter, replay] of replays) {
    const { cursor, subscription } = replay;
    const isPlain = mayReplayPlain(core, subscription);
    while (!cursor.isDone) {
      const { connection } = session;
      if (connection === undefined || replay.isAsking || !mayDeliver(session, subscription)) return;
      if (steps === 0 || !hasTurn(core)) return core.continueLater(session);
      const stepsLeft = core.retainedStepsLeft;
      const part = Math.min(steps, STEPS_PER_LOOK);
      const message = isPlain ? replayPlain(core, connection, replay, part) : step(core, cursor);
      steps -= stepsLeft - core.retainedStepsLeft;
      if (message !== undefined) replayOne(core, replay, message, deliver);
    }
    // The handler of the last message may still be asked.
    if (replay.isAsking) return;
    replays.delete(filter);
  }
}

/** Whether this turn allows more steps. */
export function hasTurn({ retainedStepsLeft, replayTurn }: RetainedContext): boolean {
  return retainedStepsLeft > 0 && replayTurn.hasTime();
}

function step(core: RetainedContext, cursor: RetainedCursor): Message | undefined {
  core.retainedStepsLeft -= 1;
  const row = cursor.step();
  return row === NONE ? undefined : core.retained.message(row);
}

function mayDeliver(session: Session, subscription: Subscription): boolean {
  if (session.connection?.takesMessages !== true) return false;
  return subscription.qos === 0 || session.freeQuota > 0;
}

function replayOne<Context extends RetainedContext>(
  core: Context,
  replay: RetainedReplay,
  message: Message,
  deliver: (core: Context, session: Session, delivery: Delivery) => DeliveryOutcome,
): void {
  const { subscription } = replay;
  const { session } = subscription;
  if (hasExpired(message.expiresAtMs, core.now)) return;
  if (subscription.noLocal && message.clientId === session.clientId) return;
  if (core.hooks.interceptingClientEnqueue === undefined) {
    deliver(core, session, deliveryOf(subscription, message));
    return;
  }
  const asked = enqueueing(message, "", session);
  const pending = core.hooks.interceptingClientEnqueue(asked.args, session.connection);
  const proceed = (): void => {
    const isWanted = session.replays?.get(subscription.filter) === replay && !session.isDeleted;
    const wanted = isWanted ? messageFor(core, message, asked) : undefined;
    if (wanted !== undefined) deliver(core, session, deliveryOf(subscription, wanted));
  };
  if (pending === undefined) return proceed();
  // What follows waits, so that the messages keep their order.
  replay.isAsking = true;
  const goOn = (): void => {
    replay.isAsking = false;
    core.continueLater(session);
  };
  const task = answered(pending, proceed);
  core.works.run("a retained message", session, task, goOn, (error) => {
    reportUnlessAbandoned(core, error);
    goOn();
  });
}

function* answered(pending: Pending, proceed: () => void): Task {
  yield pending;
  proceed();
}

function deliveryOf(subscription: Subscription, message: Message): Delivery {
  const { subscriptionIdentifier } = subscription;
  return {
    message,
    qos: lowerQos(message.qos, subscription.qos),
    retain: true,
    subscriptionIdentifiers:
      subscriptionIdentifier === undefined ? undefined : [subscriptionIdentifier],
    group: undefined,
  };
}
