import type { RulesFor } from "@anax/protocol";
import { checked } from "../checking/rules.ts";
import { LOG_LEVELS } from "../ports/logger.ts";
import type { Logger, LogLevel, LogRecord } from "../ports/logger.ts";

/** Where a logger's lines go. */
export interface LineOutput {
  write(line: string): unknown;
}

/** Choices of the loggers that come with the server. */
export interface LoggerOptions {
  /** Lowest level that is written. Default "info". */
  readonly level?: LogLevel;
  /** Default: standard error, so that a program's own output stays clean. */
  readonly output?: LineOutput;
}

/**
 * Writes a line for people: `2026-11-20T12:00:01.250Z warn  listener: text (port=1883): error`. Throws `MqttConfigurationError` for
 * options that it does not have.
 */
export function consoleLogger(options: LoggerOptions = {}): Logger {
  return lineLogger(options, humanLine);
}

/** Writes one JSON object to a line, for machines. */
export function jsonLinesLogger(options: LoggerOptions = {}): Logger {
  return lineLogger(options, jsonLine);
}

const LOGGER_RULES: RulesFor<LoggerOptions> = {
  level: new Set(LOG_LEVELS),
  output: (value) =>
    typeof Object(value).write === "function" ? undefined : "must have a method write",
};

function lineLogger(given: LoggerOptions, lineOf: (record: LogRecord) => string): Logger {
  const options = checked("the logger", given, LOGGER_RULES);
  const output = options.output ?? process.stderr;
  return {
    level: options.level ?? "info",
    write: (record) => void output.write(`${lineOf(record)}\n`),
  };
}

function humanLine({ timeMs, level, source, message, fields, error }: LogRecord): string {
  const time = new Date(timeMs).toISOString();
  const named = Object.entries(fields).map(([name, value]) => `${name}=${shown(name, value)}`);
  const details = named.length === 0 ? "" : ` (${named.join(" ")})`;
  const reason = error === undefined ? "" : `: ${printable(error.message.trim())}`;
  return `${time} ${level.padEnd(5)} ${source}: ${message}${details}${reason}`;
}

function jsonLine({ timeMs, level, source, message, fields, error }: LogRecord): string {
  const time = new Date(timeMs).toISOString();
  const reason = error === undefined ? {} : { error: errorFields(error) };
  return JSON.stringify({ time, level, source, message, ...named(fields), ...reason }, jsonValue);
}

/** In an object of their own, where no field's name can hide a part of the line. */
function named(fields: LogRecord["fields"]): object {
  return Object.keys(fields).length === 0 ? {} : { fields };
}

function errorFields(error: Error): object {
  const code = "code" in error ? { code: error.code } : {};
  const cause = error.cause instanceof Error ? { cause: errorFields(error.cause) } : {};
  return { name: error.name, message: error.message, ...code, ...cause };
}

function jsonValue(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Map ? Object.fromEntries(value) : value;
}

/** What would end a value, or look like another field, stands in quotes. */
const NEEDS_QUOTES = /[\s="'`()[\]{}\\]|^$/;

/** Reason Codes are known by their hexadecimal form. */
function shown(name: string, value: unknown): string {
  if (name === "reasonCode" && typeof value === "number")
    return `0x${value.toString(16).toUpperCase().padStart(2, "0")}`;
  if (typeof value !== "string") return printable(JSON.stringify(value, jsonValue) ?? "");
  return printable(NEEDS_QUOTES.test(value) ? JSON.stringify(value) : value);
}

/** Client Identifiers and topics come from strangers: they must not write lines, colours or turned text of their own. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    const units = Array.from({ length: character.length }, (_, index) =>
      character.charCodeAt(index),
    );
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
  });
}
