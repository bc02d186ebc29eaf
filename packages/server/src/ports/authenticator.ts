import type { Peer } from "../core/wire.ts";

/** What a client shows to be let in. */
export interface Credentials {
  /** Empty if the client asks the server to assign one. */
  readonly clientId: string;
  readonly userName?: string;
  readonly password?: Uint8Array;
  readonly peer: Peer;
}

/**
 * Says whether a client is who it says it is. False, a throw and a rejection all keep it out. It is
 * asked before any `validatingConnection` handler, and none of those can let in whom it refused.
 */
export interface Authenticator {
  authenticate(credentials: Credentials): boolean | Promise<boolean>;
  /** Called by each start of the server; what it throws fails the start. */
  load?(): Promise<void>;
}
