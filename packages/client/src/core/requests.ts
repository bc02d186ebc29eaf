/**
 * What the caller asks of the server. Each request is told its outcome exactly once, by one of its
 * two methods; those must not call back into the machine.
 */
import type {
  PubackPacket,
  PubcompPacket,
  PublishPacket,
  PublishProperties,
  PubrecPacket,
  QoS,
  SubackPacket,
  SubscribeProperties,
  SubscriptionRequest,
  UnsubackPacket,
  UnsubscribeProperties,
} from "@anax/protocol";
import type { ConnectResult } from "./connect-result.ts";

/** The acknowledgement that ends a publish: none at QoS 0. */
export type PublishAcknowledgement = PubackPacket | PubrecPacket | PubcompPacket | undefined;

/**
 * A message to publish. It has the shape of its own PUBLISH packet, so that sending it costs no
 * further object.
 */
export abstract class PublishRequest implements PublishPacket {
  readonly type = "publish";
  /** Never empty once it is published: what a Topic Alias of the caller stands for is put here. */
  topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Set when the packet, or its PUBREL, is sent again on a later connection [MQTT-3.3.1-1]. */
  duplicate = false;
  /** 0 at QoS 0 and until the packet is sent. */
  packetIdentifier = 0;
  readonly properties?: PublishProperties;
  /** The PUBREC that took it, if it said more than yes. No field of each message, for hardly one has it. */
  declare pubrec?: PubrecPacket;
  /** Whether nobody waits for the outcome any more: it is not sent if it was not, nor begun anew. */
  isAbandoned = false;
  /** Whether it stands in the queue of what is to be sent. */
  isWaiting = false;

  constructor(
    topic: string,
    payload: Uint8Array,
    qos: QoS,
    retain: boolean,
    properties: PublishProperties | undefined,
  ) {
    this.topic = topic;
    this.payload = payload;
    this.qos = qos;
    this.retain = retain;
    if (properties !== undefined) this.properties = properties;
  }

  /** The message reached as far as its QoS promises. */
  abstract acknowledged(packet: PublishAcknowledgement): void;

  /** It did not, or it is not known whether it did. */
  abstract failed(error: unknown): void;
}

/** The fields of a SUBSCRIBE that the caller chooses. */
export interface SubscribeFields {
  readonly subscriptions: readonly SubscriptionRequest[];
  readonly properties?: SubscribeProperties;
}

/** A SUBSCRIBE. */
export interface SubscribeRequest {
  readonly type: "subscribe";
  /**
   * What to ask for, called each time that the packet is sent. It is not sent when there are no subscriptions, because nobody
   * wants them any more.
   */
  readonly fields: (server: ConnectResult) => SubscribeFields;
  /** SUBACK came, with one Reason Code for each of the Topic Filters that were sent. */
  readonly acknowledged: (packet: SubackPacket, topicFilters: readonly string[]) => void;
  /** It could not be sent, or the connection ended for good before the answer. */
  readonly failed: (error: unknown) => void;
}

/** An UNSUBSCRIBE. */
export interface UnsubscribeRequest {
  readonly type: "unsubscribe";
  readonly topicFilters: readonly string[];
  readonly properties?: UnsubscribeProperties;
  /** UNSUBACK came; on MQTT 5.0 with one Reason Code for each filter. */
  readonly acknowledged: (packet: UnsubackPacket) => void;
  /** It could not be sent, or the connection ended for good before the answer. */
  readonly failed: (error: unknown) => void;
}
