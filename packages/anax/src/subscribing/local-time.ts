/** Times as mosquitto_sub prints them, in the time zone of this machine. */
import { UsageError } from "../errors.ts";

/** `2016-08-10T09:47:38+0100`, with fractions of a second if wanted. */
export function isoTime(timeMs: number, precision: "seconds" | "microseconds"): string {
  const date = new Date(timeMs);
  const fraction = precision === "seconds" ? "" : `.${microseconds(timeMs)}`;
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${clock(date)}${fraction}${zone(date)}`;
}

/** `1470818943.786368637`: seconds since 1970, with as many digits as a clock of nanoseconds has. */
export function unixTime(timeMs: number): string {
  return `${Math.floor(timeMs / 1_000)}.${nanoseconds(timeMs)}`;
}

/** What `@` and a letter stand for, as in strftime, and `@N` for nanoseconds. */
export type TimePart = (timeMs: number) => string;

const LOCALE = "en";

const TIME_PARTS: Readonly<Record<string, TimePart>> = {
  "@": () => "@",
  Y: (timeMs) => String(new Date(timeMs).getFullYear()),
  y: (timeMs) => two(new Date(timeMs).getFullYear() % 100),
  m: (timeMs) => two(new Date(timeMs).getMonth() + 1),
  d: (timeMs) => two(new Date(timeMs).getDate()),
  e: (timeMs) => String(new Date(timeMs).getDate()).padStart(2),
  j: (timeMs) => String(dayOfYear(new Date(timeMs))).padStart(3, "0"),
  H: (timeMs) => two(new Date(timeMs).getHours()),
  I: (timeMs) => two(new Date(timeMs).getHours() % 12 || 12),
  M: (timeMs) => two(new Date(timeMs).getMinutes()),
  S: (timeMs) => two(new Date(timeMs).getSeconds()),
  p: (timeMs) => (new Date(timeMs).getHours() < 12 ? "AM" : "PM"),
  N: nanoseconds,
  s: (timeMs) => String(Math.floor(timeMs / 1_000)),
  T: (timeMs) => clock(new Date(timeMs)),
  R: (timeMs) => clock(new Date(timeMs)).slice(0, 5),
  F: (timeMs) => isoTime(timeMs, "seconds").slice(0, 10),
  z: (timeMs) => zone(new Date(timeMs)),
  a: (timeMs) => worded(timeMs, { weekday: "short" }),
  A: (timeMs) => worded(timeMs, { weekday: "long" }),
  b: (timeMs) => worded(timeMs, { month: "short" }),
  B: (timeMs) => worded(timeMs, { month: "long" }),
  u: (timeMs) => String(new Date(timeMs).getDay() || 7),
  w: (timeMs) => String(new Date(timeMs).getDay()),
};

/** What the letter stands for. Throws `UsageError` if it stands for nothing. */
export function timePart(letter: string): TimePart {
  const part = Object.hasOwn(TIME_PARTS, letter) ? TIME_PARTS[letter] : undefined;
  if (part !== undefined) return part;
  const known = Object.keys(TIME_PARTS).join(" ");
  throw new UsageError(`-F: @${letter} is no part of a time; there are @ with ${known}`);
}

function clock(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function zone(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const sign = minutes < 0 ? "-" : "+";
  const size = Math.abs(minutes);
  return `${sign}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

function dayOfYear(date: Date): number {
  const midnight = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return (midnight - Date.UTC(date.getFullYear(), 0, 0)) / 86_400_000;
}

function worded(timeMs: number, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(LOCALE, options).format(timeMs);
}

function microseconds(timeMs: number): string {
  return nanoseconds(timeMs).slice(0, 6);
}

/** The clock has microseconds at best. */
function nanoseconds(timeMs: number): string {
  const microsecondsOfSecond = Math.min(999_999, Math.round((timeMs % 1_000) * 1_000));
  return `${String(microsecondsOfSecond).padStart(6, "0")}000`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
