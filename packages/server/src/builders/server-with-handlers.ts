import type { EventRegistration } from "../driver/event-handlers.ts";
import type { ServerEventHandler, ServerEventName } from "../events.ts";
import { MqttServer } from "../server.ts";

/**
 * A server with the handler properties of older MQTTnet versions: one handler for each event, set, replaced, or removed
 * with undefined. Handlers of `on` are called beside them.
 */
export class MqttServerWithHandlers extends MqttServer {
  readonly #set = new Map<ServerEventName, EventRegistration>();

  set startedHandler(handler: ServerEventHandler<"started"> | undefined) {
    this.#replace("started", handler);
  }

  set stoppedHandler(handler: ServerEventHandler<"stopped"> | undefined) {
    this.#replace("stopped", handler);
  }

  set clientConnectedHandler(handler: ServerEventHandler<"clientConnected"> | undefined) {
    this.#replace("clientConnected", handler);
  }

  set clientDisconnectedHandler(handler: ServerEventHandler<"clientDisconnected"> | undefined) {
    this.#replace("clientDisconnected", handler);
  }

  set clientSubscribedTopicHandler(
    handler: ServerEventHandler<"clientSubscribedTopic"> | undefined,
  ) {
    this.#replace("clientSubscribedTopic", handler);
  }

  set clientUnsubscribedTopicHandler(
    handler: ServerEventHandler<"clientUnsubscribedTopic"> | undefined,
  ) {
    this.#replace("clientUnsubscribedTopic", handler);
  }

  /** Every message that is published, before it is delivered. */
  set applicationMessageReceivedHandler(
    handler: ServerEventHandler<"interceptingPublish"> | undefined,
  ) {
    this.#replace("interceptingPublish", handler);
  }

  useStartedHandler(handler: ServerEventHandler<"started">): this {
    return this.#replace("started", handler);
  }

  useStoppedHandler(handler: ServerEventHandler<"stopped">): this {
    return this.#replace("stopped", handler);
  }

  useClientConnectedHandler(handler: ServerEventHandler<"clientConnected">): this {
    return this.#replace("clientConnected", handler);
  }

  useClientDisconnectedHandler(handler: ServerEventHandler<"clientDisconnected">): this {
    return this.#replace("clientDisconnected", handler);
  }

  useClientSubscribedTopicHandler(handler: ServerEventHandler<"clientSubscribedTopic">): this {
    return this.#replace("clientSubscribedTopic", handler);
  }

  useClientUnsubscribedTopicHandler(handler: ServerEventHandler<"clientUnsubscribedTopic">): this {
    return this.#replace("clientUnsubscribedTopic", handler);
  }

  useApplicationMessageReceivedHandler(handler: ServerEventHandler<"interceptingPublish">): this {
    return this.#replace("interceptingPublish", handler);
  }

  #replace<Name extends ServerEventName>(
    name: Name,
    handler: ServerEventHandler<Name> | undefined,
  ): this {
    this.#set.get(name)?.dispose();
    this.#set.delete(name);
    if (handler !== undefined) this.#set.set(name, this.on(name, handler));
    return this;
  }
}
