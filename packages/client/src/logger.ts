/** What a client tells its logger: the same records as those of the server, so that one logger serves both. */
import { MqttConfigurationError, showValue } from "@anax/protocol";
import type { EventHandlers } from "./events.ts";
import { wallNowMs } from "./platform.ts";
import { requireType } from "./validation.ts";

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

/** Throws `MqttConfigurationError` for what is no logger. */
export function requireLogger(logger: {
  readonly level?: unknown;
  readonly write?: unknown;
}): void {
  requireType(logger.write, "function", "logger.write");
  if (LEVELS.includes(logger.level as LogLevel)) return;
  const levels = LEVELS.map((level) => showValue(level)).join(" ");
  throw new MqttConfigurationError(
    `logger.level ${showValue(logger.level)} is not one of ${levels}`,
  );
}

/** Has a logger told of what happens. */
export function logEvents(logger: Logger, events: EventHandlers): void {
  const wanted = LEVELS.indexOf(logger.level);
  /** Gives what the logger gives: a promise of it that fails is a handler's that fails. */
  const log = (level: LogLevel, message: string, fields: object, error?: Error): unknown => {
    if (LEVELS.indexOf(level) < wanted) return undefined;
    const timeMs = wallNowMs();
    return logger.write({
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
      return log(error ? "warn" : "info", message, { willReconnect, reasonCode }, error);
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
