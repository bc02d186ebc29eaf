import type { AcknowledgedPacket } from "../owed/acknowledged-packet.ts";
import type { ApplicationMessage } from "../message/application-message.ts";
import type { ClientContext, SessionItems } from "./client-context.ts";
import type { UserProperties } from "@anax/protocol";

/** Where a message came from: a client, a Will, or the embedding program. */
export interface MessageSender {
  /** Client Identifier; empty for a message that the program published without naming a sender. */
  readonly clientId: string;
  readonly userName?: string | undefined;
  readonly sessionItems: SessionItems;
}

/**
 * `interceptingPublish`: before the message is retained and routed; from a client, a Will or the program. The server's own `$SYS`
 * topics are shown only where `systemTopics.isIntercepted` says so.
 */
export interface InterceptingPublish extends MessageSender {
  /** Topic that the message came with. A handler that needs no more is quicker than one that asks for the message. */
  readonly topic: string;
  /** May be replaced; undefined drops the message. It is frozen, its bytes are a copy, and it can be read at any time. */
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
  /** May be replaced: this receiver gets the new one, the others what was published. */
  applicationMessage: ApplicationMessage;
  /** False: this receiver does not get it, as if it had not subscribed. */
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

/** `applicationMessageNotConsumed`: the message has no receiver. */
export interface ApplicationMessageNotConsumed {
  readonly senderClientId: string;
  readonly applicationMessage: ApplicationMessage;
}

/** What the fixed header and the properties of one delivery's PUBLISH said. */
export interface DeliveredPublishPacket {
  readonly packetIdentifier: number;
  /** The lower of the published and the granted QoS. */
  readonly qos: 1 | 2;
  readonly retain: boolean;
  /** True if the PUBLISH was sent again on the connection that acknowledged it. */
  readonly duplicate: boolean;
  /** Of all subscriptions that it was sent for; empty if none has one. */
  readonly subscriptionIdentifiers: readonly number[];
}

/** `clientAcknowledgedPublishPacket`: PUBACK (QoS 1) or PUBCOMP (QoS 2) has come from a subscriber. */
export interface ClientAcknowledgedPublishPacket extends ClientContext {
  readonly packetIdentifier: number;
  /** As it was published. */
  readonly applicationMessage: ApplicationMessage;
  /** As this subscriber was sent it. */
  readonly publishPacket: DeliveredPublishPacket;
  readonly acknowledgePacket: AcknowledgedPacket;
  /** True when the exchange is over: on PUBACK, on PUBCOMP, and on a PUBREC that refuses. */
  readonly isCompleted: boolean;
}
