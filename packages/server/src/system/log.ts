import { LOG_LEVELS } from "../ports/logger.ts";
import { fenced } from "../user-code.ts";
import type { Log, LogFields, Logger, LogLevel, WriteLog } from "../ports/logger.ts";

/** Fields that are never shown, whoever logs them. */
const SECRET_FIELDS: ReadonlySet<string> = new Set([
  "password",
  "authenticationData",
  "responseAuthenticationData",
  "key",
  "passphrase",
  "pfx",
]);

const NO_FIELDS: LogFields = {};

/** What one part of the server logs through; it has no functions at all if there is no logger. */
export function logFor(source: string, logger: Logger | undefined, now: () => number): Log {
  if (logger === undefined) return {};
  const lowest = LOG_LEVELS.indexOf(logger.level);
  const writer = (level: LogLevel): WriteLog | undefined => {
    if (LOG_LEVELS.indexOf(level) < lowest) return undefined;
    return (message, fields = NO_FIELDS, error) => {
      const record = { timeMs: now(), level, source, message, fields: withoutSecrets(fields) };
      fenced(() => logger.write(error === undefined ? record : { ...record, error }), recordIsLost);
    };
  };
  return {
    trace: writer("trace"),
    debug: writer("debug"),
    info: writer("info"),
    warn: writer("warn"),
    error: writer("error"),
  };
}

/** There is nobody to tell it to. */
function recordIsLost(): void {}

/** Bytes are shown by their number: payloads and authentication data are nobody's business. */
function withoutSecrets(fields: LogFields): LogFields {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (SECRET_FIELDS.has(name)) shown[name] = "[secret]";
    else shown[name] = value instanceof Uint8Array ? `[${value.length} bytes]` : value;
  }
  return shown;
}
