/** What a client tells its logger: the same records as those of the server, so that one logger serves both. */
import type { EventHandlers } from "./events.ts";
import { wallNowMs } from "./platform.ts";

/** How much a log record matters, least first. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";

/** One thing that happened. */
export interface LogRecord {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly level: LogLevel;
  /** Always "client". */
  readonly source: string;
  readonly message: string;
  /** No payload, no user name and no password is among them. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly error?: Error;
}

/** Takes log records. It must not wait; a record that it throws at is an `error` event. `consoleLogger` of the server is one. */
export interface Logger {
  /** Lowest level that is wanted. */
  readonly level: LogLevel;
  write(record: LogRecord): void;
}

/** What the levels mean in turn. */
const LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error"];

/** Has a logger told of what happens. */
export function logEvents(logger: Logger, events: EventHandlers): void {
  const wanted = LEVELS.indexOf(logger.level);
  const log = (level: LogLevel, message: string, fields: object, error?: Error): void => {
    if (LEVELS.indexOf(level) < wanted) return;
    const timeMs = wallNowMs();
    logger.write({
      timeMs,
      level,
      source: "client",
      message,
      fields: { ...fields },
      ...(error && { error }),
    });
  };
  const ignore = (): void => {};
  events.add("connecting", (event) => log("debug", "connecting", event), ignore);
  events.add(
    "connected",
    ({ clientId, sessionPresent }) => log("info", "connected", { clientId, sessionPresent }),
    ignore,
  );
  events.add(
    "disconnected",
    ({ error, wasConnected, willReconnect, reasonCode }) => {
      const message = wasConnected ? "disconnected" : "could not connect";
      log(error ? "warn" : "info", message, { willReconnect, reasonCode }, error);
    },
    ignore,
  );
  events.add("error", (error) => log("error", error.message, {}, error), ignore);
  if (wanted > 0) return;
  events.add(
    "packet",
    ({ direction, packet: { type } }) => log("trace", "packet", { direction, type }),
    ignore,
  );
}
