/**
 * What the caller gave cannot be: an option, an argument, or an MQTT 5.0 option on 3.1 and 3.1.1. The text names it, its
 * value and the limit. Client and server throw the same class.
 */
export class MqttConfigurationError extends Error {
  override readonly name = "MqttConfigurationError";
  readonly code = "ANAX_CONFIGURATION";
}

/** What the two errors that a peer can cause have in common. */
export abstract class PeerError extends Error {
  /** Stable name for programs; each has a heading in docs/reference/errors.md. */
  abstract readonly code: string;
  /** Reason Code that the peer is given on MQTT 5.0. */
  readonly reasonCode: number;

  constructor(message: string, reasonCode: number) {
    super(message);
    this.reasonCode = reasonCode;
  }
}

/** The peer sent bytes that cannot be parsed according to the specification. Reason Code 0x81. */
export class MalformedPacketError extends PeerError {
  override readonly name = "MalformedPacketError";
  readonly code = "ANAX_MALFORMED_PACKET";

  constructor(message: string) {
    super(message, 0x81);
  }
}

/**
 * The peer sent a well-formed packet that is not allowed, or not allowed now. Reason Code 0x82 or a
 * more exact one.
 */
export class ProtocolError extends PeerError {
  override readonly name = "ProtocolError";
  readonly code = "ANAX_PROTOCOL_ERROR";

  constructor(message: string, reasonCode = 0x82) {
    super(message, reasonCode);
  }
}
