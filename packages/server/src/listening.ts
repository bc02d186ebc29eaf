import { asError, MqttListenError } from "./errors.ts";
import { createListener } from "./listeners/create-listener.ts";
import type { ListenerOptions } from "./listeners/create-listener.ts";
import { LimitedAcceptor } from "./listeners/limited-acceptor.ts";
import { isOwnListener } from "./server-arguments.ts";
import type { Clock } from "./ports/clock.ts";
import type { ConnectionAcceptor, Listener } from "./ports/listener.ts";
import type { Log } from "./ports/logger.ts";
import { within } from "./user-code.ts";

/** How long a listener may take to stop, before the server goes on without it. */
const STOP_TIMEOUT_MS = 5_000;

/** What starts and stops listeners needs. */
export interface ListeningOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds that one listener may take to start. */
  readonly startTimeoutMs: number;
}

/** Starts and stops the listeners of a server. One of the program's own may do neither, and keeps nobody from it. */
export class Listening {
  readonly #listeners: readonly Listener[];
  readonly #options: ListeningOptions;

  constructor(listeners: readonly Listener[], options: ListeningOptions) {
    this.#listeners = listeners;
    this.#options = options;
  }

  /** Rejects with what the first listener rejects with that cannot listen, or with `MqttListenError`. */
  async start(acceptor: ConnectionAcceptor): Promise<void> {
    const { clock, startTimeoutMs: limitMs } = this.#options;
    for (const listener of this.#listeners) {
      const text = `the ${listener.type} listener does not listen after ${limitMs} ms`;
      const tooLate = (): Error => new MqttListenError(text);
      const { connectionsMax: limit } = listener;
      const limited = limit === undefined ? acceptor : new LimitedAcceptor(acceptor, limit);
      await within(() => listener.start(limited), { clock, limitMs, tooLate });
    }
  }

  /** Never rejects: who cannot stop is logged. */
  async stop(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => this.#stop(listener)));
  }

  async #stop(listener: Listener): Promise<void> {
    const { clock, log } = this.#options;
    const tooLate = (): Error => new MqttListenError(`no end of it after ${STOP_TIMEOUT_MS} ms`);
    try {
      await within(() => listener.stop(), { clock, limitMs: STOP_TIMEOUT_MS, tooLate });
    } catch (error) {
      log.error?.("a listener could not stop", { type: listener.type }, asError(error));
    }
  }
}

/** What `MqttServer.address` may call a listener. */
export function typesOf({ type }: Listener): readonly string[] {
  return type === "ws" || type === "wss" ? [type, "websocket"] : [type];
}

/** What listens, of what options say: a listener of the program's own is taken as it is. */
export function listenersOf(
  given: readonly (ListenerOptions | Listener)[],
  log: Log,
): readonly Listener[] {
  return given.map((listener) =>
    isOwnListener(listener) ? listener : createListener(listener, log),
  );
}
