import { MqttConfigurationError } from "@anax/protocol";
import type { QoS } from "@anax/protocol";
import { MqttClient } from "../client.ts";
import type { ConnectResult } from "../core/connect-result.ts";
import { makeInspectable } from "../core/inspecting.ts";
import type { Message } from "../core/message.ts";
import type { ClientEvents, DisconnectedEvent, EventHandler, Registration } from "../events.ts";
import type {
  DisconnectOptions,
  PublishMessage,
  PublishOptions,
  PublishResult,
  RequestOptions,
  SubscribeOptions,
  TopicFilters,
  UnsubscribeOptions,
  UnsubscribeResult,
} from "../options.ts";
import type { Subscription } from "../subscription.ts";
import { requireOptions } from "../validation.ts";
import type { MqttClientOptions } from "./client-options-builder.ts";
import type {
  MqttClientSubscribeOptions,
  MqttClientUnsubscribeOptions,
} from "./subscribe-options-builder.ts";

const BUILT_RULES = { server: "unknown", options: "Object" };
/** Messages reach the `message` handlers; a subscription of MQTTnet has no handler of its own. */
const NO_HANDLER = (): void => {};

/** A handler of the client, and what undoes it at the `MqttClient` of the moment. */
interface Entry {
  readonly name: keyof ClientEvents;
  readonly handler: EventHandler<never>;
  registration: Registration | undefined;
}

/**
 * A client as MQTTnet's programs use it: made without options, connected with those that were built, with handlers that
 * stay when it connects with others. Each `connect` with options makes an `MqttClient` of them, which is `client`.
 */
export class MqttClientWithHandlers implements AsyncDisposable {
  #client: MqttClient | undefined;
  #options: MqttClientOptions | undefined;
  readonly #entries: Set<Entry> = new Set();
  readonly #set: Map<keyof ClientEvents, Registration> = new Map();

  /** Throws `MqttConfigurationError` for options that were not built, or cannot be. */
  constructor(options?: MqttClientOptions | null) {
    if (options !== undefined && options !== null) this.#use(options);
  }

  /** The client itself. Throws `MqttConfigurationError` before there are options. */
  get client(): MqttClient {
    if (this.#client !== undefined) return this.#client;
    throw new MqttConfigurationError("the client has no options yet: give them to connect");
  }

  /** What it was made of. */
  get options(): MqttClientOptions | undefined {
    return this.#options;
  }

  get isConnected(): boolean {
    return this.#client?.connected ?? false;
  }

  /** Connects, with these options or those of before. Rejects as `MqttClient.connect` does, where MQTTnet gives a code. */
  async connect(options?: MqttClientOptions): Promise<ConnectResult> {
    if (options !== undefined && options !== this.#options) {
      if (this.isConnected) throw new MqttConfigurationError("the client is connected already");
      this.#use(options);
    }
    return this.client.connect();
  }

  /** Connects with the options of before. */
  reconnect(): Promise<ConnectResult> {
    return this.connect();
  }

  async disconnect(options?: DisconnectOptions): Promise<void> {
    await this.#client?.disconnect(options);
  }

  /** Disconnects; false where that failed. */
  async tryDisconnect(options?: DisconnectOptions): Promise<boolean> {
    return isFulfilled(this.disconnect(options));
  }

  /** Ends the connection without DISCONNECT, so that the server publishes the Will. */
  dispose(): void {
    this.#client?.destroy();
  }

  /** The milliseconds until PINGRESP came. */
  async ping(options?: RequestOptions): Promise<number> {
    return this.client.ping(options);
  }

  /** Whether the server answers. */
  async tryPing(options?: RequestOptions): Promise<boolean> {
    return isFulfilled(this.ping(options));
  }

  publish(message: PublishMessage): Promise<PublishResult>;
  publish(
    topic: string,
    payload?: string | Uint8Array,
    options?: PublishOptions,
  ): Promise<PublishResult>;
  async publish(
    topic: string | PublishMessage,
    ...others: readonly unknown[]
  ): Promise<PublishResult> {
    const [payload, options] = others as [string | undefined, PublishOptions | undefined];
    return typeof topic === "string"
      ? this.client.publish(topic, payload, options)
      : this.client.publish(topic);
  }

  publishString(topic: string, payload = "", qos: QoS = 0, retain = false): Promise<PublishResult> {
    return this.publish(topic, payload, { qos, retain });
  }

  publishBinary(
    topic: string,
    payload?: Uint8Array,
    qos: QoS = 0,
    retain = false,
  ): Promise<PublishResult> {
    return this.publish(topic, payload, { qos, retain });
  }

  /** What was built, or Topic Filters, with a QoS or options. Messages reach the `message` handlers. */
  subscribe(
    what: MqttClientSubscribeOptions | TopicFilters,
    qosOrOptions: QoS | SubscribeOptions = {},
  ): Subscription {
    if (isBuilt(what)) {
      return this.client.subscribe(what.topicFilters, NO_HANDLER, what.options);
    }
    const options = typeof qosOrOptions === "number" ? { qos: qosOrOptions } : qosOrOptions;
    return this.client.subscribe(what, NO_HANDLER, options);
  }

  /** What was built, or Topic Filters. */
  async unsubscribe(
    what: MqttClientUnsubscribeOptions | string | readonly string[],
    options?: UnsubscribeOptions,
  ): Promise<UnsubscribeResult> {
    return isBuilt(what)
      ? this.client.unsubscribe(what.topicFilters, what.options)
      : this.client.unsubscribe(what, options);
  }

  /** Registers a handler, which stays when the client connects with other options. */
  on<Name extends keyof ClientEvents>(
    name: Name,
    handler: EventHandler<ClientEvents[Name]>,
  ): Registration {
    const entry: Entry = { name, handler, registration: this.#client?.on(name, handler) };
    this.#entries.add(entry);
    const dispose = (): void => {
      this.#entries.delete(entry);
      entry.registration?.dispose();
    };
    return { dispose, [Symbol.dispose]: dispose };
  }

  set applicationMessageReceivedHandler(handler: EventHandler<Message> | undefined) {
    this.#replace("message", handler);
  }

  set connectedHandler(handler: EventHandler<ConnectResult> | undefined) {
    this.#replace("connected", handler);
  }

  set disconnectedHandler(handler: EventHandler<DisconnectedEvent> | undefined) {
    this.#replace("disconnected", handler);
  }

  useApplicationMessageReceivedHandler(handler: EventHandler<Message>): this {
    return this.#replace("message", handler);
  }

  useConnectedHandler(handler: EventHandler<ConnectResult>): this {
    return this.#replace("connected", handler);
  }

  useDisconnectedHandler(handler: EventHandler<DisconnectedEvent>): this {
    return this.#replace("disconnected", handler);
  }

  /** For `JSON.stringify`: what the client is, once there are options. */
  toJSON(): object {
    return this.#client?.toJSON() ?? { status: "without options" };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disconnect();
  }

  #use(options: MqttClientOptions): void {
    requireOptions(options, BUILT_RULES);
    this.#client = new MqttClient(options.server, options.options);
    this.#options = options;
    for (const entry of this.#entries) {
      entry.registration = this.#client.on(entry.name, entry.handler as EventHandler<unknown>);
    }
  }

  #replace<Name extends keyof ClientEvents>(
    name: Name,
    handler: EventHandler<ClientEvents[Name]> | undefined,
  ): this {
    this.#set.get(name)?.dispose();
    this.#set.delete(name);
    if (handler !== undefined) this.#set.set(name, this.on(name, handler));
    return this;
  }
}

makeInspectable(MqttClientWithHandlers.prototype, "MqttClientWithHandlers");

/** True for what a builder has built, false for Topic Filters. */
function isBuilt<Built extends { readonly topicFilters: unknown }>(
  what: Built | TopicFilters,
): what is Built {
  return typeof what === "object" && what !== null && "topicFilters" in what;
}

function isFulfilled(promise: Promise<unknown>): Promise<boolean> {
  return promise.then(
    () => true,
    () => false,
  );
}
