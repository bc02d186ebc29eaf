/** What ends a request before its answer comes: the caller's signal, or too long a time without an answer. */
import type { CancelCall, Clock } from "./clock.ts";
import { MqttTimeoutError } from "./core/errors.ts";
import { deferred } from "./deferred.ts";
import { callAfterReading } from "./platform.ts";

/** What limits of requests need of the client. */
export interface RequestLimitsClient {
  readonly clock: Clock;
  /** Undefined for no limit. */
  readonly requestTimeoutMs: number | undefined;
  /** Since when there is a connection; undefined while there is none. */
  readonly connectedSinceMs: () => number | undefined;
}

/** The limits of the requests of a client. */
export class RequestLimits {
  readonly #client: RequestLimitsClient;

  constructor(client: RequestLimitsClient) {
    this.#client = client;
  }

  /**
   * The promise of a request, given up when the signal is aborted or no answer comes in time.
   * @param name of the packet, for people
   * @param giveUp is called when nobody waits for the answer any more
   */
  within<T>(
    promise: Promise<T>,
    name: string,
    signal: AbortSignal | undefined,
    giveUp: () => void = () => {},
  ): Promise<T> {
    if (signal === undefined && this.#client.requestTimeoutMs === undefined) return promise;
    const { promise: result, resolve, reject } = deferred<T>();
    const end = (reason: unknown): void => {
      giveUp();
      reject(reason);
    };
    const abort = (): void => end(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    const cancelLimit = this.limit(name, end);
    const settled = (): void => {
      signal?.removeEventListener("abort", abort);
      cancelLimit();
    };
    void promise.then(resolve, reject);
    result.then(settled, settled);
    return result;
  }

  /**
   * Calls when no answer came within `requestTimeoutMs`. Only the time of the present connection counts: what waits for one is
   * not unanswered.
   */
  limit(name: string, onOver: (error: MqttTimeoutError) => void): CancelCall {
    const { clock, requestTimeoutMs, connectedSinceMs } = this.#client;
    if (requestTimeoutMs === undefined) return () => {};
    const askedMs = clock.now();
    let isCancelled = false;
    let cancelCall: CancelCall;
    const leftMs = (): number => {
      const sinceMs = connectedSinceMs();
      if (sinceMs === undefined) return requestTimeoutMs;
      return Math.max(askedMs, sinceMs) + requestTimeoutMs - clock.now();
    };
    const end = (): void => {
      const seconds = requestTimeoutMs / 1_000;
      if (!isCancelled) onOver(new MqttTimeoutError(`no answer within ${seconds} s to ${name}`));
    };
    const look = (): void => {
      const delayMs = leftMs();
      if (delayMs > 0) cancelCall = clock.callAfter(Math.ceil(delayMs), look);
      // The answer may have arrived while the program was stopped or busy.
      else callAfterReading(end);
    };
    cancelCall = clock.callAfter(requestTimeoutMs, look);
    return () => {
      isCancelled = true;
      cancelCall();
    };
  }
}
