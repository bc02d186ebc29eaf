import type { PublishingContext } from "./publishing-context.ts";
import { deliver } from "../delivering/delivering.ts";
import { deliveryFor } from "../delivering/delivery-for.ts";
import { memberFor } from "../delivering/member-choice.ts";
import { refusalToStore } from "../connection/storing.ts";
import type { Task } from "../pending.ts";
import { retainedOwner } from "../retained/retained-owner.ts";
import { excessInWords, isStored, renounce, retain } from "../retained/retaining.ts";
import type { RetainedChange } from "../retained/retaining.ts";
import { recipientOf } from "../routing/route.ts";
import type { Recipient, Route } from "../routing/route.ts";
import type { SharedGroup } from "../routing/shared-subscriptions.ts";
import type { Session } from "../sessions/session.ts";
import { STEPS_OF_RECEIVER } from "./fan-outs.ts";
import type { AskedReceivers } from "./asking-receivers.ts";
import { hasExpired } from "../message/message.ts";
import type { Message } from "../message/message.ts";
import type { Origin } from "./origin.ts";
import { NO_MATCHING_SUBSCRIBERS } from "../message/published.ts";
import type { Published } from "../message/published.ts";
import type { Terms } from "./terms.ts";

/** What is to be recorded. */
export interface Recording {
  readonly message: Message;
  readonly origin: Origin;
  /** Receivers that handlers were asked about; undefined if there are no such handlers. */
  readonly asked: AskedReceivers | undefined;
  readonly terms: Terms;
  /** When the message came; it may have expired while handlers were asked. */
  readonly cameAtMs: number;
}

/** What handlers are to be told of. */
export interface Recorded {
  readonly change: RetainedChange;
  /** Each receiver, and whether it got the message; only if an event tells it. */
  readonly outcomes: readonly Outcome[];
}

interface Outcome {
  readonly receiver: Session;
  /** As a handler wanted this receiver to get it. */
  readonly message: Message;
  readonly isTaken: boolean;
}

/**
 * The one step in which a message takes effect: what its publisher claimed, the retained message and all receivers are written
 * down together, so that they are in one commit; nothing is waited for in it. `route`: where it goes, as of now. Undefined if the
 * store cannot take the message.
 */
export function record(
  core: PublishingContext,
  recording: Recording,
  route: Route,
  published: Published,
): Recorded | undefined {
  const giving = Giving.begin(core, recording, route, published);
  if (giving === undefined) return undefined;
  for (const recipient of route.recipients) giving.toRecipient(recipient);
  for (const group of route.groups) giving.toGroup(group);
  return giving.end();
}

/** The same for thousands of receivers (`FanOuts`): it goes on in the next turn where one has not the time for all. */
export function* recordInTurns(
  core: PublishingContext,
  recording: Recording,
  route: Route,
  published: Published,
): Task<Recorded | undefined> {
  const { turn } = core;
  const giving = Giving.begin(core, recording, route, published);
  if (giving === undefined) return undefined;
  for (const recipient of route.recipients) {
    if (turn.spend(STEPS_OF_RECEIVER)) yield turn.rest();
    giving.toRecipient(recipient);
  }
  for (const group of route.groups) {
    if (turn.spend(STEPS_OF_RECEIVER)) yield turn.rest();
    giving.toGroup(group);
  }
  return giving.end();
}

/** A full store of retained messages takes nothing from those who are there now: they get the message all the same. */
function retainIfRoom(
  core: PublishingContext,
  message: Message,
  origin: Origin,
  published: Published,
): RetainedChange {
  const owner = retainedOwner(core, origin);
  const change = retain(core, message, owner);
  if (change !== "noRoom") return change;
  published.isRetained = false;
  const reason = excessInWords(core, message, owner);
  published.reasonString ??= `delivered, but not retained: ${reason}`;
  return renounce(core, message, { clientId: origin.clientId, owner }, reason);
}

/** Reason Code for a message that would have to be stored and cannot be; undefined if it needs no store, or has one. */
function refusalOf(
  core: PublishingContext,
  message: Message,
  { recipients, groups }: Route,
  { needsStore }: Terms,
): number | undefined {
  const refusal = refusalToStore(core);
  if (refusal === undefined || needsStore) return refusal;
  if (message.retain && isStored(message.topic)) return refusal;
  if (message.qos === 0) return undefined;
  const isDurable =
    recipients.some(({ session, qos }) => session.isDurable && qos > 0) ||
    groups.some(({ members }) => members.some(({ session, qos }) => session.isDurable && qos > 0));
  return isDurable ? refusal : undefined;
}

/** Gives a message to its receivers, but to those for which a handler has vetoed it. */
class Giving {
  readonly #core: PublishingContext;
  readonly #recording: Recording;
  readonly #published: Published;
  readonly #change: RetainedChange;
  readonly #appendedBefore: number | undefined;
  readonly #isExpired: boolean;
  /** Of subscriptions, when it began. */
  readonly #changes: number;
  readonly #outcomes: Outcome[] = [];

  private constructor(
    core: PublishingContext,
    recording: Recording,
    published: Published,
    change: RetainedChange,
    appendedBefore: number | undefined,
  ) {
    const { message, cameAtMs } = recording;
    this.#core = core;
    this.#recording = recording;
    this.#published = published;
    this.#change = change;
    this.#appendedBefore = appendedBefore;
    this.#isExpired = core.now > cameAtMs && hasExpired(message.expiresAtMs, core.now);
    this.#changes = core.router.changes;
    if (this.#isExpired) core.statistics.messagesExpired += 1;
  }

  /** Writes down what is not about receivers. Undefined if the store cannot take the message. */
  static begin(
    core: PublishingContext,
    recording: Recording,
    route: Route,
    published: Published,
  ): Giving | undefined {
    const { message, origin, terms } = recording;
    const unstorable =
      terms.urgency === "owed" ? undefined : refusalOf(core, message, route, terms);
    if (unstorable !== undefined && (message.qos > 0 || terms.needsStore)) {
      published.reasonCode = unstorable;
      published.reasonString = "the server cannot store messages now";
      return undefined;
    }
    const appendedBefore = core.journal?.appended;
    terms.record(published);
    // The server may leave a retained message of QoS 0 out at any time [MQTT-3.3.1-7].
    const isRetained = message.retain && unstorable === undefined;
    const change = isRetained ? retainIfRoom(core, message, origin, published) : "unchanged";
    return new Giving(core, recording, published, change, appendedBefore);
  }

  toRecipient(candidate: Recipient): void {
    const { message, asked } = this.#recording;
    const recipient = recipientOf(candidate, message.clientId);
    // Who has unsubscribed since the first part was given is sent nothing new [MQTT-3.10.4-2].
    const isSubscribed = this.#core.router.changes === this.#changes || candidate.isSubscribed;
    if (recipient === undefined || !isSubscribed) return;
    this.#give(recipient, asked ? asked.messageFor(recipient.session) : message, undefined);
  }

  toGroup(group: SharedGroup): void {
    const { message, asked } = this.#recording;
    const member = asked ? asked.memberOf(group) : memberFor(this.#core, group, message);
    if (member === undefined) return;
    this.#give(member, asked ? asked.messageForMember(group) : message, group);
  }

  end(): Recorded {
    const core = this.#core;
    const published = this.#published;
    if (published.matched === 0 && published.reasonCode === 0)
      published.reasonCode = NO_MATCHING_SUBSCRIBERS;
    published.isStored = core.journal?.appended !== this.#appendedBefore;
    return { change: this.#change, outcomes: this.#outcomes };
  }

  #give(recipient: Recipient, given: Message | undefined, group: SharedGroup | undefined): void {
    if (given === undefined) return;
    const core = this.#core;
    const published = this.#published;
    const receiver = recipient.session;
    const isTaken =
      !this.#isExpired &&
      !receiver.isDeleted &&
      deliver(core, receiver, deliveryFor(recipient, given, group)) !== "dropped";
    published.matched += 1;
    if (isTaken) published.queued += 1;
    else published.dropped += 1;
    if (core.hooks.applicationMessageEnqueuedOrDropped !== undefined)
      this.#outcomes.push({ receiver, message: given, isTaken });
  }
}
