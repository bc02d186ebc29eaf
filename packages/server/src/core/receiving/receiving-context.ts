import type { Newcomers } from "./newcomers.ts";
import type { UnfinishedConnects } from "./unfinished-connects.ts";
import type { PeersContext } from "../peers/peers-context.ts";

/** As `PeersContext`, with clients that are not let in yet. */
export interface ReceivingContext extends PeersContext {
  /** Clients whose CONNECT has come. */
  readonly newcomers: Newcomers;
  /** Bytes of clients that are not let in yet. */
  readonly unfinishedConnects: UnfinishedConnects;
}
