import { areSame } from "../same-bytes.ts";
import type { QoS } from "@anax/protocol";
import type { TopicLevels } from "../routing/topic-levels.ts";
import type { PublishPermission } from "./authorizer.ts";

/** Places at first: most clients publish to a topic or two. */
const PLACES_AT_FIRST = 4;
/** Places for topics that one client may publish to, of which half are used: then all are forgotten, and asked for again as they come. */
const PLACES_MAX = 16_384;
/** Bytes of these topics, and eight for each; the same then. */
const BYTES_MAX = 1_048_576;

/** An entry has the digest of its topic, the length, the number of the permission, and then the topic. */
const LENGTH = 4;
const PERMISSION = 6;
const TOPIC = 8;
/** Before the first entry, so that no entry begins at 0: that is a free place. */
const ENTRIES_START = 1;

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

/** The one object that stands for all permissions like this one. */
export function keptPermission(permission: PublishPermission): PublishPermission {
  return PERMISSIONS[numberOf(permission)] ?? permission;
}

function numberOf({ isAllowed, maximumQos, mayRetain }: PublishPermission): number {
  return maximumQos * 4 + (mayRetain ? 2 : 0) + (isAllowed ? 1 : 0);
}

/**
 * Permissions of one client by topic, found by the bytes of the topic without making anything. Each topic is in the first free place from
 * its own on. A place says where the entry is, and has four bytes, so that with thousands of topics it is mostly in a cache of the processor;
 * what is compared lies together.
 */
export class RememberedTopics {
  #places: Int32Array = new Int32Array(0);
  #entries: DataView = NO_ENTRIES;
  #end = ENTRIES_START;
  #count = 0;

  /** Hot path: what is known of the topic that was read last. */
  find({ digest, begin, stop, words }: TopicLevels): PublishPermission | undefined {
    const places = this.#places;
    const last = places.length - 1;
    if (last < 0) return undefined;
    const entries = this.#entries;
    const length = stop - begin;
    for (let place = digest & last; ; place = (place + 1) & last) {
      const at = places[place] ?? 0;
      if (at === 0) return undefined;
      const isIt =
        entries.getInt32(at, true) === digest &&
        entries.getUint16(at + LENGTH, true) === length &&
        areSame(entries, at + TOPIC, words, begin, length);
      if (isIt) return PERMISSIONS[entries.getUint8(at + PERMISSION)];
    }
  }

  /** A topic that is not there yet; `digest` is that of `TopicLevels`. */
  keep(topic: Uint8Array, digest: number, permission: PublishPermission): void {
    if ((this.#count + 1) * 2 > this.#places.length) this.#grow();
    if (this.#end + TOPIC + topic.length > this.#entries.byteLength) this.#makeRoom(topic.length);
    const at = this.#end;
    const entries = this.#entries;
    entries.setInt32(at, digest, true);
    entries.setUint16(at + LENGTH, topic.length, true);
    entries.setUint8(at + PERMISSION, numberOf(permission));
    new Uint8Array(entries.buffer).set(topic, at + TOPIC);
    this.#put(at);
    this.#end = at + TOPIC + topic.length;
    this.#count += 1;
  }

  clear(): void {
    this.#places = new Int32Array(0);
    this.#entries = NO_ENTRIES;
    this.#end = ENTRIES_START;
    this.#count = 0;
  }

  #put(at: number): void {
    const places = this.#places;
    const last = places.length - 1;
    let place = this.#entries.getInt32(at, true) & last;
    while (places[place] !== 0) place = (place + 1) & last;
    places[place] = at;
  }

  #grow(): void {
    const before = this.#places;
    const count = Math.max(PLACES_AT_FIRST, before.length * 2);
    if (count > PLACES_MAX) return this.#begin();
    this.#places = new Int32Array(count);
    for (const at of before) if (at !== 0) this.#put(at);
  }

  #makeRoom(length: number): void {
    if (this.#end + TOPIC + length > BYTES_MAX) this.#begin();
    const bytes = new Uint8Array(Math.max(this.#end + TOPIC + length, this.#end * 2));
    bytes.set(new Uint8Array(this.#entries.buffer, 0, this.#end));
    this.#entries = new DataView(bytes.buffer);
  }

  /** Anew, with nothing known. */
  #begin(): void {
    this.clear();
    this.#places = new Int32Array(PLACES_AT_FIRST);
  }
}

/** What has no entries yet, but for the byte before the first. */
const NO_ENTRIES = new DataView(new ArrayBuffer(ENTRIES_START));
