import type { HookResult } from "../pending.ts";
import type { EventSource } from "./hook-event.ts";
import type {
  ClientConnected,
  ClientDisconnected,
  PreparingSession,
  SessionDeleted,
  ValidatingConnection,
} from "./connection-events.ts";
import type { InterceptingPacket } from "./packet-events.ts";
import type {
  ApplicationMessageEnqueuedOrDropped,
  ApplicationMessageNotConsumed,
  ClientAcknowledgedPublishPacket,
  InterceptingClientEnqueue,
  InterceptingPublish,
  QueuedApplicationMessageOverwritten,
} from "./publish-events.ts";
import type { LoadingRetainedMessage, RetainedMessageChanged } from "./retained-events.ts";
import type {
  ClientSubscribedTopic,
  ClientUnsubscribedTopic,
  InterceptingSubscription,
  InterceptingUnsubscription,
} from "./subscription-events.ts";

/** Each extension event with what its handlers are given. */
export interface HookArguments {
  applicationMessageEnqueuedOrDropped: ApplicationMessageEnqueuedOrDropped;
  applicationMessageNotConsumed: ApplicationMessageNotConsumed;
  clientAcknowledgedPublishPacket: ClientAcknowledgedPublishPacket;
  clientConnected: ClientConnected;
  clientDisconnected: ClientDisconnected;
  clientSubscribedTopic: ClientSubscribedTopic;
  clientUnsubscribedTopic: ClientUnsubscribedTopic;
  interceptingClientEnqueue: InterceptingClientEnqueue;
  interceptingInboundPacket: InterceptingPacket;
  interceptingOutboundPacket: InterceptingPacket;
  interceptingPublish: InterceptingPublish;
  interceptingSubscription: InterceptingSubscription;
  interceptingUnsubscription: InterceptingUnsubscription;
  loadingRetainedMessage: LoadingRetainedMessage;
  preparingSession: PreparingSession;
  queuedApplicationMessageOverwritten: QueuedApplicationMessageOverwritten;
  retainedMessageChanged: RetainedMessageChanged;
  retainedMessagesCleared: object;
  sessionDeleted: SessionDeleted;
  started: object;
  stopped: object;
  validatingConnection: ValidatingConnection;
}

/** Name of an extension event. */
export type HookName = keyof HookArguments;

/**
 * The extension events as the core calls them: a member is there only while somebody listens, so an
 * event without handlers costs one branch. A hook never throws: the driver turns what a handler throws
 * into the outcome that is defined for that event. `source` is the connection that it belongs to, if it belongs to one.
 */
export type Hooks = {
  [Name in HookName]?:
    | ((args: HookArguments[Name], source?: EventSource) => HookResult)
    | undefined;
};
