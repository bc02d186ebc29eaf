import type { ProtocolVersion } from "@anax/protocol";
import type { Identity } from "./identity.ts";
import type { Peer } from "../wire.ts";

/** Data of the embedding program that belongs to a session, shared by all events about it. */
export type SessionItems = Map<string, unknown>;

/** Who an event is about. */
export interface ClientContext {
  readonly clientId: string;
  readonly userName?: string;
  /** What an authenticator, or a handler of `validatingConnection`, found out about it. */
  readonly identity?: Identity;
  readonly protocolVersion: ProtocolVersion;
  readonly peer: Peer;
  readonly sessionItems: SessionItems;
}
