import type { Document, Node } from "yaml";
import { UsageError } from "../errors.ts";

/**
 * What a node of a file stands for.
 *
 * @throws UsageError for an alias of nothing, and for aliases that would make far more of the file than is written
 */
export function valueOf(node: Node, document: Document, source: string): unknown {
  try {
    return node.toJS(document);
  } catch (error) {
    throw new UsageError(`${source}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
