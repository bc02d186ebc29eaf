/**
 * The errors of the client. Each has a stable `code`; match on that, not on the text. An aborted
 * `AbortSignal` is no error of ours: it rejects with the signal's own reason.
 */
import { ReasonCode } from "@anax/protocol";
import type { UserProperties } from "@anax/protocol";

/** What the peer said along with a Reason Code, and what lies behind an error. */
export interface ErrorDetails {
  readonly reasonCode?: number | undefined;
  readonly reasonString?: string | undefined;
  readonly serverReference?: string | undefined;
  readonly userProperties?: UserProperties | undefined;
  /** The codes of all Topic Filters that were asked for together. */
  readonly reasonCodes?: readonly number[] | undefined;
  /** Those filters. */
  readonly filters?: readonly string[] | undefined;
  readonly cause?: unknown;
}

/** What every error of the client has in common, but for `MqttConfigurationError`, which blames the caller. */
export abstract class MqttError extends Error {
  /** Stable name for programs; each has a heading in docs/reference/errors.md. */
  abstract readonly code: string;
  /** MQTT 5.0 Reason Code, where the specification has one for the case. */
  readonly reasonCode: number | undefined;
  /** The words of the side that sent the Reason Code, for people. */
  readonly reasonString: string | undefined;
  /** Where the server wants the client to go (0x9C, 0x9D). */
  readonly serverReference: string | undefined;
  /** User Properties that came along. */
  readonly userProperties: UserProperties | undefined;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details);
    this.reasonCode = details.reasonCode;
    this.reasonString = details.reasonString;
    this.serverReference = details.serverReference;
    this.userProperties = details.userProperties;
  }
}

/** No connection came about: the server was not reached, or it refused (then with its Reason Code). */
export class MqttConnectError extends MqttError {
  override readonly name = "MqttConnectError";
  readonly code = "ANAX_CONNECT_FAILED";
}

/** Details of an error that always has a Reason Code. */
export type ReasonDetails = ErrorDetails & { readonly reasonCode: number };

/** The server answered a publish, subscribe or unsubscribe with a Reason Code of 0x80 or above. */
export class MqttReasonError extends MqttError {
  override readonly name = "MqttReasonError";
  readonly code = "ANAX_REASON";
  declare readonly reasonCode: number;
  /**
   * Of a subscribe or unsubscribe: one code for each of `filters`. Those below 0x80 were granted all the same.
   * Empty for a publish.
   */
  readonly reasonCodes: readonly number[];
  /** The Topic Filters that were asked for together, in the order of `reasonCodes`. */
  readonly filters: readonly string[];

  constructor(message: string, details: ReasonDetails) {
    super(message, details);
    this.reasonCodes = details.reasonCodes ?? [];
    this.filters = details.filters ?? [];
  }
}

/**
 * The server does not offer this. It said so in CONNACK, and nothing was sent; or its answer shows it, as when it
 * acknowledges a QoS 2 message as if it were of QoS 1.
 */
export class MqttNotSupportedError extends MqttError {
  override readonly name = "MqttNotSupportedError";
  readonly code = "ANAX_NOT_SUPPORTED";
  declare readonly reasonCode: number;

  // oxlint-disable-next-line no-useless-constructor -- it demands the Reason Code
  constructor(message: string, details: ReasonDetails) {
    super(message, details);
  }
}

/** There is no connection, or it ended before the answer came: whether the server got it is open. */
export class MqttDisconnectedError extends MqttError {
  override readonly name = "MqttDisconnectedError";
  readonly code = "ANAX_DISCONNECTED";
}

/** The server did not answer in time. */
export class MqttTimeoutError extends MqttError {
  override readonly name = "MqttTimeoutError";
  readonly code = "ANAX_TIMEOUT";
}

/**
 * The server broke a rule, and the client went on all the same, as it does unless it is `strict`. It comes as an
 * `error` event only.
 */
export class MqttServerFaultError extends MqttError {
  override readonly name = "MqttServerFaultError";
  readonly code = "ANAX_SERVER_FAULT";
  /** Topic Name of the message that was acknowledged and dropped; undefined when the fault was not in a message. */
  readonly topic: string | undefined;

  constructor(message: string, details: ErrorDetails & { readonly topic?: string | undefined }) {
    super(message, details);
    this.topic = details.topic;
  }
}

/** A queue of the client is at its limit; nothing was sent. */
export class MqttQueueFullError extends MqttError {
  override readonly name = "MqttQueueFullError";
  readonly code = "ANAX_QUEUE_FULL";
}

/** An error of this kind for what the server refused or ended, and why: in its own words if it sent any. */
export function serverError<Kind>(
  Kind: new (message: string, details: ReasonDetails) => Kind,
  what: string,
  answer: Pick<ErrorDetails, "reasonCodes" | "filters"> & {
    readonly reasonCode: number;
    readonly properties?: ErrorDetails | undefined;
  },
  /** What stood in the packet, where it was no Reason Code. */
  code: string = `0x${answer.reasonCode.toString(16)}`,
): Kind {
  const { reasonCode, reasonCodes, filters, properties } = answer;
  const words = reasonWords(reasonCode);
  const { reasonString } = properties ?? {};
  const why =
    reasonString === undefined ? `${words} (${code})` : `${reasonString} (${words}, ${code})`;
  return new Kind(`the server ${what}: ${why}`, {
    ...properties,
    reasonCode,
    reasonCodes,
    filters,
  });
}

/** What a Reason Code is called: the name in `ReasonCode` as words, so that a page loads them once. */
function reasonWords(reasonCode: number): string {
  const entry = Object.entries(ReasonCode).find(([, code]) => code === reasonCode);
  return (
    entry?.[0].replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`) ?? "unknown Reason Code"
  );
}

/** Why something failed, for people. Some errors of platforms have no words, or have them in a list: one per address. */
export function whyOf(error: Error): string {
  const errors = "errors" in error && Array.isArray(error.errors) ? error.errors : [];
  if (error.message !== "" || errors.length === 0) {
    return error.message || ("code" in error ? String(error.code) : error.name);
  }
  return [...new Set(errors.map((one: unknown) => whyOf(asError(one))))].join("; ");
}

/** The same if it is an error, or else one that holds it as text. */
export function asError(error: unknown): Error {
  if (error instanceof Error) return error;
  try {
    return new Error(String(error));
  } catch {
    // An object without a prototype has no text.
    return new Error(typeof error);
  }
}

/** The error for what needs a connection while there is none. */
export function notConnected(): MqttDisconnectedError {
  return new MqttDisconnectedError("the client is not connected");
}
