import type { AcknowledgedPacket } from "../delivering/acknowledged-packet.ts";
import type { ApplicationMessage } from "../publishing/application-message.ts";
import type { ClientContext, SessionItems } from "./client-context.ts";
import type { UserProperties } from "@anax/protocol";

/** Where a message came from: a client, a Will, or the embedding program. */
export interface MessageSender {
  /** Client Identifier; empty for a message that the server published without naming a sender, as those under `$SYS` are. */
  readonly clientId: string;
  readonly userName?: string | undefined;
  readonly sessionItems: SessionItems;
}

/**
 * `interceptingPublish`: before the message is retained and routed; from a client, a Will or the server itself. Its `$SYS`
 * topics are shown as well, so that a program may hold some of them back.
 */
export interface InterceptingPublish extends MessageSender {
  /** Topic that the message came with. A handler that needs no more is quicker than one that asks for the message. */
  readonly topic: string;
  /** May be replaced; undefined drops the message. To be read before the handler returns, or its first `await`. */
  applicationMessage: ApplicationMessage | undefined;
  /** False drops the message: it is neither retained nor routed, and acknowledged with `response`. */
  processPublish: boolean;
  /** True ends the sender's connection with DISCONNECT (`response.reasonCode` if it is an error, else 0x80) and no acknowledgement. */
  closeConnection: boolean;
  readonly response: PublishResponse;
}

/** What the acknowledgement of a PUBLISH will say (MQTT 5.0). */
export interface PublishResponse {
  /** Undefined: as the outcome is (0x00, or 0x10 where nobody subscribes). */
  reasonCode?: number;
  reasonString?: string;
  userProperties?: UserProperties;
}

/** `interceptingClientEnqueue`: a message is about to be given to one subscriber (retained ones too). */
export interface InterceptingClientEnqueue {
  readonly senderClientId: string;
  readonly receiverClientId: string;
  readonly applicationMessage: ApplicationMessage;
  /** False: this receiver does not get it. */
  acceptEnqueue: boolean;
  /** True ends the connection of the sender. */
  closeSenderConnection: boolean;
}

/** `applicationMessageEnqueuedOrDropped`: after the attempt, for each receiver. */
export interface ApplicationMessageEnqueuedOrDropped {
  readonly senderClientId: string;
  readonly receiverClientId: string;
  readonly applicationMessage: ApplicationMessage;
  readonly isDropped: boolean;
}

/** `queuedApplicationMessageOverwritten`: a full queue gave up its oldest message for a new one. */
export interface QueuedApplicationMessageOverwritten {
  readonly receiverClientId: string;
  readonly applicationMessage: ApplicationMessage;
}

/** `applicationMessageNotConsumed`: nobody took the message. */
export interface ApplicationMessageNotConsumed {
  readonly senderClientId: string;
  readonly applicationMessage: ApplicationMessage;
}

/** `clientAcknowledgedPublishPacket`: PUBACK (QoS 1) or PUBCOMP (QoS 2) has come from a subscriber. */
export interface ClientAcknowledgedPublishPacket extends ClientContext {
  readonly packetIdentifier: number;
  readonly applicationMessage: ApplicationMessage;
  readonly acknowledgePacket: AcknowledgedPacket;
  /** True when the exchange is over: on PUBACK, on PUBCOMP, and on a PUBREC that refuses. */
  readonly isCompleted: boolean;
}
