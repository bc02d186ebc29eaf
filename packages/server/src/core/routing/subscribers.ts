import type { Session } from "../sessions/session.ts";
import type { Subscription } from "./subscription.ts";

/** Up to here a list is quicker than a map, and much smaller: most filters have one subscriber. */
const FEW = 16;

/** The subscriptions to one Topic Filter, one for each session, in the order in which the sessions subscribed. */
export class Subscribers {
  /** A list that is never changed once it was given away; undefined if it is to be made anew from `#many`. */
  #list: readonly Subscription[] | undefined = [];
  #many: Map<Session, Subscription> | undefined;

  /** All of them. The list stays as it is when they change. */
  get all(): readonly Subscription[] {
    this.#list ??= [...(this.#many?.values() ?? [])];
    return this.#list;
  }

  get size(): number {
    return this.#many?.size ?? this.all.length;
  }

  /** Adds or replaces; true if the session had none. */
  set(subscription: Subscription): boolean {
    const { session } = subscription;
    if (this.#many !== undefined) {
      const isNew = !this.#many.has(session);
      this.#many.set(session, subscription);
      this.#list = undefined;
      return isNew;
    }
    const { all } = this;
    const index = indexOf(all, session);
    this.#list = index < 0 ? withOneMore(all, subscription) : all.with(index, subscription);
    if (this.#list.length > FEW) this.#many = new Map(this.#list.map((one) => [one.session, one]));
    return index < 0;
  }

  /** Removes; false if the session had none. */
  delete(session: Session): boolean {
    if (this.#many !== undefined) {
      this.#list = undefined;
      return this.#many.delete(session);
    }
    const { all } = this;
    const index = indexOf(all, session);
    if (index < 0) return false;
    this.#list = all.toSpliced(index, 1);
    return true;
  }
}

/** Made at its length: a list that grows by itself has room for sixteen more, which most filters never need. */
function withOneMore(list: readonly Subscription[], one: Subscription): readonly Subscription[] {
  return list.length === 0 ? [one] : list.concat(one);
}

function indexOf(list: readonly Subscription[], session: Session): number {
  return list.findIndex((one) => one.session === session);
}
