import type { QoS } from "@anax/protocol";

/** What the journal asks of a run of messages, and keeps in it until it is over. */
export interface RunToStore {
  readonly count: number;
  readonly qos: QoS;
  readonly clientId: string;
  /** As of a `Message`, for all of them. */
  readonly expiresAtMs: number;
  /** False if topics differ. */
  readonly isOneTopic: boolean;
  /** Property length and properties, as receivers get them. */
  readonly propertyBytes: Uint8Array;
  /** The packets one behind the other are in `bytes`, from `packetsStart` on. */
  readonly bytes: Uint8Array;
  readonly packetsStart: number;
  readonly bytesReceived: number;
  topicBytes(index: number): Uint8Array;
  topicLength(index: number): number;
  payloadStart(index: number): number;
  endOf(index: number): number;
  /** Bytes of the payloads of the messages from `from` on and before `to`. */
  payloadBytes(from: number, to: number): number;
  /** Number of the first message; 0 if the run is not written down. */
  firstNumber: number;
  /** Slots of the messages, once they are written down. */
  readonly slots: Int32Array;
  /** Packet Identifiers that the messages have for the receiver that is just given them. */
  readonly assigned: Uint16Array;
}
