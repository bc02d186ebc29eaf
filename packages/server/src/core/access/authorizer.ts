import type { QoS } from "@anax/protocol";
import type { Permissions } from "../hooks/identity.ts";
import type { HookResult } from "../pending.ts";

/** Whoever wants to publish or subscribe, as far as the server knows. */
export interface AccessClient {
  readonly clientId: string;
  readonly userName?: string | undefined;
  /** Groups that it belongs to, as its authenticator said. */
  readonly groups: readonly string[];
  /** Absent for a client that is not connected, and where the transport knows none. */
  readonly address?: string | undefined;
  /** The transport and the port that it came to: "tcp:1883", "wss:443", "unix". Empty for a client that is not connected. */
  readonly listener: string;
  /** What else its authenticator said of it. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
  /** What its authenticator limits it to, whatever the answers are. The server sees to that. */
  readonly permissions?: Permissions | undefined;
}

/** How far a client may publish to a topic. */
export interface PublishGrant {
  /** Default 2. */
  readonly maximumQos?: QoS | undefined;
  /** Whether the message may be retained. Default true. */
  readonly retain?: boolean | undefined;
  /**
   * The same holds for all topics that this Topic Filter matches, which has to match this topic: "plants/7/#", "plants/+/state". The authorizer
   * is not asked about them while that is remembered. Default: only for this topic.
   */
  readonly topicFilter?: string | undefined;
}

/** How far a client may subscribe to a filter. */
export interface SubscribeGrant {
  /** A subscription is granted with no more. Default 2. */
  readonly maximumQos?: QoS | undefined;
  /** True: not each topic that the filter matches is allowed; `mayReceive` is asked about each. Default false. */
  readonly isNarrowed?: boolean | undefined;
}

/** True is a grant without limits, false is a refusal. */
export type PublishAnswer = boolean | PublishGrant;
export type SubscribeAnswer = boolean | SubscribeGrant;

/**
 * Says what clients may do. An answer is remembered: that about a topic as long as the connection of the publisher lasts, that about a
 * filter as long as the subscription does. When answers may have changed, `MqttServer.accessChanged` has everything
 * asked again. A throw, a rejection and an answer that comes too late are a no.
 */
export interface Authorizer {
  /** Asked before any handler of `interceptingPublish`; about a Will when the client connects and when it is due. */
  mayPublish(client: AccessClient, topic: string): PublishAnswer | Promise<PublishAnswer>;
  /** `topicFilter` is without `$share/name/`, which `isShared` says in its place: such a grant cannot be narrowed. */
  maySubscribe(
    client: AccessClient,
    topicFilter: string,
    isShared: boolean,
  ): SubscribeAnswer | Promise<SubscribeAnswer>;
  /**
   * Whether the client may receive messages of this topic, asked for those that come by a narrowed subscription, or waited while the rules
   * changed and match no subscription any more. It has to answer at once. Absent: no.
   */
  mayReceive?(client: AccessClient, topic: string): boolean;
  /** True if `mayPublish` always answers at once: it is then asked on the hot path. Default false. */
  readonly isImmediate?: boolean | undefined;
}

/** An answer about publishing with every default filled in. */
export interface PublishPermission {
  readonly isAllowed: boolean;
  readonly maximumQos: QoS;
  readonly mayRetain: boolean;
  /** Of a permission that holds for all topics that this filter matches. */
  readonly topicFilter?: string | undefined;
}

/** An answer about subscribing with every default filled in. */
export interface SubscribePermission {
  readonly isAllowed: boolean;
  readonly maximumQos: QoS;
  readonly isNarrowed: boolean;
}

/** What the core asks; the answer is written into the question. Denied until it is. */
export interface PublishQuestion {
  readonly client: AccessClient;
  readonly topic: string;
  permission: PublishPermission;
}

/** The same about a filter, which is without `$share/name/`. */
export interface SubscribeQuestion {
  readonly client: AccessClient;
  readonly topicFilter: string;
  readonly isShared: boolean;
  permission: SubscribePermission;
}

/** The authorizer as the core asks it. It never throws. */
export interface AccessPort {
  /** True if there is no authorizer: only the permissions of identities limit anything. */
  readonly isOpen: boolean;
  publish(question: PublishQuestion): HookResult;
  /** The answer, where it is known at once; undefined where `publish` is to be asked. */
  publishAtOnce(client: AccessClient, topic: string): PublishPermission | undefined;
  subscribe(question: SubscribeQuestion): HookResult;
  receive(client: AccessClient, topic: string): boolean;
}

export const PUBLISH_DENIED: PublishPermission = {
  isAllowed: false,
  maximumQos: 0,
  mayRetain: false,
};

export const PUBLISH_ALLOWED: PublishPermission = {
  isAllowed: true,
  maximumQos: 2,
  mayRetain: true,
};

export const SUBSCRIBE_DENIED: SubscribePermission = {
  isAllowed: false,
  maximumQos: 0,
  isNarrowed: false,
};

export const SUBSCRIBE_ALLOWED: SubscribePermission = {
  isAllowed: true,
  maximumQos: 2,
  isNarrowed: false,
};
