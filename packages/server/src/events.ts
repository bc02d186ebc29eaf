/**
 * The 22 extension events, as one table: when each fires, whether the server waits for its handlers,
 * and what happens if a handler fails. A handler fails by throwing, by a promise that rejects, and by
 * a promise that takes longer than `handlerTimeoutMs`; each failure is logged and counted. The rules:
 *
 * - Handlers of one event run one after the other, in the order in which they were registered. One
 *   that returns no promise is not waited for and costs none.
 * - Of an event that decides something, a failure is the decision, and later handlers are not called.
 *   Of an event that only tells something, the next handler is called.
 * - A handler that goes on after its time is over changes nothing: what it was given is frozen.
 * - Only the client whose packet is at work waits. Its later packets wait behind, in order.
 */
import type { AuthPacket } from "@anax/protocol";
import { ReasonCode } from "@anax/protocol";
import type { AuthenticationStep, ValidatingConnection } from "./core/hooks/connection-events.ts";
import type { HookArguments, HookName } from "./core/hooks/hooks.ts";

/** What `validatingConnection` handlers are given: the fields of the event, and a way to ask the client more. */
export interface ValidatingConnectionEvent extends ValidatingConnection {
  /**
   * Sends AUTH 0x18 (Continue authentication) and resolves with the client's AUTH [MQTT-4.12.0-3].
   * Rejects with `MqttConnectionClosedError` if the client goes away, or did not ask for enhanced
   * authentication, or the handler's time is over.
   */
  exchangeEnhancedAuthentication(step: AuthenticationStep): Promise<AuthPacket>;
}

/** What the handlers of each event are given. */
export type ServerEventArguments = Omit<HookArguments, "validatingConnection"> & {
  validatingConnection: ValidatingConnectionEvent;
};

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
  /** What waits until the handlers are done. */
  readonly waits: string;
  /** What a failing handler causes. */
  readonly failure: string;
  /** Writes that outcome into the event; absent if the event only tells something. */
  readonly fail?: (event: HookArguments[Name]) => void;
  /** True when the outcome is final and later handlers are not asked. */
  readonly isFinal?: (event: HookArguments[Name]) => boolean;
}

const LOGGED = "It is logged; the next handler is called.";

/** Every event, in alphabetical order. */
export const SERVER_EVENTS: {
  readonly [Name in ServerEventName]: ServerEventDescription<Name>;
} = {
  applicationMessageEnqueuedOrDropped: {
    fires: "After the attempt to give a message to a receiver, once for each receiver.",
    waits: "The publisher's next packet.",
    failure: LOGGED,
  },
  applicationMessageNotConsumed: {
    fires: "When nobody took a message: no subscription matched, or every receiver was vetoed.",
    waits: "The publisher's next packet.",
    failure: LOGGED,
  },
  clientAcknowledgedPublishPacket: {
    fires: "When a subscriber's PUBACK, or its PUBCOMP or refusing PUBREC, has come.",
    waits: "Nothing.",
    failure: LOGGED,
  },
  clientConnected: {
    fires: "When a client is let in and its CONNACK is on its way.",
    waits: "The client's first packet after CONNECT.",
    failure: LOGGED,
  },
  clientDisconnected: {
    fires: "Once for each clientConnected, when the connection has ended.",
    waits: "Nothing.",
    failure: LOGGED,
  },
  clientSubscribedTopic: {
    fires: "When a subscription is in force, before SUBACK is sent.",
    waits: "SUBACK.",
    failure: LOGGED,
  },
  clientUnsubscribedTopic: {
    fires: "When a subscription that existed is gone, before UNSUBACK is sent.",
    waits: "UNSUBACK.",
    failure: LOGGED,
  },
  interceptingClientEnqueue: {
    fires: "For each receiver of a message, retained ones too, before it is given the message.",
    waits: "The rest of the message's receivers, and the publisher's next packet.",
    failure: "That receiver does not get the message.",
    fail: (event) => {
      event.acceptEnqueue = false;
    },
  },
  interceptingInboundPacket: {
    fires: "For each packet of a client, CONNECT and AUTH too, before it is handled.",
    waits: "The packet and those behind it.",
    failure: "The packet is dropped.",
    fail: (event) => {
      event.processPacket = false;
    },
  },
  interceptingOutboundPacket: {
    fires: "For each packet to a client, CONNACK that refuses and AUTH too, before it is sent.",
    waits: "The packet and those behind it.",
    failure: "The packet is dropped.",
    fail: (event) => {
      event.processPacket = false;
    },
  },
  interceptingPublish: {
    fires: "For each message of a client, a Will or the server, before it is retained and routed.",
    waits: "The message, its acknowledgement and the publisher's next packet.",
    failure: "The message is dropped and acknowledged with 0x83 Implementation specific error.",
    fail: (event) => {
      event.processPublish = false;
      event.response.reasonCode = ReasonCode.implementationSpecificError;
    },
  },
  interceptingSubscription: {
    fires: "For each Topic Filter of a SUBSCRIBE, before anything is changed.",
    waits: "SUBACK and the client's next packet.",
    failure: "The filter is refused with 0x83 Implementation specific error.",
    fail: (event) => {
      event.processSubscription = false;
      event.response.reasonCode = ReasonCode.implementationSpecificError;
    },
  },
  interceptingUnsubscription: {
    fires: "For each Topic Filter of an UNSUBSCRIBE, before anything is changed.",
    waits: "UNSUBACK and the client's next packet.",
    failure: "The subscription stays; the filter is answered with 0x83.",
    fail: (event) => {
      event.processUnsubscription = false;
      event.response.reasonCode = ReasonCode.implementationSpecificError;
    },
  },
  loadingRetainedMessage: {
    fires: "At each start, before anything listens.",
    waits: "The start.",
    failure: LOGGED,
  },
  preparingSession: {
    fires: "When a client was let in and its session is found or made, before CONNACK.",
    waits: "CONNACK.",
    failure: "Nothing is restored; the session is used as it is.",
    fail: (event) => {
      event.subscriptions = [];
      event.messages = [];
    },
  },
  queuedApplicationMessageOverwritten: {
    fires: "When a full queue gave up its oldest message for a new one.",
    waits: "Nothing.",
    failure: LOGGED,
  },
  retainedMessageChanged: {
    fires: "When a topic's retained message was set, replaced or removed.",
    waits: "The publisher's next packet.",
    failure: LOGGED,
  },
  retainedMessagesCleared: {
    fires: "When all retained messages were removed at once.",
    waits: "Nothing.",
    failure: LOGGED,
  },
  sessionDeleted: {
    fires: "On every way a session can end.",
    waits: "Nothing.",
    failure: LOGGED,
  },
  started: {
    fires: "When everything listens.",
    waits: "The promise of start().",
    failure: LOGGED,
  },
  stopped: {
    fires: "When everything is closed.",
    waits: "The promise of stop().",
    failure: LOGGED,
  },
  validatingConnection: {
    fires: "When CONNECT has come and is well-formed, and again for each re-authentication.",
    waits: "CONNACK.",
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
