import type { Connection } from "../connection/connection.ts";
import type { PublishingContext } from "../publishing/publishing-context.ts";

/** What there is of runs here, which are above. */
interface WaitingRuns {
  /** The runs of this connection wait no longer. */
  cutFor(connection: Connection): void;
}

/** As `PublishingContext`, with what the end of a connection asks of runs. */
export interface EndingsContext extends PublishingContext {
  /** Runs that wait. */
  readonly runs: WaitingRuns;
}
