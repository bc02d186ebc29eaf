import type { RoutingContext } from "./routing-context.ts";
import type { Task } from "../pending.ts";
import type { Route } from "../routing/route.ts";

/** Nodes that are gone over between two looks whether the turn has time for more. */
const NODES_OF_PART = 256;

/**
 * Where messages of a topic go. Mostly that is found at once; where thousands of filters are to be compared, it goes on in the next
 * turn.
 */
export function* findRoute(core: RoutingContext, topic: string): Task<Route> {
  return core.router.quickRoute(topic) ?? (yield* searchRoute(core, topic));
}

/** The same for what `router.quickRoute` has not found. */
export function* searchRoute({ router, turn }: RoutingContext, topic: string): Task<Route> {
  const search = router.search(topic);
  try {
    for (;;) {
      const route = search.goOn(NODES_OF_PART);
      if (route !== undefined) return route;
      if (turn.spend(NODES_OF_PART)) yield turn.rest();
    }
  } finally {
    search.end();
  }
}
