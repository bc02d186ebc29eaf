import type { KeptLimit } from "./kept-limits.ts";

/** What waits in the queues of all sessions that are counted together. */
export interface QueueShare extends KeptLimit {
  messages: number;
  bytes: number;
  /** Sessions that are counted here. */
  sessions: number;
}

/** The messages and bytes of one queue. */
export interface Queued {
  readonly length: number;
  readonly bytes: number;
}

/** Counts what waits for the sessions of a client, a user, an address or a listener. There are as many counts as sessions have. */
export class QueueShares {
  readonly #shares = new Map<string, QueueShare>();

  get size(): number {
    return this.#shares.size;
  }

  /** A session with this in its queue is counted for each of these from now on; undefined if there is none. */
  join(limits: readonly KeptLimit[], { length, bytes }: Queued): readonly QueueShare[] | undefined {
    if (limits.length === 0) return undefined;
    return limits.map((limit) => {
      const share = this.#shares.get(limit.key) ?? { ...limit, messages: 0, bytes: 0, sessions: 0 };
      this.#shares.set(limit.key, share);
      share.sessions += 1;
      share.messages += length;
      share.bytes += bytes;
      return share;
    });
  }

  /** It is counted there no more. */
  leave(shares: readonly QueueShare[], { length, bytes }: Queued): void {
    for (const share of shares) {
      share.messages -= length;
      share.bytes -= bytes;
      share.sessions -= 1;
      if (share.sessions === 0) this.#shares.delete(share.key);
    }
  }
}

/** So many messages and bytes more, or fewer, wait. */
export function countQueued(shares: readonly QueueShare[], messages: number, bytes: number): void {
  for (const share of shares) {
    share.messages += messages;
    share.bytes += bytes;
  }
}

/** True if one message more, of so many bytes, would be too much for one of these. */
export function isOverShare(shares: readonly QueueShare[], bytes: number): boolean {
  return shares.some(
    (share) => share.messages >= share.messagesMax || share.bytes + bytes > share.bytesMax,
  );
}

/** True if each of these is half empty. */
export function areHalfEmpty(shares: readonly QueueShare[]): boolean {
  return shares.every(
    ({ messages, bytes, messagesMax, bytesMax }) =>
      messages <= messagesMax / 2 && bytes <= bytesMax / 2,
  );
}
