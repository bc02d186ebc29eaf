/** A session may have so many bytes in flight however much all of them have: small messages go on in spite of large ones. */
const SHARE_BYTES = 65_536;

/**
 * Bytes in memory of messages that are in flight: sent, and kept until they are acknowledged. A message that several sessions are
 * sent counts for each. What a store has is not counted.
 */
export class InFlightBytes {
  bytes = 0;
  readonly #perSession: number;
  readonly #total: number;

  constructor(limits: { readonly perSession: number; readonly total: number }) {
    this.#perSession = limits.perSession;
    this.#total = limits.total;
  }

  /** True if a session that has so many bytes in flight may be sent one more message, however large. */
  hasRoomFor(sessionBytes: number): boolean {
    if (sessionBytes === 0) return true;
    if (sessionBytes >= this.#perSession) return false;
    return sessionBytes < SHARE_BYTES || this.bytes < this.#total;
  }
}
