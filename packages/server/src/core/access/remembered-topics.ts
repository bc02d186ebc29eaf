import type { TopicLevels } from "../routing/topic-levels.ts";
import type { PublishPermission } from "./authorizer.ts";

/** Places at first: most clients publish to a topic or two. */
const PLACES_AT_FIRST = 4;
/** Places at most, of which half are used: then all are forgotten, and asked for again as they come. */
const PLACES_MAX = 16_384;

/** Permissions of one client by topic, found by the bytes of the topic without making anything. A power of two of places. */
export class RememberedTopics {
  #topics: (Uint8Array | undefined)[] = [];
  #permissions: (PublishPermission | undefined)[] = [];
  #digests: Int32Array = new Int32Array(0);
  #count = 0;

  /** Hot path: what is known of the topic that was read last. Each topic is in the first free place from its own on. */
  find(topic: TopicLevels): PublishPermission | undefined {
    const topics = this.#topics;
    const digests = this.#digests;
    const last = topics.length - 1;
    if (last < 0) return undefined;
    const digest = topic.digest | 0;
    for (let place = digest & last; ; place = (place + 1) & last) {
      const known = topics[place];
      if (known === undefined) return undefined;
      if (digests[place] === digest && topic.isSame(known)) return this.#permissions[place];
    }
  }

  /** A topic that is not there yet; `digest` is that of `TopicLevels`. */
  keep(topic: Uint8Array, digest: number, permission: PublishPermission): void {
    if ((this.#count + 1) * 2 > this.#topics.length) this.#grow();
    this.#put(topic, digest | 0, permission);
  }

  clear(): void {
    this.#make(0);
  }

  #put(topic: Uint8Array, digest: number, permission: PublishPermission): void {
    const last = this.#topics.length - 1;
    let place = digest & last;
    while (this.#topics[place] !== undefined) place = (place + 1) & last;
    this.#topics[place] = topic;
    this.#permissions[place] = permission;
    this.#digests[place] = digest;
    this.#count += 1;
  }

  #make(places: number): void {
    this.#topics = new Array<Uint8Array | undefined>(places).fill(undefined);
    this.#permissions = new Array<PublishPermission | undefined>(places).fill(undefined);
    this.#digests = new Int32Array(places);
    this.#count = 0;
  }

  #grow(): void {
    const [topics, permissions, digests] = [this.#topics, this.#permissions, this.#digests];
    const places = Math.max(PLACES_AT_FIRST, topics.length * 2);
    if (places > PLACES_MAX) return this.#make(PLACES_MAX);
    this.#make(places);
    for (const [index, topic] of topics.entries()) {
      const permission = permissions[index];
      if (topic !== undefined && permission !== undefined)
        this.#put(topic, digests[index] ?? 0, permission);
    }
  }
}
