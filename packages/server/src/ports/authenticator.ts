import type { Identity } from "../core/hooks/identity.ts";
import type { Peer } from "../core/wire.ts";

/** What a client shows to be let in. */
export interface Credentials {
  /** Empty if the client asks the server to assign one. */
  readonly clientId: string;
  readonly userName?: string;
  readonly password?: Uint8Array;
  readonly peer: Peer;
  /** Authentication Method of MQTT 5.0, if the client named one. */
  readonly authenticationMethod?: string;
  readonly authenticationData?: Uint8Array;
  /** True for AUTH 0x19: a client that was let in shows something new. Absent: false. */
  readonly reauthentication?: boolean;
  /** False once the client has gone, so that what waits to be checked may be left. Absent: nobody knows. */
  readonly isAwaited?: (() => boolean) | undefined;
}

/** What a server keeps of a password for SCRAM-SHA-256: enough to check who knows it, not enough to log in with. */
export interface ScramVerifier {
  readonly salt: Uint8Array;
  readonly iterations: number;
  /** SHA-256 of the key that the client proves to have: 32 bytes. */
  readonly storedKey: Uint8Array;
  /** The key by which the server proves itself: 32 bytes. */
  readonly serverKey: Uint8Array;
}

/**
 * What an authenticator says. True: yes, it is the user that it says. An identity: yes, and this is who it is. False: no.
 * Undefined: not mine, the next one is to say; if there is none, that is a no.
 */
export type AuthenticationAnswer = boolean | Identity | undefined;

/**
 * Says whether a client is who it says it is. Whatever is no yes keeps it out. A throw and a rejection do so with 0x88 Server
 * unavailable, and then no other authenticator is asked; a rejection with `MqttServerBusyError` tells it to come later. It is
 * asked before any `validatingConnection` handler, and none of those can let in whom it refused.
 */
export interface Authenticator {
  /** What the log calls it. Default: its place in the list. */
  readonly name?: string | undefined;
  authenticate(credentials: Credentials): AuthenticationAnswer | Promise<AuthenticationAnswer>;
  /**
   * Authentication Methods that `authenticate` checks by itself, from the Authentication Data of CONNECT or AUTH: a client that
   * names one may authenticate itself again before its identity expires. Default: none.
   */
  readonly authenticationMethods?: readonly string[] | undefined;
  /**
   * The verifier of a user, for clients of MQTT 5.0 that choose the method SCRAM-SHA-256: those are not asked for by
   * `authenticate`. The name comes normalized by NFKC. A client of a user without a verifier is refused at the end, as
   * if its password were wrong; verifiers of other than the default iterations and length of salt tell it from others.
   * Left out, or undefined at the time of asking: SCRAM-SHA-256 is refused with 0x8C.
   */
  readonly scramVerifierOf?:
    | ((userName: string) => ScramVerifier | undefined | Promise<ScramVerifier | undefined>)
    | undefined;
  /** Called by each start of the server; what it throws fails the start, what it answers does not matter. */
  load?(): Promise<unknown>;
}
