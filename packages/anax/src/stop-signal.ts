import type { Io, Signal } from "./io.ts";

/** The signals that end a program. */
export interface StopSignal {
  /** Resolves at the first of them. */
  readonly first: Promise<Signal>;
  /** Resolves at the next one: whoever sent it does not want to wait. */
  readonly second: Promise<Signal>;
  /** Leaves signals to the process again. */
  dispose(): void;
}

/**
 * npm passes Ctrl-C on to a program that has got it from the terminal already. What comes this soon
 * after the first is the same key.
 */
const SAME_KEY_MS = 300;

/** Waits for SIGINT and SIGTERM. `now` gives milliseconds. */
export function stopSignal(
  io: Pick<Io, "onSignal">,
  now: () => number = () => performance.now(),
): StopSignal {
  let resolveFirst: (signal: Signal) => void;
  let resolveSecond: (signal: Signal) => void;
  const first = new Promise<Signal>((resolve) => (resolveFirst = resolve));
  const second = new Promise<Signal>((resolve) => (resolveSecond = resolve));
  let firstAtMs: number | undefined;
  const dispose = io.onSignal(["SIGINT", "SIGTERM"], (signal) => {
    if (firstAtMs === undefined) {
      firstAtMs = now();
      resolveFirst(signal);
    } else if (now() - firstAtMs > SAME_KEY_MS) {
      resolveSecond(signal);
    }
  });
  return { first, second, dispose };
}
