import type { ProtocolVersion, UserProperties } from "@anax/protocol";
import type { Peer } from "../wire.ts";

/** Why a CONNECT is refused, as CONNACK tells it. */
export interface Refusal {
  readonly reasonCode: number;
  readonly reasonString?: string;
  readonly serverReference?: string;
  readonly responseUserProperties?: UserProperties;
}

/** A client that is not let in, and what it is told. What it did not come to say is empty or undefined. */
export interface RefusedClient {
  readonly clientId: string;
  readonly userName: string | undefined;
  readonly protocolVersion: ProtocolVersion;
  readonly peer: Peer;
  readonly reasonCode: number;
  readonly reasonString: string | undefined;
}

/** A client that may be banned. */
export interface BanCandidate {
  readonly clientId: string;
  readonly userName: string | undefined;
  readonly remoteAddress: string | undefined;
}
