import type { Session } from "./session.ts";

/** All sessions by Client Identifier. Identifiers come from the wire, so they are keys of a Map. */
export class Sessions {
  readonly #byClientId: Map<string, Session> = new Map();

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
    if (this.#byClientId.get(session.clientId) === session)
      this.#byClientId.delete(session.clientId);
  }

  [Symbol.iterator](): IterableIterator<Session> {
    return this.#byClientId.values();
  }
}
