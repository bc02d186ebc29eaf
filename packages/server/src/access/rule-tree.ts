/** A rule by its place in the list; no rule is behind all of them. */
export type RulePlace = number;
export const NO_RULE: RulePlace = Infinity;

/** One level of the topics of rules. Which rules are in it is told by their places alone. */
export class RuleNode {
  children: Map<string, RuleNode> | undefined;
  singleLevel: RuleNode | undefined;
  /** The first rule that ends here. */
  end: RulePlace = NO_RULE;
  /** The first rule that has `#` below: it matches this level too. */
  multiLevel: RulePlace = NO_RULE;
  /** The first rule of all in here and below. */
  first: RulePlace = NO_RULE;

  /** The node of one level below, made if need be. */
  below(level: string): RuleNode {
    if (level === "+") return (this.singleLevel ??= new RuleNode());
    this.children ??= new Map();
    let child = this.children.get(level);
    if (child === undefined) {
      child = new RuleNode();
      this.children.set(level, child);
    }
    return child;
  }
}

/** Puts a rule into the tree. */
export function addRule(root: RuleNode, levels: readonly string[], place: RulePlace): void {
  let node = root;
  for (const level of levels) {
    node.first = Math.min(node.first, place);
    if (level === "#") {
      node.multiLevel = Math.min(node.multiLevel, place);
      return;
    }
    node = node.below(level);
  }
  node.first = Math.min(node.first, place);
  node.end = Math.min(node.end, place);
}

/** The first rule that matches a topic. */
export function ruleOfTopic(roots: readonly RuleNode[], topic: string): RulePlace {
  let nodes = roots;
  let best = NO_RULE;
  let start = 0;
  for (let depth = 0; nodes.length > 0; depth += 1) {
    if (start > topic.length) return Math.min(best, endOf(nodes));
    const slash = topic.indexOf("/", start);
    const end = slash < 0 ? topic.length : slash;
    const level = topic.slice(start, end);
    const isSystem = depth === 0 && level.startsWith("$");
    if (!isSystem) best = multiLevelOf(nodes, best);
    nodes = below(nodes, level, isSystem);
    start = end + 1;
  }
  return best;
}

/** The first rule that matches what ends at these nodes. */
export function endOf(nodes: readonly RuleNode[]): RulePlace {
  let best = NO_RULE;
  for (const node of nodes) best = Math.min(best, node.end, node.multiLevel);
  return best;
}

/** The first rule of all that match everything below these nodes, or the given one. */
export function multiLevelOf(nodes: readonly RuleNode[], best: RulePlace): RulePlace {
  let first = best;
  for (const { multiLevel } of nodes) if (multiLevel < first) first = multiLevel;
  return first;
}

/** Where one level leads to; undefined is a level that no rule names. At the first one, `$` is for those who name it [MQTT-4.7.2-1]. */
export function below(
  nodes: readonly RuleNode[],
  level: string | undefined,
  isSystem: boolean,
): RuleNode[] {
  const found: RuleNode[] = [];
  for (const node of nodes) {
    const child = level === undefined ? undefined : node.children?.get(level);
    if (child !== undefined) found.push(child);
    if (node.singleLevel !== undefined && !isSystem) found.push(node.singleLevel);
  }
  return found;
}
