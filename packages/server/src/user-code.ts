/**
 * The fence around functions that the program supplies, as its logger, its listeners and its store: what they throw, or
 * what a promise of theirs rejects with, stays here, and whoever called goes on.
 */
import { asError } from "./errors.ts";
import type { Clock } from "./ports/clock.ts";

/** True for a promise, of the platform or of somebody's own. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}

/** Does `work`; what it throws or rejects with goes to `failed`. Undefined if it threw. */
export function fenced<Result>(
  work: () => Result,
  failed: (error: Error) => void,
): Result | undefined {
  try {
    const answer = work();
    if (isThenable(answer)) {
      Promise.resolve(answer).catch((error: unknown) => failed(asError(error)));
    }
    return answer;
  } catch (error) {
    failed(asError(error));
    return undefined;
  }
}

/** How long somebody is waited for. */
export interface Patience {
  readonly clock: Clock;
  readonly limitMs: number;
  /** What is thrown when the time is over. */
  readonly tooLate: () => Error;
}

/** Waits for `work`, which may throw, but not for ever. Rejects with what it rejects with, or when the time is over. */
export function within<Result>(
  work: () => Result | PromiseLike<Result>,
  { clock, limitMs, tooLate }: Patience,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const cancel = clock.callAfter(limitMs, () => reject(tooLate()));
    const attempt = async (): Promise<Result> => work();
    attempt()
      .finally(() => cancel())
      .then(resolve, (error: unknown) => reject(asError(error)));
  });
}
