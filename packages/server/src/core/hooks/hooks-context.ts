import type { Hooks } from "./hooks.ts";
import type { ShortCuts } from "./short-cuts.ts";
import type { OwedContext } from "../owed/owed-context.ts";

/** As `OwedContext`, with the handlers of the program. */
export interface HooksContext extends OwedContext {
  readonly hooks: Hooks;
  /** Which quicker ways handlers and options leave open. */
  readonly shortCuts: ShortCuts;
}
