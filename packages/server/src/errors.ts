/** Errors of the embedding program and of its surroundings. Those of a peer are in `@anax/protocol`. */

/** A method was called at a time when it cannot do its work, such as `start()` on a running server. */
export class MqttServerStateError extends Error {
  override readonly name = "MqttServerStateError";
  readonly code = "ANAX_SERVER_STATE";
}

/** A listener cannot listen, for example because its port is in use; `cause` is the system's error. */
export class MqttListenError extends Error {
  override readonly name = "MqttListenError";
  readonly code = "ANAX_LISTEN_FAILED";
}

/** What was asked of a client cannot come any more: its connection has closed. */
export class MqttConnectionClosedError extends Error {
  override readonly name = "MqttConnectionClosedError";
  readonly code = "ANAX_CONNECTION_CLOSED";
}

/** An extension event's handler took longer than `handlerTimeoutMs`. Logged, never thrown at the handler. */
export class MqttHandlerTimeoutError extends Error {
  override readonly name = "MqttHandlerTimeoutError";
  readonly code = "ANAX_HANDLER_TIMEOUT";
}

/**
 * More is asked than can be done now. An `Authenticator` that rejects with it has its client told to come later: 0x89, Server busy.
 */
export class MqttServerBusyError extends Error {
  override readonly name = "MqttServerBusyError";
  readonly code = "ANAX_SERVER_BUSY";
}

/** There is no session of that Client Identifier. */
export class MqttSessionNotFoundError extends Error {
  override readonly name = "MqttSessionNotFoundError";
  readonly code = "ANAX_SESSION_NOT_FOUND";
}

/** A message that was to be delivered will never be acknowledged: dropped by a limit, expired, or its session ended. */
export class MqttMessageDroppedError extends Error {
  override readonly name = "MqttMessageDroppedError";
  readonly code = "ANAX_MESSAGE_DROPPED";
}

/** What was changed is in force but not stored: the store is full or broken. */
export class MqttNotStoredError extends Error {
  override readonly name = "MqttNotStoredError";
  readonly code = "ANAX_NOT_STORED";
}

/** A subscription of the program itself got more messages than it has room for, and was to end then. */
export class MqttBufferOverflowError extends Error {
  override readonly name = "MqttBufferOverflowError";
  readonly code = "ANAX_BUFFER_OVERFLOW";
}

/** Any thrown value as an Error, so that it can be logged and given on. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(textOf(thrown), { cause: thrown });
}

/** What cannot be made text is named by its kind: an object without a prototype, one whose own conversion throws. */
function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return `a value of type ${typeof thrown} that cannot be shown`;
  }
}
