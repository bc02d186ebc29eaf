/** Where the server takes the time from, and who wakes it. Tests put a clock of their own here. */
export interface Clock {
  /** Milliseconds since 1970. It never goes back while the process lives. */
  now(): number;
  /** Calls `callback` once, `delayMs` from now. It does not keep the process alive. */
  callAfter(delayMs: number, callback: () => void): CancelCall;
}

/** Cancels a call that was asked for; harmless once the call has been made. */
export type CancelCall = () => void;
