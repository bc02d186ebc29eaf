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
   * connected, else the next. Undefined if the group is empty.
   */
  next(): Subscription | undefined {
    let connected: Subscription | undefined;
    for (let step = 0; step < this.members.length; step += 1) {
      const member = this.members[(this.#turn + step) % this.members.length];
      if (member?.session.isReady) return this.#chosen(member, step);
      if (connected === undefined && member?.session.connection !== undefined) connected = member;
    }
    if (connected !== undefined)
      return this.#chosen(connected, this.members.indexOf(connected) - this.#turn);
    const member = this.members[this.#turn % Math.max(1, this.members.length)];
    return member && this.#chosen(member, 0);
  }

  #chosen(member: Subscription, step: number): Subscription {
    const count = this.members.length;
    this.#turn = (((this.#turn + step + 1) % count) + count) % count;
    return member;
  }

  #indexOf(session: Session): number {
    return this.members.findIndex((member) => member.session === session);
  }
}
