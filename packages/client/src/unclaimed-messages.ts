/**
 * Messages that nobody wants yet: a Session that the server has kept sends what it has at once, before the application
 * has subscribed. They wait for a handler. Bounded.
 */
import type { Message } from "./core/message.ts";
import { topicMatches } from "./core/topic-router.ts";

/** Bytes of their payloads. */
const BYTES_MAX = 16_777_216;
/** Who subscribes and leaves more often than this gets what was under way for the first of them. */
const ENDED_FILTERS_MAX = 1_000;

/** Messages that wait for a handler. */
export class UnclaimedMessages {
  readonly #messagesMax: number;
  #messages: Message[] = [];
  #bytes = 0;
  /** What the application has left: nobody is to get what was under way then, least of all later. */
  readonly #endedFilters: Set<string> = new Set();

  constructor(messagesMax: number) {
    this.#messagesMax = messagesMax;
  }

  /** How many wait. */
  get length(): number {
    return this.#messages.length;
  }

  /** Lets a message wait; undefined, or that which had to go for it, which may be itself. */
  keep(message: Message): Message | undefined {
    for (const filter of this.#endedFilters) {
      if (topicMatches(message.topic, filter)) return undefined;
    }
    if (this.#messagesMax === 0) return message;
    this.#messages.push(message);
    this.#bytes += message.payload.length;
    let dropped: Message | undefined;
    while (this.length > this.#messagesMax || (this.#bytes > BYTES_MAX && this.length > 1)) {
      dropped = this.#messages.shift();
      this.#bytes -= dropped?.payload.length ?? 0;
    }
    return dropped;
  }

  /** Takes all out, in the order of their coming. */
  takeAll(): readonly Message[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    return messages;
  }

  /** The application has left these Topic Filters. */
  filtersEnded(topicFilters: readonly string[]): void {
    for (const filter of topicFilters) {
      this.#endedFilters.delete(filter);
      this.#endedFilters.add(filter);
      const [oldest = ""] = this.#endedFilters;
      if (this.#endedFilters.size > ENDED_FILTERS_MAX) this.#endedFilters.delete(oldest);
    }
  }

  /** The connection is gone, and what is not acknowledged comes again on the next: QoS 1 at least. */
  forgetUnacknowledged(): void {
    this.#messages = this.#messages.filter(({ qos }) => qos !== 1);
    this.#bytes = this.#messages.reduce((bytes, { payload }) => bytes + payload.length, 0);
  }
}
