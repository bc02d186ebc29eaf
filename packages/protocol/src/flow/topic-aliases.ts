/**
 * Topic Aliases: a number in place of a Topic Name, agreed on by its first use. Each direction of a
 * Network Connection has its own map, and each map lives as long as that connection [MQTT-3.3.2-7].
 * Nothing is allocated before the first alias.
 */
import { ProtocolError } from "../errors.ts";
import { requireInteger } from "../integer.ts";

const TOPIC_ALIAS_INVALID = 0x94;
const TOPIC_ALIAS_MAX = 65_535;

/** The aliases that the peer has given to topics. */
export class IncomingTopicAliases {
  /** The Topic Alias Maximum that the peer was told; 0 allows no alias. */
  readonly maximum: number;

  #topics: (string | undefined)[] = [];

  /** @throws RangeError if the maximum is not an integer from 0 to 65535. */
  constructor(maximum: number) {
    requireTopicAliasMaximum(maximum);
    this.maximum = maximum;
  }

  /**
   * A PUBLISH with an alias and a Topic Name came: from now on the alias stands for that topic.
   * @throws ProtocolError 0x94 if the alias is 0 or above the maximum [MQTT-3.3.2-8] [MQTT-3.3.2-9]
   * [MQTT-3.3.2-11].
   */
  set(alias: number, topic: string): void {
    this.#requireAllowed(alias);
    this.#topics[alias] = topic;
  }

  /**
   * The topic of a PUBLISH that came with an alias and an empty Topic Name.
   * @throws ProtocolError 0x94 if the alias is 0 or above the maximum, 0x82 if it stands for no
   * topic yet.
   */
  get(alias: number): string {
    this.#requireAllowed(alias);
    const topic = this.#topics[alias];
    if (topic !== undefined) return topic;
    throw new ProtocolError(`Topic Alias ${alias} has no Topic Name`);
  }

  #requireAllowed(alias: number): void {
    if (alias >= 1 && alias <= this.maximum) return;
    throw new ProtocolError(
      `Topic Alias ${alias} is not from 1 to ${this.maximum}`,
      TOPIC_ALIAS_INVALID,
    );
  }
}

/**
 * What happens when all aliases are given: `leastRecentlyUsed` the topic that was not sent for
 * longest loses its alias; `keepFirst` further topics get none.
 */
export type TopicAliasReplacement = "leastRecentlyUsed" | "keepFirst";

/**
 * Chooses the aliases that are sent. Ask it when the packet is encoded, not when it is queued: the
 * peer has to learn of aliases in the order in which they were chosen.
 */
export class OutgoingTopicAliases {
  /** Whether the Topic Name must be sent along with the alias that `choose` gave last. */
  topicNeeded = true;
  /** How many aliases may be used; 0 is none. */
  readonly maximum: number;

  readonly #replacement: TopicAliasReplacement;
  readonly #aliases: Map<string, number> = new Map();
  #topics: string[] = [];
  /**
   * The aliases by use, as a ring through index 0: `#older[0]` is the one used last, `#newer[0]`
   * the one not used for longest. No object per entry, and moving one to the front is six
   * assignments.
   */
  #older: Uint16Array = new Uint16Array(0);
  #newer: Uint16Array = new Uint16Array(0);
  /** 1 when the peer has been sent the topic of this alias. */
  #isKnown: Uint8Array = new Uint8Array(0);

  /**
   * @param maximum the peer's Topic Alias Maximum [MQTT-3.1.2-26] [MQTT-3.1.2-27], or less: the
   * memory for as many topics is spent per connection.
   * @throws RangeError if the maximum is not an integer from 0 to 65535.
   */
  constructor(maximum: number, replacement: TopicAliasReplacement = "leastRecentlyUsed") {
    requireTopicAliasMaximum(maximum);
    this.maximum = maximum;
    this.#replacement = replacement;
  }

  /** The alias for a PUBLISH with this topic, 0 for none; sets `topicNeeded`. */
  choose(topic: string): number {
    this.topicNeeded = true;
    if (this.maximum === 0) return 0;
    const alias = this.#aliases.get(topic) ?? this.#assign(topic);
    if (alias === 0) return 0;
    if (this.#replacement === "leastRecentlyUsed") this.#moveToFront(alias);
    this.topicNeeded = this.#isKnown[alias] === 0;
    this.#isKnown[alias] = 1;
    return alias;
  }

  /**
   * The packet with this alias was not sent after all, so its topic has to be sent with the next
   * one.
   */
  unsent(alias: number): void {
    if (alias < this.#isKnown.length) this.#isKnown[alias] = 0;
  }

  #assign(topic: string): number {
    const alias = this.#free();
    if (alias === 0) return 0;
    this.#topics[alias] = topic;
    this.#aliases.set(topic, alias);
    this.#isKnown[alias] = 0;
    return alias;
  }

  #free(): number {
    const alias = this.#aliases.size + 1;
    if (alias <= this.maximum) {
      if (alias >= this.#isKnown.length) this.#grow();
      return alias;
    }
    if (this.#replacement === "keepFirst") return 0;
    const oldest = this.#newer[0] ?? 0;
    this.#aliases.delete(this.#topics[oldest] ?? "");
    return oldest;
  }

  #moveToFront(alias: number): void {
    const older = this.#older;
    const newer = this.#newer;
    const front = older[0] ?? 0;
    if (front === alias) return;
    // An alias that is not in the ring yet has 0 on both sides, and so must not be taken out of it.
    if (newer[alias] !== 0 || older[alias] !== 0) {
      older[newer[alias] ?? 0] = older[alias] ?? 0;
      newer[older[alias] ?? 0] = newer[alias] ?? 0;
    }
    older[alias] = front;
    newer[alias] = 0;
    newer[front] = alias;
    older[0] = alias;
  }

  #grow(): void {
    const size = Math.min(Math.max(16, this.#isKnown.length * 2), this.maximum + 1);
    this.#older = resized(this.#older, size);
    this.#newer = resized(this.#newer, size);
    const isKnown = new Uint8Array(size);
    isKnown.set(this.#isKnown);
    this.#isKnown = isKnown;
  }
}

function resized(old: Uint16Array, size: number): Uint16Array {
  const larger = new Uint16Array(size);
  larger.set(old);
  return larger;
}

function requireTopicAliasMaximum(value: number): void {
  requireInteger(value, "topicAliasMaximum", 0, TOPIC_ALIAS_MAX);
}
