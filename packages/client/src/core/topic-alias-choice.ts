/**
 * The Topic Aliases that a client uses of its own accord on one Network Connection: those of the topics used last.
 * `OutgoingTopicAliases` of the protocol does the same for the many connections of a server, in less time
 * and memory and more code.
 */

/** Chooses Topic Aliases. Nothing counts as agreed before `used` says that it was sent. */
export class TopicAliasChoice {
  readonly #maximum: number;
  /** The alias of each topic; the topic used last stands last. */
  readonly #aliases: Map<string, number> = new Map();
  #lastTopic: string | undefined;

  /** @param maximum how many aliases to use; 0 is none */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** The alias that the server knows for this topic. */
  known(topic: string): number | undefined {
    if (this.#maximum === 0) return undefined;
    return this.#aliases.get(topic);
  }

  /** The alias for a topic that has none: a new one, or that of the topic used longest ago; 0 for none. */
  free(): number {
    const { size } = this.#aliases;
    if (size < this.#maximum) return size + 1;
    const [oldest = 0] = this.#aliases.values();
    return oldest;
  }

  /** A packet was sent with this alias, known or free. */
  used(topic: string, alias: number): void {
    if (topic === this.#lastTopic) return;
    const isKnown = this.#aliases.delete(topic);
    if (!isKnown && this.#aliases.size === this.#maximum) {
      const [oldest = ""] = this.#aliases.keys();
      this.#aliases.delete(oldest);
    }
    this.#aliases.set(topic, alias);
    this.#lastTopic = topic;
  }
}
