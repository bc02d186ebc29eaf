import type { Session } from "../sessions/session.ts";
import type { Subscription } from "./subscription.ts";

/**
 * The sessions that share one filter under one ShareName. Each message goes to exactly one of them.
 * Members take turns; one that could send at once goes before one that could only queue.
 */
export class SharedGroup {
  readonly shareName: string;
  readonly topicFilter: string;
  readonly members: Subscription[] = [];
  #turn = 0;

  constructor(shareName: string, topicFilter: string) {
    this.shareName = shareName;
    this.topicFilter = topicFilter;
  }

  /** Adds a member, or replaces its options; true if it is new. */
  set(subscription: Subscription): boolean {
    const index = this.#indexOf(subscription.session);
    if (index >= 0) this.members[index] = subscription;
    else this.members.push(subscription);
    return index < 0;
  }

  /** Removes a member; true if it was one. */
  delete(session: Session): boolean {
    const index = this.#indexOf(session);
    if (index < 0) return false;
    this.members.splice(index, 1);
    return true;
  }

  /**
   * The member whose turn it is: the next that is connected and keeps up, else the next that is
   * connected, else the next. One that cannot take the message is passed over as long as there is another
   * [3.1.2.11.4]. Undefined if the group is empty.
   */
  next(takes: (member: Subscription) => boolean): Subscription | undefined {
    return this.nextThat(takes) ?? this.nextThat(takesAnything);
  }

  /** The same among those that can take the message; undefined if there is none. */
  nextThat(takes: (member: Subscription) => boolean): Subscription | undefined {
    let connected: number | undefined;
    let away: number | undefined;
    for (let step = 0; step < this.members.length; step += 1) {
      const member = this.#at(step);
      if (member === undefined || member.session.isDeleted || !takes(member)) continue;
      if (member.session.isReady) return this.#choose(step);
      if (member.session.connection === undefined) away ??= step;
      else connected ??= step;
    }
    const chosen = connected ?? away;
    return chosen === undefined ? undefined : this.#choose(chosen);
  }

  #at(step: number): Subscription | undefined {
    return this.members[(this.#turn + step) % this.members.length];
  }

  #choose(step: number): Subscription | undefined {
    const member = this.#at(step);
    this.#turn = (this.#turn + step + 1) % this.members.length;
    return member;
  }

  #indexOf(session: Session): number {
    return this.members.findIndex((member) => member.session === session);
  }
}

/** For messages that every member can take. */
export function takesAnything(): boolean {
  return true;
}
