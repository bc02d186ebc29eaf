import type { PublishingContext } from "./publishing-context.ts";
import { memberFor } from "../delivering/member-choice.ts";
import { settled } from "../pending.ts";
import type { Task } from "../pending.ts";
import { searchRoute } from "../routing/finding-route.ts";
import { NO_ROUTE, recipientOf } from "../routing/route.ts";
import type { Route } from "../routing/route.ts";
import type { SharedGroup } from "../routing/shared-subscriptions.ts";
import type { Subscription } from "../routing/subscription.ts";
import type { Session } from "../sessions/session.ts";
import { enqueueing, messageFor } from "../hooks/asking-receiver.ts";
import type { Message } from "../message/message.ts";
import type { Origin } from "./origin.ts";
import type { Published } from "../message/published.ts";

/** What the handlers of `interceptingClientEnqueue` have made of a message for each of its receivers. */
export class AskedReceivers {
  /** The message as a session is to get it; undefined if it was vetoed. */
  readonly #messages: Map<Session, Message | undefined> = new Map();
  /** Where the message goes, as of when all had been asked. */
  route: Route = NO_ROUTE;
  readonly #chosen: Map<SharedGroup, { member: Subscription; message: Message | undefined }> =
    new Map();

  hasAsked(session: Session): boolean {
    return this.#messages.has(session);
  }

  /** The member that was chosen for a shared subscription, if it still is one. */
  memberOf(group: SharedGroup): Subscription | undefined {
    const member = this.#chosen.get(group)?.member;
    return member !== undefined && group.members.includes(member) ? member : undefined;
  }

  messageFor(session: Session): Message | undefined {
    return this.#messages.get(session);
  }

  messageForMember(group: SharedGroup): Message | undefined {
    return this.#chosen.get(group)?.message;
  }

  answered(session: Session, message: Message | undefined): void {
    this.#messages.set(session, message);
  }

  chosen(group: SharedGroup, member: Subscription, message: Message | undefined): void {
    this.#chosen.set(group, { member, message });
  }
}

/**
 * Asks the handlers of `interceptingClientEnqueue` about each receiver; nothing is given to any before. Who subscribes
 * meanwhile is asked about too, so that the answers are those for the subscriptions of the moment at which this ends.
 * `asked`: whom they were asked about before, who are not asked about again.
 */
export function* askReceivers(
  core: PublishingContext,
  message: Message,
  origin: Origin,
  published: Published,
  asked: AskedReceivers = new AskedReceivers(),
): Task<AskedReceivers> {
  const asking = { message, origin, published, asked };
  let changes: number;
  do {
    changes = core.router.changes;
    asked.route =
      core.router.quickRoute(message.topic) ?? (yield* searchRoute(core, message.topic));
    yield* askRoute(core, asked.route, asking);
  } while (core.router.changes !== changes);
  return asked;
}

interface Asking {
  readonly message: Message;
  readonly origin: Origin;
  readonly published: Published;
  readonly asked: AskedReceivers;
}

function* askRoute(core: PublishingContext, route: Route, asking: Asking): Task {
  const { message, asked } = asking;
  for (const candidate of route.recipients) {
    const recipient = recipientOf(candidate, message.clientId);
    if (recipient === undefined || asked.hasAsked(recipient.session)) continue;
    asked.answered(recipient.session, yield* ask(core, recipient.session, asking));
  }
  for (const group of route.groups) {
    if (asked.memberOf(group) !== undefined) continue;
    const member = memberFor(core, group, message);
    if (member !== undefined) asked.chosen(group, member, yield* ask(core, member.session, asking));
  }
}

/** The message as this receiver is to get it; undefined if a handler vetoed it. */
function* ask(
  core: PublishingContext,
  receiver: Session,
  { message, origin, published }: Asking,
): Task<Message | undefined> {
  const asked = enqueueing(message, origin.clientId, receiver);
  yield* settled(core.hooks.interceptingClientEnqueue?.(asked.args, origin.source));
  if (asked.args.closeSenderConnection) published.closeConnection = true;
  return messageFor(core, message, asked);
}
