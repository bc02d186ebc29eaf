import type { SessionItems } from "../hooks/client-context.ts";

/** Who publishes: a client, the Will of one, or the embedding program. */
export interface Origin {
  /** Empty if the embedding program names no sender. */
  readonly clientId: string;
  readonly userName?: string;
  readonly sessionItems: SessionItems;
}
