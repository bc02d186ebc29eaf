import type { RunsContext } from "../runs/runs-context.ts";
import type { Peers } from "./peers.ts";

/** As `RunsContext`, with the other servers of a cluster. */
export interface PeersContext extends RunsContext {
  /** Undefined if this server is alone. */
  readonly peers: Peers | undefined;
}
