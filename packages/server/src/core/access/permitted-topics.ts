import { encodeUtf8 } from "@anax/protocol";
import type { TopicLevels } from "../routing/topic-levels.ts";
import { areSame } from "../same-bytes.ts";
import type { PublishPermission } from "./authorizer.ts";

/** Levels of a filter without a wildcard between them, as bytes. */
interface Part {
  readonly first: number;
  readonly last: number;
  readonly words: DataView;
}

/** All topics that one Topic Filter matches, with the permission that they share. */
export class PermittedTopics {
  readonly permission: PublishPermission;
  /** Levels before `#`, or all. */
  readonly #count: number;
  readonly #hasMore: boolean;
  /** A wildcard at the beginning does not match `$` [MQTT-4.7.2-1]. */
  readonly #isOpen: boolean;
  readonly #parts: readonly Part[];

  constructor(topicFilter: string, permission: PublishPermission) {
    const levels = topicFilter.split("/");
    this.permission = permission;
    this.#isOpen = levels[0] === "#" || levels[0] === "+";
    this.#hasMore = levels.at(-1) === "#";
    if (this.#hasMore) levels.pop();
    this.#count = levels.length;
    this.#parts = partsOf(levels);
  }

  /** Hot path: whether the topic that was read last is one of them. */
  includes(topic: TopicLevels): boolean {
    const { count } = topic;
    if (count < this.#count || (count > this.#count && !this.#hasMore)) return false;
    if (this.#isOpen && topic.isSystem) return false;
    const parts = this.#parts;
    // A loop over the list itself takes longer.
    for (let index = 0; index < parts.length; index += 1) {
      const part = parts[index];
      if (part !== undefined && !isThere(part, topic)) return false;
    }
    return true;
  }
}

function isThere({ first, last, words }: Part, topic: TopicLevels): boolean {
  const start = topic.start(first);
  const length = words.byteLength;
  return topic.end(last) - start === length && areSame(words, 0, topic.words, start, length);
}

function partsOf(levels: readonly string[]): Part[] {
  const parts: Part[] = [];
  for (let first = 0; first < levels.length; first += 1) {
    if (levels[first] === "+") continue;
    const next = levels.indexOf("+", first);
    const end = next < 0 ? levels.length : next;
    const { buffer } = encodeUtf8(levels.slice(first, end).join("/"));
    parts.push({ first, last: end - 1, words: new DataView(buffer) });
    first = end;
  }
  return parts;
}
