import type { Clock } from "./clock.ts";
import { handled } from "./deferred.ts";

/** A promise that is rejected, and knows whether anything waits for it. */
class Rejection extends Promise<never> {
  isAwaited = false;

  // What `then` gives is an ordinary promise.
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a promise that is awaited calls it
  override then<Fulfilled = never, Rejected = never>(
    onFulfilled?: ((value: never) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    this.isAwaited = true;
    return super.then(onFulfilled, onRejected);
  }
}

/** A call that fails at once: it is reported if nothing waits for it when the turn of the loop is over. */
export function rejected(
  error: unknown,
  clock: Clock,
  report: (error: unknown) => void,
): Promise<never> {
  const rejection = new Rejection((_resolve, reject) => reject(error));
  void handled(rejection);
  rejection.isAwaited = false;
  clock.callAfter(0, () => {
    if (!rejection.isAwaited) report(error);
  });
  return rejection;
}
