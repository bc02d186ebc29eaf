import { OutgoingTopicAliases } from "@anax/protocol";

/** What an alias adds to a PUBLISH: the property's identifier and two bytes. */
export const TOPIC_ALIAS_BYTES = 3;

/**
 * Topic Aliases towards one client, only where they save bytes: for a topic that has come again, and so will, and that is so
 * long that one more use pays for the telling of its alias.
 */
export class OutgoingAliases {
  readonly #aliases: OutgoingTopicAliases;
  /** Topics that were sent whole, the oldest first; as many as there may be aliases. */
  readonly #seen: Set<string> = new Set();

  constructor(maximum: number) {
    this.#aliases = new OutgoingTopicAliases(maximum);
  }

  /** Whether the Topic Name must be sent along with the alias that `choose` gave last. */
  get topicNeeded(): boolean {
    return this.#aliases.topicNeeded;
  }

  /** The alias for a PUBLISH with this topic of so many bytes; 0 for none. */
  choose(topic: string, topicBytes: number): number {
    if (topicBytes <= 2 * TOPIC_ALIAS_BYTES) return 0;
    if (this.#seen.has(topic)) return this.#aliases.choose(topic);
    if (this.#seen.size >= this.#aliases.maximum) this.#forgetOldest();
    this.#seen.add(topic);
    return 0;
  }

  /** The packet with this alias was not sent after all, so its topic has to be sent with the next one. */
  unsent(alias: number): void {
    this.#aliases.unsent(alias);
  }

  #forgetOldest(): void {
    const [oldest] = this.#seen;
    if (oldest !== undefined) this.#seen.delete(oldest);
  }
}
