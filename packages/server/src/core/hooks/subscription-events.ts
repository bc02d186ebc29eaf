import type { SubscriptionRequest, UserProperties } from "@anax/protocol";
import type { ClientContext } from "./client-context.ts";

/** What SUBACK or UNSUBACK will say about one filter; reason string and user properties join those of the other filters. */
export interface SubscriptionResponse {
  /** SUBACK: granted QoS (0, 1, 2) or a refusal (0x80 and above). UNSUBACK: 0, 0x11 or a refusal. */
  reasonCode: number;
  reasonString?: string;
  userProperties?: UserProperties;
}

/** `interceptingSubscription`: for each filter of a SUBSCRIBE, before anything is changed. */
export interface InterceptingSubscription extends ClientContext {
  /** May be replaced: another filter, QoS or options. */
  topicFilter: SubscriptionRequest;
  readonly subscriptionIdentifier?: number;
  readonly userProperties: UserProperties;
  /** False: no subscription is made; with a granted code in `response` the client believes that it was. */
  processSubscription: boolean;
  /** True: after SUBACK the connection is closed. */
  closeConnection: boolean;
  readonly response: SubscriptionResponse;
}

/** `interceptingUnsubscription`: for each filter of an UNSUBSCRIBE. */
export interface InterceptingUnsubscription extends ClientContext {
  readonly topic: string;
  readonly userProperties: UserProperties;
  processUnsubscription: boolean;
  closeConnection: boolean;
  /** `reasonCode` is preset to 0, or 0x11 where there is no such subscription. */
  readonly response: SubscriptionResponse;
}

/** `clientSubscribedTopic`: the subscription is in force; SUBACK has not been sent. */
export interface ClientSubscribedTopic extends ClientContext {
  readonly topicFilter: SubscriptionRequest;
  readonly grantedQos: 0 | 1 | 2;
}

/** `clientUnsubscribedTopic`: a subscription that existed is gone. */
export interface ClientUnsubscribedTopic extends ClientContext {
  readonly topic: string;
}
