import type { ClientAccess } from "../access/client-access.ts";
import { refusalToPublish } from "../access/deciding.ts";
import type { PublishingContext } from "./publishing-context.ts";
import type { InterceptingPublish } from "../hooks/publish-events.ts";
import { stored } from "../connection/storing.ts";
import { roomFor } from "../delivering/making-room.ts";
import { settled } from "../pending.ts";
import type { HookResult, Pending, Task } from "../pending.ts";
import { tellOfRetained } from "../retained/retaining.ts";
import { findRoute, searchRoute } from "../routing/finding-route.ts";
import type { Route } from "../routing/route.ts";
import { askReceivers } from "./asking-receivers.ts";
import type { ApplicationMessage } from "../message/application-message.ts";
import { shownMessageOf, messageFromApplication } from "../message/message.ts";
import type { Message } from "../message/message.ts";
import type { Origin } from "./origin.ts";
import { nothing, refused } from "../message/published.ts";
import type { Published } from "../message/published.ts";
import { record, recordInTurns } from "./recording.ts";
import type { Recorded, Recording } from "./recording.ts";
import type { Terms } from "./terms.ts";

const QUOTA_EXCEEDED = 0x97;

/**
 * The whole way of a message: decide, ask about its receivers, record, tell. From clients, Wills and
 * `injectApplicationMessage` alike, so none of them can go past a check.
 */
export function* publish(
  core: PublishingContext,
  message: Message,
  origin: Origin,
  terms: Terms,
): Task<Published> {
  const { access } = terms;
  if (access !== undefined) {
    const denied = yield* refusalToPublish(core, access, message);
    if (denied !== undefined) return refused(denied);
  }
  if (core.hooks.interceptingPublish === undefined || origin.isHidden === true) {
    return yield* publishAccepted(core, message, origin, nothing(), terms);
  }
  const original = shownMessageOf(message);
  const { source, ...sender } = origin;
  // Not spread: see `originOf`.
  const event: InterceptingPublish = Object.assign(sender, {
    topic: message.topic,
    applicationMessage: original,
    processPublish: true,
    closeConnection: false,
    response: {},
  });
  const pending = core.hooks.interceptingPublish(event, source);
  const isReplaced = (): boolean => event.applicationMessage !== original;
  const interception = { event, pending, isReplaced };
  return yield* publishIntercepted(core, message, origin, interception, terms);
}

const PROGRAM: Terms = {
  urgency: "refusable",
  needsStore: false,
  record: () => undefined,
  access: undefined,
};

/** Publishes a message of the program's own, and waits until what is to survive of it does. */
export function* publishStored(
  core: PublishingContext,
  given: ApplicationMessage,
  origin: Origin,
  access: ClientAccess | undefined,
): Task<Published> {
  const message = messageFromApplication(given, origin.clientId, core.now);
  const published = yield* publish(core, message, origin, { ...PROGRAM, access });
  // The program is told, which clients can be only in words.
  if (published.isRetained === false) published.reasonCode = QUOTA_EXCEEDED;
  const depends = published.isStored && (message.qos > 0 || message.retain);
  const failure = depends ? yield* stored(core) : undefined;
  if (failure !== undefined) published.reasonCode = failure;
  return published;
}

/** What `interceptingPublish` was shown, and whether its handlers are still to be waited for. */
export interface Interception {
  readonly event: InterceptingPublish;
  readonly pending: HookResult;
  /** Whether a handler put another message in place of the one that it was shown. */
  isReplaced(): boolean;
}

/** The rest of the way of a message that was shown to `interceptingPublish`. */
export function* publishIntercepted(
  core: PublishingContext,
  message: Message,
  origin: Origin,
  interception: Interception,
  terms: Terms,
): Task<Published> {
  const { event } = interception;
  const cameAtMs = core.now;
  yield* settled(interception.pending);
  const published = nothing();
  Object.assign(published, event.response, { closeConnection: event.closeConnection });
  published.reasonCode = event.response.reasonCode ?? 0;
  if (!event.processPublish || event.closeConnection) return published;
  if (!interception.isReplaced())
    return yield* publishAccepted(core, message, origin, published, terms, cameAtMs);
  const { applicationMessage } = event;
  if (applicationMessage === undefined) return published;
  const accepted = messageFromApplication(applicationMessage, message.clientId, core.now);
  return yield* publishAccepted(core, accepted, origin, published, terms);
}

/** Asks about the receivers of a message that is not held back, records it and tells of it. */
export function* publishAccepted(
  core: PublishingContext,
  message: Message,
  origin: Origin,
  published: Published,
  terms: Terms,
  cameAtMs: number = core.now,
): Task<Published> {
  if (core.rooms.size > 0 && !(yield* hasRoom(core, message, origin, terms))) {
    published.reasonCode = QUOTA_EXCEEDED;
    published.reasonString = "the queue of a receiver is full";
    return published;
  }
  const asked =
    core.hooks.interceptingClientEnqueue === undefined
      ? undefined
      : yield* askReceivers(core, message, origin, published);
  const recording = { message, origin, asked, terms, cameAtMs };
  // Mostly without a task of its own: handlers of each receiver bring every message here.
  const route = asked?.route ?? core.router.quickRoute(message.topic);
  const recorded =
    route === undefined || core.fanOuts.isWide(route)
      ? yield* recordWhenFree(core, recording, route, published)
      : record(core, recording, route, published);
  if (recorded !== undefined) yield* tell(core, message, origin, published, recorded);
  return published;
}

/** Records a message whose route is yet to be found, or has thousands of receivers: when no other is given to as many. */
function* recordWhenFree(
  core: PublishingContext,
  recording: Recording,
  known: Route | undefined,
  published: Published,
): Task<Recorded | undefined> {
  const { message, asked } = recording;
  const { fanOuts, router } = core;
  let route = known ?? (yield* searchRoute(core, message.topic));
  if (!fanOuts.isWide(route)) return record(core, recording, route, published);
  const isStored = message.qos > 0 || message.retain;
  let { changes } = router;
  yield* fanOuts.begin(isStored);
  let isBegun = true;
  try {
    while (router.changes !== changes) {
      if (asked === undefined) {
        route = yield* findRoute(core, message.topic);
        break;
      }
      ({ changes } = router);
      const asking = askReceivers(core, message, recording.origin, published, asked);
      const { done, value: wait } = asking.next();
      // While handlers are waited for, others go on.
      if (done !== true) {
        fanOuts.end();
        isBegun = false;
        yield* restOf(asking, wait);
        yield* fanOuts.begin(isStored);
        isBegun = true;
      }
      ({ route } = asked);
    }
    return yield* recordInTurns(core, recording, route, published);
  } finally {
    if (isBegun) fanOuts.end();
  }
}

/** The rest of a task that has begun to wait. */
function* restOf<Result>(task: Task<Result>, wait: Pending): Task<Result> {
  try {
    yield wait;
  } catch (error) {
    // It was given up: the task is to leave nothing behind.
    task.throw(error);
    throw error;
  }
  return yield* task;
}

/** Waits, some receiver being full, until those of the message are not or their time is over; false if it is refused then. */
function* hasRoom(
  core: PublishingContext,
  { topic, qos, size, clientId }: Message,
  { isHidden = false }: Origin,
  { isOwed = false }: Terms,
): Task<boolean> {
  if (qos === 0 || isHidden) return true;
  return yield* roomFor(core, { topic, qos, bytes: size, clientId, holds: !isOwed });
}

/** Tells the program what has become of a message. */
function* tell(
  core: PublishingContext,
  message: Message,
  { clientId, isHidden = false, source }: Origin,
  { matched }: Published,
  { change, outcomes }: Recorded,
): Task {
  yield* settled(tellOfRetained(core, message, { clientId, source }, change));
  for (const { receiver, message: given, isTaken } of outcomes) {
    const args = {
      senderClientId: clientId,
      receiverClientId: receiver.clientId,
      applicationMessage: shownMessageOf(given),
      isDropped: !isTaken,
    };
    yield* settled(core.hooks.applicationMessageEnqueuedOrDropped?.(args, source));
  }
  // It says what 0x10 says: there is no receiver. One that a limit keeps the message from is one all the same.
  if (matched > 0 || isHidden || core.hooks.applicationMessageNotConsumed === undefined) return;
  const args = { senderClientId: clientId, applicationMessage: shownMessageOf(message) };
  yield* settled(core.hooks.applicationMessageNotConsumed(args, source));
}
