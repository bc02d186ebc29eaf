import type { Router } from "./router.ts";
import type { RatesContext } from "../rates/rates-context.ts";

/** As `RatesContext`, with where messages go. */
export interface RoutingContext extends RatesContext {
  readonly router: Router;
}
