/**
 * The errors of the client. Each has a stable `code`; match on that, not on the text. An aborted
 * `AbortSignal` is no error of ours: it rejects with the signal's own reason.
 */
import type { UserProperties } from "@anax/protocol";

/** What every error of the client has in common. */
export abstract class MqttError extends Error {
  /** Stable name for programs; each has a heading in docs/reference/errors.md. */
  abstract readonly code: string;
  /** MQTT 5.0 Reason Code, where the specification has one for the case. */
  readonly reasonCode: number | undefined;

  constructor(message: string, details: { reasonCode?: number | undefined; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.reasonCode = details.reasonCode;
  }
}

/** The caller asked for something that cannot be: a bad option, or an MQTT 5.0 option on 3.1.1. */
export class MqttConfigurationError extends MqttError {
  override readonly name = "MqttConfigurationError";
  readonly code = "ANAX_CONFIGURATION";
}

/** What the peer said along with a Reason Code. */
export interface ReasonDetails {
  readonly reasonCode: number;
  readonly reasonString?: string | undefined;
  readonly userProperties?: UserProperties | undefined;
  readonly serverReference?: string | undefined;
}

/** No connection came about: the server was not reached, or it refused (then with its Reason Code). */
export class MqttConnectError extends MqttError {
  override readonly name = "MqttConnectError";
  readonly code = "ANAX_CONNECT_FAILED";
  /** The server's words, for people. */
  readonly reasonString: string | undefined;
  /** Where the server wants the client to go (0x9C, 0x9D). */
  readonly serverReference: string | undefined;
  /** User Properties of the refusing CONNACK. */
  readonly userProperties: UserProperties | undefined;

  constructor(message: string, details: Partial<ReasonDetails> & { cause?: unknown } = {}) {
    super(message, details);
    this.reasonString = details.reasonString;
    this.serverReference = details.serverReference;
    this.userProperties = details.userProperties;
  }
}

/** The server answered a publish, subscribe or unsubscribe with a Reason Code of 0x80 or above. */
export class MqttReasonError extends MqttError {
  override readonly name = "MqttReasonError";
  readonly code = "ANAX_REASON";
  override readonly reasonCode: number;
  /** The server's words, for people. */
  readonly reasonString: string | undefined;
  /** User Properties of the acknowledgement. */
  readonly userProperties: UserProperties | undefined;

  constructor(message: string, details: ReasonDetails) {
    super(message, details);
    this.reasonCode = details.reasonCode;
    this.reasonString = details.reasonString;
    this.userProperties = details.userProperties;
  }
}

/** The server said in CONNACK that it does not offer this, so it was not sent. */
export class MqttNotSupportedError extends MqttError {
  override readonly name = "MqttNotSupportedError";
  readonly code = "ANAX_NOT_SUPPORTED";
  override readonly reasonCode: number;

  constructor(message: string, reasonCode: number) {
    super(message, { reasonCode });
    this.reasonCode = reasonCode;
  }
}

/** There is no connection, or it ended before the answer came: whether the server got it is open. */
export class MqttDisconnectedError extends MqttError {
  override readonly name = "MqttDisconnectedError";
  readonly code = "ANAX_DISCONNECTED";
  /** The words of the side that ended the connection, for people. */
  readonly reasonString: string | undefined;
  /** Where the server wants the client to go (0x9C, 0x9D). */
  readonly serverReference: string | undefined;

  constructor(message: string, details: Partial<ReasonDetails> & { cause?: unknown } = {}) {
    super(message, details);
    this.reasonString = details.reasonString;
    this.serverReference = details.serverReference;
  }
}

/** The server did not answer in time. */
export class MqttTimeoutError extends MqttError {
  override readonly name = "MqttTimeoutError";
  readonly code = "ANAX_TIMEOUT";
}

/** A queue of the client is at its limit; nothing was sent. */
export class MqttQueueFullError extends MqttError {
  override readonly name = "MqttQueueFullError";
  readonly code = "ANAX_QUEUE_FULL";
}
