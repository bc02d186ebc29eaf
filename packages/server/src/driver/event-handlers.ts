import { MqttConfigurationError } from "@anax/protocol";
import type { HookArguments, Hooks } from "../core/hooks/hooks.ts";
import { isServerEventName, SERVER_EVENT_NAMES, SERVER_EVENTS } from "../events.ts";
import type {
  ServerEventArguments,
  ServerEventHandler,
  ServerEventHandlers,
  ServerEventName,
} from "../events.ts";
import { HANDLER_ANSWERS } from "./handler-answers.ts";
import type { HandlerEvent } from "./event-signal.ts";
import { withSignal } from "./event-signal.ts";
import { insideOutbound } from "./inside-handler.ts";
import { askable } from "./enhanced-authentication.ts";
import type { HandlerWaits } from "./handler-waits.ts";
import { HandlerList } from "./handler-list.ts";
import type { HandlerOutcome, HandlerSurroundings } from "./handler-list.ts";
import type { AnswerCheck } from "./answer-check.ts";

/** A registered handler; dispose of it to be called no more. */
export interface EventRegistration extends Disposable {
  dispose(): void;
}

type HandlerLists = {
  readonly [Name in ServerEventName]: HandlerList<HookArguments[Name], ServerEventArguments[Name]>;
};

/** Handlers that registered for extension events, and the hooks by which the core calls them. */
export class EventHandlers {
  /** A member is undefined while its event has no handler: the core then pays one branch. */
  readonly hooks: Hooks = Object.fromEntries(SERVER_EVENT_NAMES.map((name) => [name, undefined]));
  /** What is waited for just now. */
  readonly waits: HandlerWaits;
  readonly #lists: HandlerLists;
  readonly #changed: () => void;

  constructor(surroundings: HandlerSurroundings & { readonly changed?: () => void }) {
    this.waits = surroundings.waits;
    this.#changed = surroundings.changed ?? ((): void => undefined);
    this.#lists = handlerLists(surroundings);
  }

  /** Adds a handler behind those that are there. Throws `MqttConfigurationError` for an unknown event. */
  on<Name extends ServerEventName>(
    name: Name,
    handler: ServerEventHandler<Name>,
  ): EventRegistration {
    if (!isServerEventName(name)) {
      throw new MqttConfigurationError(`there is no event ${JSON.stringify(name)}`);
    }
    if (typeof handler !== "function") {
      throw new MqttConfigurationError(`the handler of ${name} is ${typeof handler}, no function`);
    }
    // A function of its own, so that the same handler registered twice is removed once.
    const plain: ServerEventHandler<Name> = (event) => handler(event);
    const own = name === "interceptingOutboundPacket" ? insideOutbound(plain) : plain;
    this.#lists[name].add(own);
    this.#install(name);
    const dispose = (): void => {
      this.#lists[name].remove(own);
      this.#install(name);
    };
    return { dispose, [Symbol.dispose]: dispose };
  }

  /** Like `on`, for one event. */
  once<Name extends ServerEventName>(
    name: Name,
    handler: ServerEventHandler<Name>,
  ): EventRegistration {
    const registration = this.on(name, (event) => {
      registration.dispose();
      return handler(event);
    });
    return registration;
  }

  /** Adds the handlers that an options object names. */
  addAll(handlers: ServerEventHandlers): void {
    for (const name of Object.keys(handlers)) {
      if (!isServerEventName(name)) {
        throw new MqttConfigurationError(`there is no event ${JSON.stringify(name)}`);
      }
      this.#addFrom(handlers, name);
    }
  }

  #addFrom<Name extends ServerEventName>(handlers: ServerEventHandlers, name: Name): void {
    const handler: ServerEventHandlers[Name] = handlers[name];
    if (handler !== undefined) this.on(name, handler);
  }

  #install<Name extends ServerEventName>(name: Name): void {
    Object.assign(this.hooks, { [name]: this.#lists[name].hook });
    this.#changed();
  }
}

function outcomeOf<Name extends ServerEventName>(name: Name): HandlerOutcome<HookArguments[Name]> {
  const answers: AnswerCheck<HookArguments[Name]> | undefined = HANDLER_ANSWERS[name];
  return { ...SERVER_EVENTS[name], answers };
}

/** One list for each event, by hand, so that the compiler ties each to its event. */
function handlerLists(surroundings: HandlerSurroundings): HandlerLists {
  const list = <Name extends Exclude<ServerEventName, "validatingConnection">>(
    name: Name,
  ): HandlerList<HookArguments[Name], ServerEventArguments[Name]> =>
    new HandlerList(name, outcomeOf(name), surroundings, (event) => {
      const seen: HookArguments[Name] & HandlerEvent = withSignal(event);
      return seen as ServerEventArguments[Name];
    });
  return {
    applicationMessageEnqueuedOrDropped: list("applicationMessageEnqueuedOrDropped"),
    applicationMessageNotConsumed: list("applicationMessageNotConsumed"),
    clientAcknowledgedPublishPacket: list("clientAcknowledgedPublishPacket"),
    clientConnected: list("clientConnected"),
    clientDisconnected: list("clientDisconnected"),
    clientSubscribedTopic: list("clientSubscribedTopic"),
    clientUnsubscribedTopic: list("clientUnsubscribedTopic"),
    interceptingClientEnqueue: list("interceptingClientEnqueue"),
    interceptingInboundPacket: list("interceptingInboundPacket"),
    interceptingOutboundPacket: list("interceptingOutboundPacket"),
    interceptingPublish: list("interceptingPublish"),
    interceptingSubscription: list("interceptingSubscription"),
    interceptingUnsubscription: list("interceptingUnsubscription"),
    loadingRetainedMessage: list("loadingRetainedMessage"),
    preparingSession: list("preparingSession"),
    queuedApplicationMessageOverwritten: list("queuedApplicationMessageOverwritten"),
    retainedMessageChanged: list("retainedMessageChanged"),
    retainedMessagesCleared: list("retainedMessagesCleared"),
    sessionDeleted: list("sessionDeleted"),
    started: list("started"),
    stopped: list("stopped"),
    validatingConnection: new HandlerList(
      "validatingConnection",
      outcomeOf("validatingConnection"),
      surroundings,
      askable,
    ),
  };
}
