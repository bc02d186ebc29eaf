import { asError } from "../errors.ts";
import type { CancelCall, Clock, MachineRun } from "../ports/clock.ts";
import { isThenable } from "../user-code.ts";
import { systemClock } from "./system-clock.ts";
import { wallMs } from "../platform.ts";

/**
 * A clock of the program's own that cannot stop the server: where it fails, the time is what it was, and the system's
 * clock makes the call. `failed` is told of the first failure only, since a clock is asked at every turn.
 */
export function fencedClock(clock: Clock, failed: (error: Error) => void): Clock {
  return new FencedClock(clock, failed);
}

/** The clock of the program's own behind that fence, or that of this process. */
export function clockFor(clock: Clock | undefined, failed: (error: Error) => void): Clock {
  return clock === undefined ? systemClock : fencedClock(clock, failed);
}

class FencedClock implements Clock {
  readonly #clock: Clock;
  readonly #failed: (error: Error) => void;
  #lastMs: number | undefined;
  #isReported = false;

  constructor(clock: Clock, failed: (error: Error) => void) {
    this.#clock = clock;
    this.#failed = failed;
  }

  now(): number {
    const nowMs = this.#ask("now", () => this.#clock.now(), isTime);
    this.#lastMs = nowMs ?? this.#lastMs;
    return this.#lastMs ?? systemClock.now();
  }

  wallNow(): number {
    if (this.#clock.wallNow === undefined) return this.now();
    return this.#ask("wallNow", () => this.#clock.wallNow?.(), isTime) ?? wallMs();
  }

  machineRun(): MachineRun | undefined {
    return this.#ask("machineRun", () => this.#clock.machineRun?.(), isRunOrNone);
  }

  callAfter(delayMs: number, callback: () => void): CancelCall {
    let isDone = false;
    const once = (): void => {
      if (isDone) return;
      isDone = true;
      callback();
    };
    const cancels = [this.#arrange(delayMs, once)];
    // Nobody knows whether a clock that failed will call; whoever is first makes the call.
    if (cancels[0] === undefined) cancels.push(systemClock.callAfter(delayMs, once));
    return () => {
      isDone = true;
      for (const cancel of cancels) this.#cancel(cancel);
    };
  }

  #arrange(delayMs: number, callback: () => void): CancelCall | undefined {
    const arrange = (): unknown => this.#clock.callAfter(delayMs, callback);
    return this.#ask("callAfter", arrange, isCancel);
  }

  /** What the clock answers; undefined if it fails. */
  #ask<Answer>(
    method: keyof Clock,
    ask: () => unknown,
    isRight: (answer: unknown) => answer is Answer,
  ): Answer | undefined {
    try {
      const answer = ask();
      if (isRight(answer)) return answer;
      if (isThenable(answer)) Promise.resolve(answer).catch(() => undefined);
      this.#report(new Error(`the clock's ${method} gave what is of type ${typeof answer}`));
    } catch (error) {
      this.#report(error);
    }
    return undefined;
  }

  #cancel(cancel: CancelCall | undefined): void {
    try {
      cancel?.();
    } catch (error) {
      this.#report(error);
    }
  }

  #report(error: unknown): void {
    if (this.#isReported) return;
    this.#isReported = true;
    this.#failed(asError(error));
  }
}

function isTime(answer: unknown): answer is number {
  return typeof answer === "number" && Number.isFinite(answer);
}

/** That it cancels is the clock's word. */
function isCancel(answer: unknown): answer is CancelCall {
  return typeof answer === "function";
}

function isRunOrNone(answer: unknown): answer is MachineRun | undefined {
  if (answer === undefined) return true;
  const { id, uptimeMs }: Partial<Record<keyof MachineRun, unknown>> = Object(answer);
  return typeof id === "string" && isTime(uptimeMs);
}
