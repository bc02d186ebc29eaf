import type { FilterNode } from "./filter-node.ts";
import { mergeRecipients } from "./route.ts";
import type { Route } from "./route.ts";

/** Routes that are kept of topics which match several filters; a power of two. */
const COMBINED_ROUTES = 4_096;

/** Recipients of such a route that is kept: beside giving a message to more of them, making the list anew costs little. */
const RECIPIENTS_MAX = 1_024;

/**
 * Routes of topics that match several filters. They are kept by what they were made of, the number of each filter's last
 * change: a change makes another number, so nothing here is ever out of date, and nothing has to be thrown out.
 */
export class CombinedRoutes {
  readonly #kept: (KeptRoute | undefined)[] = new Array<KeptRoute | undefined>(
    COMBINED_ROUTES,
  ).fill(undefined);

  /** The route of the first `count` nodes. */
  of(nodes: readonly FilterNode[], count: number): Route {
    const place = placeOf(nodes, count);
    const kept = this.#kept[place];
    if (kept !== undefined && isMadeOf(kept, nodes, count)) return kept.route;
    const matched = nodes.slice(0, count);
    const route = {
      recipients: mergeRecipients(matched.map((node) => node.subscribers?.all ?? [])),
      groups: matched.flatMap((node) => [...(node.groups?.values() ?? [])]),
    };
    if (route.recipients.length <= RECIPIENTS_MAX && count <= RECIPIENTS_MAX)
      this.#kept[place] = { madeOf: matched.map((node) => node.change), route };
    return route;
  }
}

interface KeptRoute {
  readonly madeOf: readonly number[];
  readonly route: Route;
}

function placeOf(nodes: readonly FilterNode[], count: number): number {
  let hash = 0;
  for (let index = 0; index < count; index += 1)
    hash = Math.imul(hash ^ (nodes[index]?.change ?? 0), 0x9e3779b1);
  return (hash ^ (hash >>> 15)) & (COMBINED_ROUTES - 1);
}

function isMadeOf({ madeOf }: KeptRoute, nodes: readonly FilterNode[], count: number): boolean {
  if (madeOf.length !== count) return false;
  for (let index = 0; index < count; index += 1)
    if (madeOf[index] !== nodes[index]?.change) return false;
  return true;
}
