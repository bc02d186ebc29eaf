import { onTestFinished } from "vitest";

/** Time for an answer that passes when a test says so, however slow the machine is. */
export interface HeldTime {
  /** Lets so much time pass. */
  pass(ms: number): void;
}

interface Waiting {
  readonly endsAtMs: number;
  readonly end: () => void;
}

/** Holds the time of `AbortSignal.timeout`, and has `performance.now` tell what passes, until the test is finished. */
export function holdTime(): HeldTime {
  const { now } = performance;
  const { timeout } = AbortSignal;
  let passedMs = 0;
  let waiting: Waiting[] = [];
  performance.now = () => now.call(performance) + passedMs;
  AbortSignal.timeout = (ms) => {
    const controller = new AbortController();
    const end = (): void => controller.abort(new DOMException("time is up", "TimeoutError"));
    waiting.push({ endsAtMs: passedMs + ms, end });
    return controller.signal;
  };
  onTestFinished(() => {
    performance.now = now;
    AbortSignal.timeout = timeout;
  });
  return {
    pass: (ms) => {
      passedMs += ms;
      const over = waiting.filter(({ endsAtMs }) => endsAtMs <= passedMs);
      waiting = waiting.filter(({ endsAtMs }) => endsAtMs > passedMs);
      for (const { end } of over) end();
    },
  };
}
