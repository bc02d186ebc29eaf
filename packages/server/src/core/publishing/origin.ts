import type { SessionItems } from "../hooks/client-context.ts";
import type { EventSource } from "../hooks/hook-event.ts";
import type { Peer } from "../wire.ts";

/** Who publishes: a client, the Will of one, or the embedding program. */
export interface Origin {
  /** Empty if the embedding program names no sender. */
  readonly clientId: string;
  readonly userName?: string;
  readonly sessionItems: SessionItems;
  /** Where the client comes from; absent for the embedding program. */
  readonly peer?: Peer;
  /** The connection that it came on; absent for a Will and the embedding program. */
  readonly source?: EventSource;
  /** True: a `$SYS` message of the server itself, or one that another server has judged. Handlers that judge messages are not shown it. */
  readonly isHidden?: boolean;
}
