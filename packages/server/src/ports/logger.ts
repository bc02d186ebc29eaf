/** How much a log record matters, least first. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error"] as const;

/** One of `LOG_LEVELS`. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Named values that belong to a log record. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One thing that happened. */
export interface LogRecord {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly level: LogLevel;
  /** Part of the server that speaks, such as "listener" or "driver". */
  readonly source: string;
  readonly message: string;
  /** Secrets have been taken out. */
  readonly fields: LogFields;
  readonly error?: Error;
}

/** Takes log records. It must not wait. A record that it throws at, or whose promise rejects, is lost; the server goes on. */
export interface Logger {
  /** Lowest level that is wanted; records below it are not even built. */
  readonly level: LogLevel;
  write(record: LogRecord): void;
}

/** Writes one record at a level that was decided by which function this is. */
export type WriteLog = (message: string, fields?: LogFields, error?: Error) => void;

/**
 * What a part of the server logs through. A level that nobody wants is not there, so that
 * `log.debug?.("text", { fields })` costs one branch and builds nothing.
 */
export type Log = { readonly [Level in LogLevel]?: WriteLog | undefined };
