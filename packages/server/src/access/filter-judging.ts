import { below, endOf, multiLevelOf, NO_RULE } from "./rule-tree.ts";
import type { RuleNode, RulePlace } from "./rule-tree.ts";

/** Nodes of the rules that are looked at for one filter. A filter that needs more is refused: some milliseconds. */
const STEPS_MAX = 50_000;

/** Which rules decide about the topics that a filter matches. */
export interface FilterRules {
  /** The places of all that do; `NO_RULE` among them if no rule matches some topic. */
  readonly places: ReadonlySet<RulePlace>;
  /** True if there was too much to look at: some rules may be missing then. */
  readonly isCut: boolean;
}

/**
 * Finds the rules that decide about the topics of a filter: rules and filter are walked together, level by level. Where the filter has a
 * wildcard, each level that some rule names is tried, and one that stands for all that no rule names; so nothing is left out. A branch ends where
 * a rule that matches all that is below comes before all others there.
 */
export function rulesOfFilter(
  roots: readonly RuleNode[],
  filter: string,
  stepsMax: number = STEPS_MAX,
): FilterRules {
  const walk = new FilterWalk(filter, stepsMax);
  walk.go(roots, NO_RULE, 0, false);
  return walk;
}

/** Behind the last level: no level has these characters. */
const END = "//";

class FilterWalk implements FilterRules {
  readonly places: Set<RulePlace> = new Set();
  isCut = false;
  readonly #levels: readonly string[];
  readonly #stepsMax: number;
  #steps = 0;

  constructor(filter: string, stepsMax: number) {
    this.#stepsMax = stepsMax;
    this.#levels = filter.split("/");
  }

  /** `best` is the first rule that matches whatever comes; `isEmpty` if the topic is nothing so far, which is no topic. */
  go(nodes: readonly RuleNode[], best: RulePlace, depth: number, isEmpty: boolean): void {
    this.#steps += 1 + nodes.length;
    if (this.#steps > this.#stepsMax) this.isCut = true;
    if (this.isCut) return;
    if (depth > 0 && !nodes.some(({ first }) => first < best)) {
      this.places.add(best);
      return;
    }
    const last = this.#levels.length - 1;
    const level =
      depth > last && this.#levels[last] !== "#" ? END : this.#levels[Math.min(depth, last)];
    const mayEnd = level === END || (level === "#" && depth >= last);
    if (mayEnd && depth > 0 && !isEmpty) this.places.add(Math.min(best, endOf(nodes)));
    if (level === "+" || level === "#") this.#enterAll(nodes, best, depth);
    else if (level !== END) this.#enter(nodes, best, depth, level);
  }

  #enterAll(nodes: readonly RuleNode[], best: RulePlace, depth: number): void {
    // To list the names costs as much as to look at them.
    for (const { children } of nodes) this.#steps += children?.size ?? 0;
    if (this.#steps > this.#stepsMax) this.isCut = true;
    if (this.isCut) return;
    for (const name of this.#namesIn(nodes)) {
      // A wildcard at the beginning does not match $ [MQTT-4.7.2-1].
      if (depth > 0 || !name.startsWith("$")) this.#enter(nodes, best, depth, name);
    }
    this.#enter(nodes, best, depth, undefined);
  }

  #enter(
    nodes: readonly RuleNode[],
    best: RulePlace,
    depth: number,
    level: string | undefined,
  ): void {
    const isSystem = depth === 0 && level?.startsWith("$") === true;
    const first = isSystem ? best : multiLevelOf(nodes, best);
    this.go(below(nodes, level, isSystem), first, depth + 1, depth === 0 && level === "");
  }

  #namesIn(nodes: readonly RuleNode[]): Set<string> {
    const names = new Set<string>();
    for (const { children } of nodes)
      if (children !== undefined) for (const name of children.keys()) names.add(name);
    return names;
  }
}
