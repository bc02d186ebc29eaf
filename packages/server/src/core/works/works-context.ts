import type { NewsLanes } from "./news-lanes.ts";
import type { Works } from "./works.ts";
import type { HooksContext } from "../hooks/hooks-context.ts";

/** As `HooksContext`, with what waits for handlers. */
export interface WorksContext extends HooksContext {
  /** What waits for handlers, or for the store. */
  readonly works: Works;
  /** News of clients, told to handlers one after the other. */
  readonly news: NewsLanes;
}
