import type { Runs } from "./runs.ts";
import type { SubscribingContext } from "../subscribing/subscribing-context.ts";

/** As `SubscribingContext`, with runs. */
export interface RunsContext extends SubscribingContext {
  /** The run that packets are read into, and those whose handlers have not answered. */
  readonly runs: Runs;
}
