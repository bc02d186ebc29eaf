import type { MqttClient } from "@anax/client";
import { EXIT_CODE } from "../errors.ts";

/** Waits for the end of `anax sub`: enough messages, time up, or a connection that will not come back. */
export class Ending {
  /** The exit code, once there is one. Rejects when the client gives up. */
  readonly reached: Promise<number>;
  #resolve: (exitCode: number) => void = () => {};
  #reject: (error: Error) => void = () => {};
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #pending = new Set<Promise<unknown>>();
  #isReached = false;

  constructor(client: MqttClient, { timeout }: { readonly timeout: number | undefined }) {
    this.reached = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (timeout !== undefined) {
      this.#timer = setTimeout(() => this.reach(EXIT_CODE.timeout), timeout * 1_000);
    }
    client.on("disconnected", ({ wasConnected, willReconnect, error }) => {
      if (wasConnected && !willReconnect && error !== undefined) this.#reject(error);
    });
  }

  /** Whether it is over, so that what still comes is too late. */
  get isReached(): boolean {
    return this.#isReached;
  }

  /** Ends it with this exit code. */
  reach(exitCode: number): void {
    this.#isReached = true;
    this.#resolve(exitCode);
  }

  /** Something that has to be done before the connection is left. */
  awaitBeforeEnd(work: Promise<unknown>): void {
    this.#pending.add(work);
    work.then(
      () => this.#pending.delete(work),
      () => this.#pending.delete(work),
    );
  }

  /** Resolves when all of that is done, or has failed. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#pending);
  }

  /** Waits no longer for the time to be up. */
  dispose(): void {
    clearTimeout(this.#timer);
  }
}
