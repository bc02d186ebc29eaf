/** Enhanced authentication of MQTT 5.0, as the client's side of any method. */
import type { UserProperties } from "@anax/protocol";

/** An exchange begins; what is answered goes with CONNECT, or with the AUTH that re-authenticates. */
export interface AuthenticationStart {
  readonly type: "start";
  readonly purpose: "connect" | "reauthenticate";
}

/** The server asks for the next step; what is answered goes with AUTH 0x18. */
export interface AuthenticationChallenge {
  readonly type: "continue";
  readonly data: Uint8Array | undefined;
  readonly reasonString?: string | undefined;
  readonly userProperties?: UserProperties | undefined;
}

/** The server is content. A method that proves the server too checks the data, and throws if it is wrong. */
export interface AuthenticationSuccess {
  readonly type: "success";
  readonly data: Uint8Array | undefined;
}

/** One step of an exchange. */
export type AuthenticationStep =
  | AuthenticationStart
  | AuthenticationChallenge
  | AuthenticationSuccess;

/** What AUTH is to say. */
export interface AuthenticationWords {
  /** Authentication Data. Default: none. */
  readonly data?: Uint8Array | undefined;
  /** For people. CONNECT has none. */
  readonly reasonString?: string | undefined;
  /** Of AUTH; those of CONNECT are an option of the client. */
  readonly userProperties?: UserProperties | undefined;
}

/** Authentication Data to send, if any; in AUTH also words. */
export type AuthenticationAnswer = Uint8Array | AuthenticationWords | undefined;

/** How to authenticate. */
export interface AuthenticationOptions {
  /** Name of the method, such as `SCRAM-SHA-256`. */
  readonly method: string;
  /**
   * Takes each step of an exchange; a connection has one exchange at a time, and each begins with `start`.
   * When it throws, the connection ends.
   */
  readonly handler: (
    step: AuthenticationStep,
  ) => AuthenticationAnswer | Promise<AuthenticationAnswer>;
}
