/**
 * Where the server takes the time from, and who wakes it: for Keep Alive, expiry, Wills, and all time limits but those of
 * handshakes and of closing a socket. Tests put a clock of their own here; what moves bytes does not use it.
 */
export interface Clock {
  /**
   * Milliseconds of a clock that runs by itself: setting the wall clock does not move it, and it never goes back while the
   * process lives. It may begin anywhere; the clock of this process begins at 1970.
   */
  now(): number;
  /** Calls `callback` once, `delayMs` from now. It does not keep the process alive. */
  callAfter(delayMs: number, callback: () => void): CancelCall;
  /**
   * Milliseconds since 1970 by the wall clock, which may be wrong and be set: for what people read, and to tell how long
   * a server was down. Default: what `now` says.
   */
  wallNow?(): number;
  /** How long this machine has been running. Default, and undefined: nobody knows. */
  machineRun?(): MachineRun | undefined;
}

/** The time since a machine was started, by which one knows how long a server was down though its wall clock was wrong. */
export interface MachineRun {
  /** Another one after each start of a machine. */
  readonly id: string;
  /** Milliseconds since that start, time asleep included. */
  readonly uptimeMs: number;
}

/** Cancels a call that was asked for; harmless once the call has been made. */
export type CancelCall = () => void;
