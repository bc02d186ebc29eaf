import type { Session } from "./session.ts";

/** All sessions by Client Identifier. Identifiers come from the wire, so they are keys of a Map. */
export class Sessions {
  readonly #byClientId: Map<string, Session> = new Map();
  /** Of those whose clients are away, those that had nothing in them then, longest away first. */
  readonly #bare: Set<Session> = new Set();

  /** When it may be warned again that there are too many. */
  warnAgainAtMs = 0;

  get size(): number {
    return this.#byClientId.size;
  }

  get(clientId: string): Session | undefined {
    return this.#byClientId.get(clientId);
  }

  add(session: Session): void {
    this.#byClientId.set(session.clientId, session);
  }

  /** Removes this very session; one that has taken its place stays. */
  delete(session: Session): void {
    this.#bare.delete(session);
    if (this.#byClientId.get(session.clientId) === session)
      this.#byClientId.delete(session.clientId);
  }

  /** The client of a session has gone. */
  left(session: Session): void {
    if (isBare(session) && this.get(session.clientId) === session) this.#bare.add(session);
  }

  /** It is back. */
  returned(session: Session): void {
    this.#bare.delete(session);
  }

  /** The session that is missed least: its client is away the longest of all that have neither subscription nor message. */
  get mostDispensable(): Session | undefined {
    for (const session of this.#bare) {
      if (isBare(session)) return session;
      // The program has put something into it meanwhile.
      this.#bare.delete(session);
    }
    return undefined;
  }

  [Symbol.iterator](): IterableIterator<Session> {
    return this.#byClientId.values();
  }
}

function isBare({ subscriptions, queue, inFlight, unreleased }: Session): boolean {
  return subscriptions.size === 0 && queue.length === 0 && inFlight === 0 && unreleased === 0;
}
