import type { Sessions } from "./sessions.ts";
import type { TracingContext } from "../tracing/tracing-context.ts";

/** As `TracingContext`, with sessions. */
export interface SessionsContext extends TracingContext {
  readonly sessions: Sessions;
}
