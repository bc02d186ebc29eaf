import { PEER_CLIENT_ID } from "../routing/interest.ts";
import { NEVER_EXPIRES } from "./session-expiry.ts";
import { Session } from "./session.ts";

/** Which of the servers of a cluster, and the how manieth start of it. */
export interface PeerName {
  /** From 0 on. */
  readonly shard: number;
  /** Of two that say they are this shard, the higher one is. */
  readonly epoch: number;
}

/**
 * What this server owes another one of its cluster, and has seen of it: a session like that of a client, with what the
 * other's clients subscribe to. It never ends, is in no list of sessions, and drops nothing.
 */
export class PeerSession extends Session {
  readonly shard: number;
  epoch: number;

  constructor({ shard, epoch }: PeerName, createdAtMs: number) {
    super({ clientId: PEER_CLIENT_ID, createdAtMs });
    this.shard = shard;
    this.epoch = epoch;
    this.expiryIntervalSeconds = NEVER_EXPIRES;
  }
}
