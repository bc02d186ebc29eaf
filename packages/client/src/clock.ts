/** Where the client takes the time from. */
import { callAfter, nowMs } from "./platform.ts";
import { requireType } from "./validation.ts";

/** Cancels a call that was asked for; harmless once the call has been made. */
export type CancelCall = () => void;

/**
 * Where the client takes the time from, and who wakes it: for Keep Alive, attempts to connect, waits between them, and
 * `requestTimeoutMs`. Tests put a clock of their own here. What moves bytes does not use it.
 */
export interface Clock {
  /** Milliseconds since some moment. It never goes back. */
  now(): number;
  /** Calls `callback` once, `delayMs` from now. */
  callAfter(delayMs: number, callback: () => void): CancelCall;
}

/** The clock of the platform. */
export const systemClock: Clock = { now: nowMs, callAfter };

/** A clock of the program's own, whose answers are looked at: with others the client would fail where nobody sees why. */
export function checkedClock(clock: Clock): Clock {
  if (clock === systemClock) return clock;
  for (const name of ["now", "callAfter"] as const)
    requireType(Reflect.get(clock, name), "function", `clock.${name}`);
  return {
    now() {
      const ms: unknown = clock.now();
      requireType(ms, "number", "what clock.now gives");
      return ms as number;
    },
    callAfter(delayMs, callback) {
      const cancel: unknown = clock.callAfter(delayMs, callback);
      requireType(cancel, "function", "what clock.callAfter gives");
      return cancel as CancelCall;
    },
  };
}

/**
 * Calls `onOver` when the time is over. A program that was stopped or busy finds its timers late, before it has read what has
 * arrived meanwhile: it gets the time that it missed, up to as much again.
 */
export function limitTime(clock: Clock, limitMs: number, onOver: () => void): CancelCall {
  const endMs = clock.now() + limitMs;
  let cancel = clock.callAfter(limitMs, () => {
    const missedMs = Math.min(Math.max(0, clock.now() - endMs), limitMs);
    cancel = clock.callAfter(missedMs, onOver);
  });
  return () => cancel();
}
