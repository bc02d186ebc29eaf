import type { JournalHealth } from "../core/journal/journal.ts";

/** How a server is. */
export interface ServerHealth extends DriverHealth {
  /**
   * `none`: there are no rules of access. `stale`: they could not be read again, and those of before are in force. That does not make
   * the server unhealthy.
   */
  readonly accessRules: "none" | "good" | "stale";
  /** Why they are stale. */
  readonly accessRulesError: Error | undefined;
}

/** How the store is, and the event loop. */
export interface DriverHealth extends StoreHealth {
  /** How late the event loop was at most in the last 10 to 20 seconds, in milliseconds. */
  readonly loopDelayMaximumMs: number;
}

/** How the store of a server is. */
export interface StoreHealth {
  /** False while the server refuses a part of its work. */
  readonly isHealthy: boolean;
  /**
   * `none`: there is no store. `stalled`: it has not answered for three seconds; acknowledgements wait until it does. `full`: it
   * has no room; what would have to be stored is refused (0x97) until it has. `failed`: what would have to be stored
   * is refused (0x83) until the server is started again. `fenced`: another server has taken it over; all connections
   * were ended, and clients are refused (0x88) until the server is started again.
   */
  readonly store: JournalHealth | "stalled" | "none";
  /** Why the store is not good. */
  readonly storeError: Error | undefined;
}

/** What a store has done for a server since that was made. */
export interface StoreCounters {
  /** Commits that were made. */
  readonly storeCommits: number;
  /** Commits that failed, each attempt of a full store included. */
  readonly storeFailures: number;
  /** Bytes that the store needs for what it holds. */
  readonly storeBytesCurrent: number;
}
