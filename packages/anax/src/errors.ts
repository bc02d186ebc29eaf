/**
 * Ends of a command that are foreseen: each becomes one line on standard error and an exit code,
 * never a stack trace. Whatever else is thrown is a defect of ours.
 */

/** Exit codes of every command, for scripts. */
export const EXIT_CODE = {
  success: 0,
  /** The server could not be reached, or refused, or something on this machine is in the way. */
  failure: 1,
  /** The command line cannot be understood. */
  usage: 2,
  /** Time was up (`-W`); mosquitto_sub has the same. */
  timeout: 27,
  /** Ended by Ctrl-C before the work was done; what shells call 128 + SIGINT. */
  interrupted: 130,
} as const;

/** The command line cannot be understood, or asks for what cannot be. Exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code = "ANAX_USAGE";
}

/** The world is in the way: an unreadable file, a server that refuses. Exit code 1. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly code = "ANAX_COMMAND";
}
