/** What the commands over the admin API print. */
import type { Output } from "../io.ts";
import { visibleJson, visibleText } from "../visible-text.ts";
import type { Json } from "./admin-client.ts";

/** A column of a table. */
export interface Column {
  readonly title: string;
  /** What stands there. Undefined and empty are shown as a dash. */
  readonly value: (item: Json) => unknown;
  /** Numbers stand at the right. */
  readonly isNumber?: boolean;
}

/** A column of one field. */
export function field(name: string, title: string, isNumber = false): Column {
  return { title, value: (item) => item[name], isNumber };
}

/** A column of a time, as it is on this machine. */
export function time(name: string, title: string): Column {
  return { title, value: (item) => timeText(item[name]) };
}

/** A time in milliseconds since 1970, such as `2026-11-30 13:45:01`. */
function timeText(ms: unknown): string {
  if (typeof ms !== "number") return "";
  const at = new Date(ms);
  const two = (part: number): string => String(part).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** The time of day of a time in milliseconds since 1970, such as `13:45:01.123`. */
export function clockText(ms: unknown): string {
  if (typeof ms !== "number") return "";
  return `${timeText(ms).slice(-8)}.${String(Math.trunc(ms) % 1_000).padStart(3, "0")}`;
}

/** Lines of a table: a heading, and a line for each item. */
export function tableLines(columns: readonly Column[], items: readonly Json[]): string[] {
  const rows = [
    columns.map(({ title }) => title),
    ...items.map((item) => columns.map(({ value }) => cell(value(item)))),
  ];
  const widths = columns.map((_, at) => widest(rows, (row) => row[at] ?? ""));
  return rows.map((row) =>
    row
      .map((text, at) => {
        const width = widths[at] ?? 0;
        return columns[at]?.isNumber === true ? text.padStart(width) : text.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}

/** Of however many: a call takes no hundred thousand arguments. */
function widest<Item>(items: readonly Item[], text: (item: Item) => string): number {
  return items.reduce((most, item) => Math.max(most, text(item).length), 0);
}

/** Items as a table, or as JSON, one in a line. */
export function printItems(
  output: Output,
  items: readonly Json[],
  columns: readonly Column[],
  json: boolean,
): void {
  const lines = json
    ? items.map((item) => visibleJson(JSON.stringify(item)))
    : tableLines(columns, items);
  if (lines.length > 0) output.write(`${lines.join("\n")}\n`);
}

/** What a time is called, such as `createdAtMs` or `peer.untilMs`. */
const IS_TIME = /(?:AtMs|SinceMs|UntilMs|\bsinceMs|\buntilMs)$/;

/** One item, a line for each of its fields. */
export function printOne(output: Output, item: Json, json: boolean): void {
  if (json) {
    output.write(`${visibleJson(JSON.stringify(item))}\n`);
    return;
  }
  const flat = Object.entries(item).flatMap(([key, value]) =>
    isObject(value)
      ? Object.entries(value).map(([inner, one]): [string, unknown] => [`${key}.${inner}`, one])
      : [[key, value] satisfies [string, unknown]],
  );
  const width = widest(flat, ([key]) => key);
  for (const [key, value] of flat) {
    const text = IS_TIME.test(key) ? timeText(value) : cell(value);
    output.write(`${key.padEnd(width)}  ${text}\n`);
  }
}

/** What was done: words for people, an object for programs. */
export function printDone(output: Output, text: string, result: Json, json: boolean): void {
  output.write(`${json ? visibleJson(JSON.stringify(result)) : visibleText(text)}\n`);
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function cell(value: unknown): string {
  if (value === undefined || value === null || value === "") return "-";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return visibleText(typeof value === "string" ? value : JSON.stringify(value));
}
