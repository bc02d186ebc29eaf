import type { HoldOffs } from "./hold-off.ts";
import type { RateTable } from "./rate-table.ts";
import type { TurnContext } from "../turn/turn-context.ts";

/** As `TurnContext`, with how much clients may do in a time. */
export interface RatesContext extends TurnContext {
  /** How much clients may send and get; undefined if there is no limit. */
  readonly rates: RateTable | undefined;
  /** Who comes again and again; undefined where that is not looked at. */
  readonly holdOffs: HoldOffs;
}
