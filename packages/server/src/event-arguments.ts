/** What handlers are given: what the core tells of the event, and a signal. */
import type {
  ClientConnected as CoreClientConnected,
  ClientDisconnected as CoreClientDisconnected,
  PreparingSession as CorePreparingSession,
  SessionDeleted as CoreSessionDeleted,
} from "./core/hooks/connection-events.ts";
import type { InterceptingPacket as CoreInterceptingPacket } from "./core/hooks/packet-events.ts";
import type {
  ApplicationMessageEnqueuedOrDropped as CoreApplicationMessageEnqueuedOrDropped,
  ApplicationMessageNotConsumed as CoreApplicationMessageNotConsumed,
  ClientAcknowledgedPublishPacket as CoreClientAcknowledgedPublishPacket,
  InterceptingClientEnqueue as CoreInterceptingClientEnqueue,
  InterceptingPublish as CoreInterceptingPublish,
  QueuedApplicationMessageOverwritten as CoreQueuedApplicationMessageOverwritten,
} from "./core/hooks/publish-events.ts";
import type {
  LoadingRetainedMessage as CoreLoadingRetainedMessage,
  RetainedMessageChanged as CoreRetainedMessageChanged,
} from "./core/hooks/retained-events.ts";
import type {
  ClientSubscribedTopic as CoreClientSubscribedTopic,
  ClientUnsubscribedTopic as CoreClientUnsubscribedTopic,
  InterceptingSubscription as CoreInterceptingSubscription,
  InterceptingUnsubscription as CoreInterceptingUnsubscription,
} from "./core/hooks/subscription-events.ts";
import type { HandlerEvent } from "./driver/event-signal.ts";

/** `applicationMessageEnqueuedOrDropped`: after the attempt, for each receiver. */
export interface ApplicationMessageEnqueuedOrDropped
  extends CoreApplicationMessageEnqueuedOrDropped, HandlerEvent {}

/** `applicationMessageNotConsumed`: the message has no receiver. */
export interface ApplicationMessageNotConsumed
  extends CoreApplicationMessageNotConsumed, HandlerEvent {}

/** `clientAcknowledgedPublishPacket`: PUBACK (QoS 1) or PUBCOMP (QoS 2) has come from a subscriber. */
export interface ClientAcknowledgedPublishPacket
  extends CoreClientAcknowledgedPublishPacket, HandlerEvent {}

/** `clientConnected`: CONNACK is on its way, nothing else has been exchanged. */
export interface ClientConnected extends CoreClientConnected, HandlerEvent {}

/** `clientDisconnected`: fires once for each `clientConnected`. */
export interface ClientDisconnected extends CoreClientDisconnected, HandlerEvent {}

/** `clientSubscribedTopic`: the subscription is in force; SUBACK has not been sent. */
export interface ClientSubscribedTopic extends CoreClientSubscribedTopic, HandlerEvent {}

/** `clientUnsubscribedTopic`: a subscription that existed is gone. */
export interface ClientUnsubscribedTopic extends CoreClientUnsubscribedTopic, HandlerEvent {}

/** `interceptingClientEnqueue`: a message is about to be given to one subscriber (retained ones too). */
export interface InterceptingClientEnqueue extends CoreInterceptingClientEnqueue, HandlerEvent {}

/** `interceptingInboundPacket` and `interceptingOutboundPacket`: every packet of a connection, CONNECT and refusals too. */
export interface InterceptingPacket extends CoreInterceptingPacket, HandlerEvent {}

/**
 * `interceptingPublish`: before the message is retained and routed; from a client, a Will or the program. The server's own `$SYS`
 * topics are shown only where `systemTopics.isIntercepted` says so.
 */
export interface InterceptingPublish extends CoreInterceptingPublish, HandlerEvent {}

/** `interceptingSubscription`: for each filter of a SUBSCRIBE, before anything is changed. */
export interface InterceptingSubscription extends CoreInterceptingSubscription, HandlerEvent {}

/** `interceptingUnsubscription`: for each filter of an UNSUBSCRIBE. */
export interface InterceptingUnsubscription extends CoreInterceptingUnsubscription, HandlerEvent {}

/** `loadingRetainedMessage`: at start; the handler gives the messages that were kept elsewhere. */
export interface LoadingRetainedMessage extends CoreLoadingRetainedMessage, HandlerEvent {}

/**
 * `preparingSession`: a session is about to be used. What the handler of a new one brings is put into it; of an existing
 * one nothing is taken.
 */
export interface PreparingSession extends CorePreparingSession, HandlerEvent {}

/** `queuedApplicationMessageOverwritten`: a full queue gave up its oldest message for a new one. */
export interface QueuedApplicationMessageOverwritten
  extends CoreQueuedApplicationMessageOverwritten, HandlerEvent {}

/** `retainedMessageChanged`: one topic's retained message was set, replaced or removed. */
export interface RetainedMessageChanged extends CoreRetainedMessageChanged, HandlerEvent {}

/** `sessionDeleted`: fires on every way a session can end. */
export interface SessionDeleted extends CoreSessionDeleted, HandlerEvent {}
