/** What the machine does, and what it tells whoever runs it. Requests are told their outcome themselves. */
import type { AuthPacket, ConnackPacket, UserProperties } from "@anax/protocol";
import type { ConnectResult } from "./connect-result.ts";
import type { MqttError } from "./errors.ts";
import type { ReceivedMessage } from "./message.ts";

/**
 * `verifying`: CONNACK came, and `acceptServer` is awaited. `closing`: the output holds the last bytes of
 * this connection, and what comes is ignored.
 */
export type MachineStatus = "closed" | "connecting" | "verifying" | "connected" | "closing";

/** What an AUTH of the client says. */
export interface AuthWords {
  readonly data?: Uint8Array | undefined;
  readonly reasonString?: string | undefined;
  readonly userProperties?: UserProperties | undefined;
}

/** The server accepted the connection. What came behind CONNACK is read when `readOn` is called. */
export interface ConnectedEvent {
  readonly type: "connected";
  readonly result: ConnectResult;
}

/** The server wants the next step of an enhanced authentication; answer by `authenticate`. */
export interface ChallengedEvent {
  readonly type: "challenged";
  readonly packet: AuthPacket;
}

/**
 * An enhanced authentication succeeded on the server's side. After CONNACK the machine waits until
 * `acceptServer` is called, so that nothing is sent to an impostor; after AUTH it goes on.
 */
export interface AuthenticatedEvent {
  readonly type: "authenticated";
  readonly packet: AuthPacket | ConnackPacket;
}

/** PINGRESP came. */
export interface PongEvent {
  readonly type: "pong";
}

/** The Network Connection is to be closed, after what is in the output was sent. */
export interface CloseEvent {
  readonly type: "close";
  readonly error: MqttError;
}

/** Something is wrong that does not end the connection. */
export interface FaultEvent {
  readonly type: "fault";
  readonly error: MqttError;
}

/** What the machine tells whoever runs it; a message is an event itself. */
export type MachineEvent =
  | ReceivedMessage
  | ConnectedEvent
  | ChallengedEvent
  | AuthenticatedEvent
  | PongEvent
  | FaultEvent
  | CloseEvent;
