import { encodeUtf8 } from "@anax/protocol";
import type { RetainedMessages } from "./retained-messages.ts";
import { FIRST_CHILD, NEXT, NONE, RECORD, ROOT } from "./topic-nodes.ts";

const SLASH = 0x2f;
const PLUS = 0x2b;
const NUMBER_SIGN = 0x23;

/** What a level of a filter asks for. */
const LITERAL = 0;
const ANY_ONE = 1;
const ANY_BELOW = 2;
const END = 3;

/**
 * A walk over the retained messages that match one filter, in steps, so that a `#` over a million topics
 * never holds up a turn of the loop. The tree may change between steps: what is removed before the walk comes
 * to it is not seen, and what is set after its beginning is left out, since the subscription that the walk is
 * for gets that as it is published.
 *
 * Nobody tells a walk of changes, nor does the tree know that it exists: it may be dropped at any step. Where it goes on
 * is a row, and the number of the change that made it, which tells if that row is another node by now. Siblings are in the order
 * of these numbers, new ones come last. From a row that is free the walk goes to the sibling that followed it; from one that was
 * used again it goes back to the first child, and over those that it has passed, a step for each.
 */
export class RetainedCursor {
  readonly #retained: RetainedMessages;
  readonly #filter: Uint8Array;
  /** Where the levels of the filter begin, and where one more would. */
  readonly #levels: number[] = [0];
  readonly #stack: Frame[] = [];
  readonly #lastChange: number;
  /** What a step has found and not yet given: the topic that the filter itself names. */
  #found: number;

  constructor(retained: RetainedMessages, topicFilter: string) {
    this.#retained = retained;
    this.#filter = encodeUtf8(topicFilter);
    for (const [index, byte] of this.#filter.entries())
      if (byte === SLASH) this.#levels.push(index + 1);
    this.#levels.push(this.#filter.length + 1);
    this.#lastChange = retained.tree.changes;
    this.#found = this.#visit(ROOT, 0);
  }

  get isDone(): boolean {
    return this.#found === NONE && this.#stack.length === 0;
  }

  /** One step: the row of a message that matches, or `NONE` if this step found none. */
  step(): number {
    const found = this.#found === NONE ? this.#walk() : this.#found;
    this.#found = NONE;
    if (found === NONE) return NONE;
    const { nodes } = this.#retained.tree;
    const isThere = nodes.word(found, RECORD) !== 0 && nodes.changed(found) <= this.#lastChange;
    return isThere ? found : NONE;
  }

  /** On to the next child; the node that it leads to, if that one's message matches. */
  #walk(): number {
    const frame = this.#stack.at(-1);
    if (frame === undefined) return NONE;
    const { tree } = this.#retained;
    const { row, born } = frame;
    const isLost = row !== NONE && tree.nodes.born(row) !== born;
    if (isLost) {
      this.#restart(frame);
      return NONE;
    }
    // All that follow are newer still.
    if (row === NONE || born > this.#lastChange) {
      this.#stack.pop();
      return NONE;
    }
    // A row that is free keeps its sibling, which cannot have been used again before it: see `TopicNodes`.
    frame.row = tree.nodes.word(row, NEXT);
    frame.born = tree.nodes.born(frame.row);
    if (tree.nodes.isFree(row) || born <= frame.passed) return NONE;
    frame.passed = born;
    const isSystemTopic = frame.depth === 0 && tree.isSystemLevel(row);
    return isSystemTopic ? NONE : this.#visit(row, frame.nextDepth);
  }

  /** Begins again with the first child, to pass over what was seen. */
  #restart(frame: Frame): void {
    const { nodes } = this.#retained.tree;
    // The parent went with the last of its children. If its row was used again, all children are newer than the walk.
    frame.row = nodes.isFree(frame.parent) ? NONE : nodes.word(frame.parent, FIRST_CHILD);
    frame.born = nodes.born(frame.row);
  }

  /**
   * Puts on the stack what the filter finds below `from`, its literal levels first. A node that the filter matches itself
   * is returned and not put there: most nodes are topics with nothing below them, and cost no object so.
   */
  #visit(from: number, fromDepth: number): number {
    let row = from;
    let depth = fromDepth;
    let kind = this.#kind(depth);
    while (kind === LITERAL) {
      const start = this.#levels[depth] ?? 0;
      const end = (this.#levels[depth + 1] ?? 0) - 1;
      row = this.#retained.tree.child(row, this.#filter, start, end);
      if (row === NONE) return NONE;
      depth += 1;
      kind = this.#kind(depth);
    }
    if (kind === END) return row;
    // `#` matches the node itself and all below it; at the top level there is no topic of its own.
    this.#visitChildren(row, depth, kind === ANY_BELOW ? depth : depth + 1);
    return kind === ANY_BELOW ? row : NONE;
  }

  #visitChildren(parent: number, depth: number, nextDepth: number): void {
    const { nodes } = this.#retained.tree;
    const row = nodes.word(parent, FIRST_CHILD);
    if (row === NONE) return;
    this.#stack.push({
      parent,
      row,
      born: nodes.born(row),
      passed: 0,
      // Only the children of the root can be `$` topics, which a wildcard in their place must not match [MQTT-4.7.2-1].
      depth: parent === ROOT ? 0 : depth + 1,
      nextDepth,
    });
  }

  #kind(depth: number): number {
    const start = this.#levels[depth] ?? 0;
    if (start > this.#filter.length) return END;
    if (this.#levels[depth + 1] !== start + 2) return LITERAL;
    const byte = this.#filter[start];
    if (byte === NUMBER_SIGN) return ANY_BELOW;
    return byte === PLUS ? ANY_ONE : LITERAL;
  }
}

/** Children that are still to be visited. */
interface Frame {
  readonly parent: number;
  /** The next one; it may have been removed, and its row used again, since. */
  row: number;
  /** The change that made that one. */
  born: number;
  /** The same of the last one that was visited. */
  passed: number;
  /** 0 for the children of the root. */
  readonly depth: number;
  /** Level of the filter that each child is held against. */
  readonly nextDepth: number;
}
