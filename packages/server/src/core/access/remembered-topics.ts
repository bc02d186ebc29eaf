import type { TopicLevels } from "../routing/topic-levels.ts";
import type { PublishPermission } from "./authorizer.ts";

/** Places at first: most clients publish to a topic or two. */
const PLACES_AT_FIRST = 2;
/** Places at most; a topic that finds its place taken takes it over. */
const PLACES_MAX = 8_192;

/** Permissions of one client by topic, found by the bytes of the topic without making anything. A power of two of places. */
export class RememberedTopics {
  #topics: (Uint8Array | undefined)[] = [];
  #permissions: (PublishPermission | undefined)[] = [];
  #digests: number[] = [];
  #count = 0;

  /** Hot path: what is known of the topic that was read last. */
  find(topic: TopicLevels): PublishPermission | undefined {
    const place = topic.digest & (this.#topics.length - 1);
    const known = this.#topics[place];
    return known !== undefined && topic.isSame(known) ? this.#permissions[place] : undefined;
  }

  /** `digest` is that of `TopicLevels`. */
  keep(topic: Uint8Array, digest: number, permission: PublishPermission): void {
    if (this.#count * 2 >= this.#topics.length) this.#grow();
    this.#put(topic, digest, permission);
  }

  clear(): void {
    this.#topics = [];
    this.#permissions = [];
    this.#digests = [];
    this.#count = 0;
  }

  #put(topic: Uint8Array, digest: number, permission: PublishPermission): void {
    const place = digest & (this.#topics.length - 1);
    if (this.#topics[place] === undefined) this.#count += 1;
    this.#topics[place] = topic;
    this.#permissions[place] = permission;
    this.#digests[place] = digest;
  }

  #grow(): void {
    const places = Math.max(PLACES_AT_FIRST, this.#topics.length * 2);
    if (places > PLACES_MAX) return;
    const [topics, permissions, digests] = [this.#topics, this.#permissions, this.#digests];
    this.#topics = new Array<Uint8Array | undefined>(places).fill(undefined);
    this.#permissions = new Array<PublishPermission | undefined>(places).fill(undefined);
    this.#digests = new Array<number>(places).fill(0);
    this.#count = 0;
    for (const [index, topic] of topics.entries()) {
      const permission = permissions[index];
      if (topic !== undefined && permission !== undefined)
        this.#put(topic, digests[index] ?? 0, permission);
    }
  }
}
