import type { EndingsContext } from "../endings/endings-context.ts";
import type { Task } from "../pending.ts";

/** What there is of other servers here, which are above. */
interface OtherServers {
  /** Waits until all of them know that there are subscriptions with these filters. */
  known(filters: readonly string[]): Task;
}

/** As `EndingsContext`, with what a subscription asks of the other servers of a cluster. */
export interface SubscribingContext extends EndingsContext {
  /** Undefined if this server is alone. */
  readonly peers: OtherServers | undefined;
}
