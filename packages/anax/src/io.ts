import type { Readable, Writable } from "node:stream";

/** Signals that a command may want to act on. */
export type Signal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** Standard input; on a terminal it can be read without showing what is typed. */
export interface Input extends Readable {
  readonly isTTY?: boolean;
  setRawMode?(mode: boolean): unknown;
}

/** Standard output or standard error. */
export interface Output extends Writable {
  readonly isTTY?: boolean;
  /** Width of the terminal in characters. */
  readonly columns?: number;
}

/** All that a command has of its surroundings, so that a test can be the surroundings. */
export interface Io {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Environment variables. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Calls `listener` at each of these signals, which then no longer end the process; returns how to undo that. */
  onSignal(signals: readonly Signal[], listener: (signal: Signal) => void): () => void;
}
