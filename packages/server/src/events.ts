/**
 * The 22 extension events, as one table: when each fires, whether the server waits for its handlers,
 * and what happens if a handler fails. A handler fails by throwing, by a promise that rejects, by an
 * answer that cannot be, and by a promise that takes longer than `handlerTimeoutMs`; each failure is
 * logged and counted. The rules:
 *
 * - Handlers of one event run one after the other, in the order in which they were registered. One
 *   that returns no promise is not waited for and costs none.
 * - Of an event that decides something, a failure is the decision, and later handlers are not called.
 *   Of an event that only tells something, the next handler is called.
 * - A handler that goes on after its time is over changes nothing: what it was given is frozen.
 * - Only the client whose packet is at work waits. Its later packets wait behind, in order; its acknowledgements and PINGREQ
 *   do not, unless handlers of `interceptingInboundPacket` are at work.
 * - What tells of a client (connected, disconnected, session deleted, subscribed, unsubscribed, acknowledged) is told in one lane
 *   for each Client Identifier: all handlers of one event have answered before those of the next are called. No call of the
 *   program waits for a lane, but `stop`.
 */
import type { AuthPacket } from "@anax/protocol";
import { ReasonCode } from "@anax/protocol";
import type { AuthenticationStep, ValidatingConnection } from "./core/hooks/connection-events.ts";
import type { HookArguments, HookName } from "./core/hooks/hooks.ts";
import type { HandlerEvent } from "./driver/event-signal.ts";
import type {
  ApplicationMessageEnqueuedOrDropped,
  ApplicationMessageNotConsumed,
  ClientAcknowledgedPublishPacket,
  ClientConnected,
  ClientDisconnected,
  ClientSubscribedTopic,
  ClientUnsubscribedTopic,
  InterceptingClientEnqueue,
  InterceptingPacket,
  InterceptingPublish,
  InterceptingSubscription,
  InterceptingUnsubscription,
  LoadingRetainedMessage,
  PreparingSession,
  QueuedApplicationMessageOverwritten,
  RetainedMessageChanged,
  SessionDeleted,
} from "./event-arguments.ts";

/** What `validatingConnection` handlers are given: the fields of the event, and a way to ask the client more. */
export interface ValidatingConnectionEvent extends ValidatingConnection, HandlerEvent {
  /** The password as text in UTF-8, for comparing; absent if there is none. */
  readonly passwordText?: string;
  /**
   * Sends AUTH 0x18 (Continue authentication) and resolves with the client's AUTH [MQTT-4.12.0-3].
   * Rejects with `MqttConnectionClosedError` if the client goes away, or did not ask for enhanced
   * authentication, or the handler's time is over.
   */
  exchangeEnhancedAuthentication(step: AuthenticationStep): Promise<AuthPacket>;
}

/** What the handlers of each event are given. */
export interface ServerEventArguments {
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
  retainedMessagesCleared: HandlerEvent;
  sessionDeleted: SessionDeleted;
  started: HandlerEvent;
  stopped: HandlerEvent;
  validatingConnection: ValidatingConnectionEvent;
}

/** Name of an extension event. */
export type ServerEventName = HookName;

/** A handler of one event. It may answer at once or with a promise. */
export type ServerEventHandler<Name extends ServerEventName> = (
  event: ServerEventArguments[Name],
) => void | Promise<void>;

/** Handlers by event, as the option `on` takes them. */
export type ServerEventHandlers = {
  readonly [Name in ServerEventName]?: ServerEventHandler<Name> | undefined;
};

/** One row of the table. */
export interface ServerEventDescription<Name extends ServerEventName> {
  readonly fires: string;
  /** What has happened before it, and what comes after. */
  readonly order: string;
  /** What waits until the handlers are done. */
  readonly waits: string;
  /** Whom a handler delays that takes its time. */
  readonly slows: string;
  /** What a failing handler causes. */
  readonly failure: string;
  /** Writes that outcome into the event; absent if the event only tells something. */
  readonly fail?: (event: HookArguments[Name], error: Error) => void;
  /** True if its handlers may take as long as a start may. */
  readonly isOfStart?: boolean;
  /** True when the outcome is final and later handlers are not asked. */
  readonly isFinal?: (event: HookArguments[Name]) => boolean;
}

/** Without the packet the two sides would not know the same: one would wait for ever for an answer, or lose a message. */
const PACKET_FAILED =
  "The packet is dropped and the connection ends with 0x83 Implementation specific error.";

function failPacket(event: HookArguments["interceptingInboundPacket"], error: Error): void {
  event.processPacket = false;
  Object.assign(event, { failure: error });
}

const LOGGED = "It is logged; the next handler is called.";

/** Every event, in alphabetical order. */
export const SERVER_EVENTS: {
  readonly [Name in ServerEventName]: ServerEventDescription<Name>;
} = {
  applicationMessageEnqueuedOrDropped: {
    fires:
      "After the attempt to give a message to a receiver, once for each receiver; not for one that interceptingClientEnqueue vetoed.",
    order:
      "After all receivers were asked about and given the message, and after retainedMessageChanged; one receiver after the other.",
    waits: "The publisher's next packet.",
    slows: "The publisher.",
    failure: LOGGED,
  },
  applicationMessageNotConsumed: {
    fires:
      "When a message has no receiver: no subscription matched, or every receiver was vetoed. Its publisher is answered with 0x10 then. A receiver that a limit keeps the message from is one all the same.",
    order: "After all receivers were tried, before the acknowledgement of the message.",
    waits: "The publisher's next packet.",
    slows: "The publisher.",
    failure: LOGGED,
  },
  clientAcknowledgedPublishPacket: {
    fires: "When a subscriber's PUBACK, or its PUBCOMP or refusing PUBREC, has come.",
    order:
      "After the exchange is over and its Packet Identifier free, and after what was told of the client before.",
    waits: "What is told of the client next; its packets, when 1000 events wait.",
    slows: "Nobody, else that client.",
    failure: LOGGED,
  },
  clientConnected: {
    fires: "When a client is let in and its CONNACK is on its way.",
    order:
      "After preparingSession and, of an older connection, the handlers of clientDisconnected; before any other packet in either direction.",
    waits: "The client's first packet after CONNECT, and what is told of the client next.",
    slows: "That client.",
    failure: LOGGED,
  },
  clientDisconnected: {
    fires: "Once for each clientConnected, when the connection has ended.",
    order:
      "After the Will was put off, or shown to its handlers: where these answer at once, it has been given to its receivers. After the handlers of clientConnected and sessionDeleted.",
    waits: "What is told of the client next, and so its first packet when it is back; stop().",
    slows: "That client.",
    failure: LOGGED,
  },
  clientSubscribedTopic: {
    fires: "When a subscription is in force, before SUBACK is sent.",
    order:
      "After interceptingSubscription of the same filter, before that of the next; retained messages follow SUBACK.",
    waits: "SUBACK, and what is told of the client next; no call of sessions.subscribe().",
    slows: "That client.",
    failure: LOGGED,
  },
  clientUnsubscribedTopic: {
    fires: "When a subscription that existed is gone, before UNSUBACK is sent.",
    order: "After interceptingUnsubscription of the same filter, before that of the next.",
    waits: "UNSUBACK, and what is told of the client next; no call of sessions.unsubscribe().",
    slows: "That client.",
    failure: LOGGED,
  },
  interceptingClientEnqueue: {
    fires: "For each receiver of a message, retained ones too, before it is given the message.",
    order:
      "After interceptingPublish, filter by filter, those of one filter in the order of subscribing. Until all have been asked about, the message is neither retained nor given to any.",
    waits: "The message, its acknowledgement and the publisher's next packet.",
    slows: "The publisher; of retained messages, the subscriber.",
    failure: "It is a veto: that receiver does not get the message.",
    fail: (event) => {
      event.acceptEnqueue = false;
    },
  },
  interceptingInboundPacket: {
    fires: "For each packet of a client, CONNECT and AUTH too, before it is handled.",
    order: "Before any other event that the packet causes.",
    waits: "The packet and those behind it.",
    slows: "That client.",
    failure: PACKET_FAILED,
    fail: failPacket,
  },
  interceptingOutboundPacket: {
    fires: "For each packet to a client, CONNACK that refuses and AUTH too, before it is sent.",
    order:
      "After every event that led to the packet. A CONNACK that is left out ends the connection.",
    waits: "The packet and those behind it.",
    slows: "That client.",
    failure: `${PACKET_FAILED} A message of QoS 1 or 2 stays in the session and is sent again.`,
    fail: failPacket,
  },
  interceptingPublish: {
    fires:
      "For each message of a client, a Will or the program, before it is retained and routed; the server's own under $SYS only with systemTopics.isIntercepted.",
    order:
      "After interceptingInboundPacket and the messages that the client sent before; before all other events of the message.",
    waits: "The message, its acknowledgement and the publisher's next packet.",
    slows: "The publisher.",
    failure: "The message is dropped and acknowledged with 0x83 Implementation specific error.",
    fail: (event) => {
      event.processPublish = false;
      event.response.reasonCode = ReasonCode.implementationSpecificError;
    },
  },
  interceptingSubscription: {
    fires: "For each Topic Filter of a SUBSCRIBE, before anything is changed.",
    order: "In the order of the filters; after interceptingInboundPacket.",
    waits: "SUBACK and the client's next packet.",
    slows: "That client.",
    failure: "The filter is refused with 0x83 Implementation specific error.",
    fail: (event) => {
      event.processSubscription = false;
      event.response.reasonCode = ReasonCode.implementationSpecificError;
    },
  },
  interceptingUnsubscription: {
    fires: "For each Topic Filter of an UNSUBSCRIBE, before anything is changed.",
    order: "In the order of the filters; after interceptingInboundPacket.",
    waits: "UNSUBACK and the client's next packet.",
    slows: "That client.",
    failure: "The subscription stays; the filter is answered with 0x83.",
    fail: (event) => {
      event.processUnsubscription = false;
      event.response.reasonCode = ReasonCode.implementationSpecificError;
    },
  },
  loadingRetainedMessage: {
    fires: "At each start, before anything listens.",
    order: "Before started; after the store, if there is one, was read.",
    waits: "The start.",
    slows: "The start.",
    failure:
      "The start rejects with what the handler failed with, for a start without the messages would have them deleted where they are kept. Its time is startTimeoutMs.",
    fail: (event, error) => {
      event.loadedRetainedMessages = [];
      Object.assign(event, { failure: error });
    },
    isOfStart: true,
  },
  preparingSession: {
    fires: "When a client was let in and its session is found or made, before CONNACK.",
    order:
      "After validatingConnection, before an older connection of the client is ended, and before CONNACK.",
    waits: "CONNACK.",
    slows: "That client.",
    failure:
      "Nothing is restored; the session is used as it is. A subscription or message that cannot be is left out, logged and counted; the rest is restored.",
    fail: (event) => {
      event.subscriptions = [];
      event.messages = [];
    },
  },
  queuedApplicationMessageOverwritten: {
    fires:
      "When a full queue, or the full backlog of a client that reads too slowly, gave up its oldest message for a new one.",
    order: "Before applicationMessageEnqueuedOrDropped of the new message.",
    waits: "Nothing.",
    slows: "Nobody.",
    failure: LOGGED,
  },
  retainedMessageChanged: {
    fires:
      "When a topic's retained message was set, replaced, removed, or has expired; not under $SYS/, which each start makes anew.",
    order:
      "After interceptingClientEnqueue, when the message was given to its receivers; before applicationMessageEnqueuedOrDropped.",
    waits: "The message's acknowledgement. Nothing, of one that expired.",
    slows: "The publisher.",
    failure: LOGGED,
  },
  retainedMessagesCleared: {
    fires: "When all retained messages were removed on request.",
    order: "After the last of them is gone; retainedMessageChanged does not fire for each.",
    waits: "The promise of clear().",
    slows: "The caller of clear().",
    failure: LOGGED,
  },
  sessionDeleted: {
    fires: "On every way a session can end.",
    order:
      "After the Will was shown to its handlers: where these answer at once, it has been given to its receivers. Before clientDisconnected, if the connection ended it.",
    waits: "What is told of the client next; stop().",
    slows: "That client, if it comes back.",
    failure: LOGGED,
  },
  started: {
    fires: "When everything listens.",
    order: "After loadingRetainedMessage. Clients may have come by then.",
    waits: "The promise of start().",
    slows: "The caller of start().",
    failure: LOGGED,
  },
  stopped: {
    fires: "When everything is closed.",
    order:
      "After the handlers of clientDisconnected, sessionDeleted and Wills. Nothing fires after it.",
    waits: "The promise of stop().",
    slows: "The caller of stop().",
    failure: LOGGED,
  },
  validatingConnection: {
    fires: "When CONNECT has come and is well-formed, and again for each re-authentication.",
    order:
      "After interceptingInboundPacket; before any session is touched, so a refused client has no effect on others.",
    waits: "CONNACK.",
    slows: "That client.",
    failure: "The client is refused with 0x80 Unspecified error.",
    fail: (event) => {
      event.reasonCode = ReasonCode.unspecifiedError;
    },
    isFinal: (event) => event.reasonCode >= 0x80,
  },
};

/** The names of all events. */
export const SERVER_EVENT_NAMES: readonly ServerEventName[] =
  Object.keys(SERVER_EVENTS).filter(isServerEventName);

/** True for the name of an event. */
export function isServerEventName(name: string): name is ServerEventName {
  return Object.hasOwn(SERVER_EVENTS, name);
}
