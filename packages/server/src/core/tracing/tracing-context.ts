import type { Tracing } from "./tracing.ts";
import type { AccessContext } from "../access/access-context.ts";

/** As `AccessContext`, with traces. */
export interface TracingContext extends AccessContext {
  /** Traces that are going on. */
  readonly tracing: Tracing;
}
