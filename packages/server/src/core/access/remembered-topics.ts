import type { QoS } from "@anax/protocol";
import type { TopicLevels } from "../routing/topic-levels.ts";
import type { PublishPermission } from "./authorizer.ts";

/** Places at first: most clients publish to a topic or two. */
const PLACES_AT_FIRST = 4;
/** Places for topics that one client may publish to, of which half are used: then all are forgotten, and asked for again as they come. */
const PLACES_MAX = 16_384;
/** Bytes of these topics; the same then. */
const BYTES_MAX = 1_048_576;

/** Words of a place: digest, where the topic begins, its length, and the permission. A length of 0 is a free place. */
const WORDS = 4;
const START = 1;
const LENGTH = 2;
const PERMISSION = 3;

/** All permissions that there are, by their number in a place. */
const PERMISSIONS: readonly PublishPermission[] = [0, 1, 2].flatMap((maximumQos) =>
  [false, true].flatMap((mayRetain) =>
    [false, true].map((isAllowed): PublishPermission => ({
      isAllowed,
      maximumQos: maximumQos as QoS,
      mayRetain,
    })),
  ),
);

function numberOf({ isAllowed, maximumQos, mayRetain }: PublishPermission): number {
  return maximumQos * 4 + (mayRetain ? 2 : 0) + (isAllowed ? 1 : 0);
}

/**
 * Permissions of one client by topic, found by the bytes of the topic without making anything. Each topic is in the first free place from
 * its own on. All is in two arrays: with thousands of topics what lies apart is in no cache.
 */
export class RememberedTopics {
  #places: Int32Array = new Int32Array(0);
  #bytes: Uint8Array = new Uint8Array(0);
  #bytesUsed = 0;
  #count = 0;

  /** Hot path: what is known of the topic that was read last. */
  find(topic: TopicLevels): PublishPermission | undefined {
    const places = this.#places;
    if (this.#count === 0) return undefined;
    const last = places.length / WORDS - 1;
    const digest = topic.digest | 0;
    for (let place = digest & last; ; place = (place + 1) & last) {
      const at = place * WORDS;
      const length = places[at + LENGTH] ?? 0;
      if (length === 0) return undefined;
      if (places[at] === digest && topic.isIn(this.#bytes, places[at + START] ?? 0, length))
        return PERMISSIONS[places[at + PERMISSION] ?? 0];
    }
  }

  /** A topic that is not there yet; `digest` is that of `TopicLevels`. */
  keep(topic: Uint8Array, digest: number, permission: PublishPermission): void {
    if ((this.#count + 1) * 2 * WORDS > this.#places.length) this.#grow();
    if (this.#bytesUsed + topic.length > this.#bytes.length) this.#makeRoom(topic.length);
    this.#bytes.set(topic, this.#bytesUsed);
    this.#put(digest | 0, this.#bytesUsed, topic.length, numberOf(permission));
    this.#bytesUsed += topic.length;
  }

  clear(): void {
    this.#places = new Int32Array(0);
    this.#bytes = new Uint8Array(0);
    this.#bytesUsed = 0;
    this.#count = 0;
  }

  #put(digest: number, start: number, length: number, permission: number): void {
    const places = this.#places;
    const last = places.length / WORDS - 1;
    let place = digest & last;
    while (places[place * WORDS + LENGTH] !== 0) place = (place + 1) & last;
    places.set([digest, start, length, permission], place * WORDS);
    this.#count += 1;
  }

  #grow(): void {
    const before = this.#places;
    const count = Math.max(PLACES_AT_FIRST, (before.length / WORDS) * 2);
    if (count > PLACES_MAX) this.clear();
    this.#places = new Int32Array((count > PLACES_MAX ? PLACES_AT_FIRST : count) * WORDS);
    this.#count = 0;
    if (count > PLACES_MAX) return;
    for (let at = 0; at < before.length; at += WORDS) {
      const [digest = 0, start = 0, length = 0, permission = 0] = before.subarray(at, at + WORDS);
      if (length > 0) this.#put(digest, start, length, permission);
    }
  }

  #makeRoom(length: number): void {
    if (this.#bytesUsed + length > BYTES_MAX) {
      this.clear();
      this.#places = new Int32Array(PLACES_AT_FIRST * WORDS);
    }
    const bytes = new Uint8Array(Math.max(this.#bytesUsed + length, this.#bytesUsed * 2));
    bytes.set(this.#bytes.subarray(0, this.#bytesUsed));
    this.#bytes = bytes;
  }
}
