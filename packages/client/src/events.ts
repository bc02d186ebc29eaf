/** The events of a client, and who listens to them. */
import { MqttConfigurationError, showValue } from "@anax/protocol";
import type { Packet } from "@anax/protocol";
import type { ConnectResult } from "./core/connect-result.ts";
import { asError } from "./core/errors.ts";
import type { Message } from "./core/message.ts";
import type { PacketDirection } from "./core/output.ts";
import { requireType } from "./validation.ts";

/** A connection ended, or an attempt to connect failed. */
export interface DisconnectedEvent {
  /** Reason Code of MQTT 5.0, where one side named one. */
  readonly reasonCode?: number;
  /** The words of the side that ended it, for people. */
  readonly reasonString?: string;
  /** Whether there was a connection: false for a failed attempt. */
  readonly wasConnected: boolean;
  /** What went wrong; absent when the application ended it. */
  readonly error?: Error;
  /** Whether the client will try to connect again. */
  readonly willReconnect: boolean;
}

/** An attempt to connect begins. */
export interface ConnectingEvent {
  /** 1 for the first since `connect` was called, or since a connection that lasted. */
  readonly attempt: number;
}

/** A packet passed. */
export interface PacketEvent {
  readonly direction: PacketDirection;
  readonly packet: Packet;
}

/** The events of a client, by name. */
export interface ClientEvents {
  /** An attempt to connect begins. */
  connecting: ConnectingEvent;
  /** A connection is up, the first or a later one. */
  connected: ConnectResult;
  /** A connection ended, or an attempt failed. */
  disconnected: DisconnectedEvent;
  /** A message came, whichever subscription it belongs to, or none. */
  message: Message;
  /** A packet was received or is about to be sent. Costs nothing while nobody listens. */
  packet: PacketEvent;
  /** Something failed that nobody waits for, such as a handler that threw. Ignoring it does no harm. */
  error: Error;
}

/** Takes one kind of event; a promise that it gives is not waited for, but its failure is an `error` event. */
export type EventHandler<Event> = (event: Event) => unknown;

/** A registration that can be undone. */
export interface Registration {
  /** Undoes it. */
  dispose(): void;
  /** The same, for `using`. */
  [Symbol.dispose](): void;
}

/** Who listens to one kind of event. */
class HandlerList<Event> {
  /** Replaced, not changed, when somebody comes or goes, so that an event under way is not disturbed. */
  handlers: readonly EventHandler<Event>[] = [];

  add(handler: EventHandler<Event>): () => void {
    // A function of its own, so that the same handler can be registered twice and undone once.
    const entry: EventHandler<Event> = (event) => handler(event);
    this.handlers = [...this.handlers, entry];
    return () => {
      this.handlers = this.handlers.filter((other) => other !== entry);
    };
  }
}

type HandlerLists = { readonly [Name in keyof ClientEvents]: HandlerList<ClientEvents[Name]> };

/** Calls handlers so that none can break the client or another handler. */
export class EventHandlers {
  readonly #lists: HandlerLists = {
    connecting: new HandlerList(),
    connected: new HandlerList(),
    disconnected: new HandlerList(),
    message: new HandlerList(),
    packet: new HandlerList(),
    error: new HandlerList(),
  };

  /** The first error that nobody listens to is shown; more of the same would flood the console. */
  #hasWarned = false;

  /** Whether anybody listens. */
  has(name: keyof ClientEvents): boolean {
    return this.#lists[name].handlers.length > 0;
  }

  /**
   * Registers a handler.
   * @throws MqttConfigurationError when there is no such event, or the handler is no function
   */
  add<Name extends keyof ClientEvents>(
    name: Name,
    handler: EventHandler<ClientEvents[Name]>,
    removed: () => void,
  ): Registration {
    if (!Object.hasOwn(this.#lists, name)) {
      const names = Object.keys(this.#lists).join(" ");
      throw new MqttConfigurationError(`there is no event ${showValue(name)}, only ${names}`);
    }
    requireType(handler, "function", "the handler");
    const remove = this.#lists[name].add(handler);
    const dispose = (): void => {
      remove();
      removed();
    };
    return { dispose, [Symbol.dispose]: dispose };
  }

  /** Tells everybody who listens. */
  emit<Name extends keyof ClientEvents>(name: Name, event: ClientEvents[Name]): void {
    for (const handler of this.#lists[name].handlers) this.#call(handler, event, name);
  }

  /** Calls any handler of the application; what it throws becomes an `error` event. */
  call<Event>(handler: EventHandler<Event>, event: Event): void {
    this.#call(handler, event, undefined);
  }

  /** Reports a failure that nobody waits for. */
  report(error: unknown): void {
    this.emit("error", asError(error));
    if (this.has("error") || this.#hasWarned) return;
    this.#hasWarned = true;
    // oxlint-disable-next-line no-console -- a mistake in a handler would show nowhere else
    console.warn("@anax/client: an error, and nobody listens to its `error` event:", error);
  }

  #call<Event>(
    handler: EventHandler<Event>,
    event: Event,
    name: keyof ClientEvents | undefined,
  ): void {
    try {
      const result = handler(event);
      if (isThenable(result))
        Promise.resolve(result).catch((error: unknown) => this.#failed(error, name));
    } catch (error) {
      this.#failed(error, name);
    }
  }

  /** A handler of errors that fails has nobody left to tell. */
  #failed(error: unknown, name: keyof ClientEvents | undefined): void {
    if (name !== "error") this.report(error);
  }
}

/** True for a promise, of the platform or of somebody's own. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== "object" || value === null || !("then" in value)) return false;
  return typeof value.then === "function";
}
