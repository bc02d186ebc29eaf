/** The help of a command, laid out from its table of flags. */
import type { Command } from "../command.ts";
import type { Flag } from "./flag.ts";
import { longName } from "./flag.ts";

const COLUMNS_DEFAULT = 100;
const COLUMNS_MIN = 80;
/** Where explanations begin at the latest; a longer flag has its own line. */
const INDENT_MAX = 36;

/** What `--help` prints, fitted to a terminal of `columns` characters. */
export function helpText(command: Command, columns: number = COLUMNS_DEFAULT): string {
  const width = Math.max(Math.min(columns, COLUMNS_DEFAULT), COLUMNS_MIN);
  const indent = indentFor(command);
  const usage = command.usage.map((line, index) => `${index === 0 ? "Usage: " : "       "}${line}`);
  const sections = [`anax ${command.name}: ${command.summary}`, usage.join("\n")];
  for (const [group, flags] of flagGroups(command)) {
    const entries = flags.map((flag) => entryText(flag, indent, width));
    sections.push([group, ...entries].join("\n"));
  }
  for (const { title, lines } of command.notes) {
    sections.push([title, ...lines.map((line) => `  ${line}`)].join("\n"));
  }
  return `${sections.join("\n\n")}\n`;
}

/** How one flag is written, and what is said of it. */
export interface FlagEntry {
  readonly written: string;
  readonly explanation: string;
}

/** The flags of a command under their headings, in the order of the table. */
export function flagGroups(command: Command): ReadonlyMap<string, readonly FlagEntry[]> {
  const groups = new Map<string, FlagEntry[]>();
  for (const [name, flag] of Object.entries(command.flags)) {
    const group = groups.get(flag.group) ?? [];
    group.push({ written: writtenForm(name, flag), explanation: explanation(flag) });
    groups.set(flag.group, group);
  }
  const [lastGroup] = [...groups.keys()].slice(-1);
  const help = { written: "    --help", explanation: "explain this command" };
  if (lastGroup !== undefined) groups.get(lastGroup)?.push(help);
  return groups;
}

/** A flag that has both forms is shown with both; the long ones stand below each other. */
function writtenForm(name: string, { short, placeholder }: Flag<unknown>): string {
  const value = placeholder === undefined ? "" : ` <${placeholder}>`;
  const long = longName(name);
  const shortForm = short === undefined ? "    " : `-${short}, `;
  return long.length === 1 ? `-${long}${value}` : `${shortForm}--${long}${value}`;
}

function explanation({ help, aliases, defaultText, repeatable }: Flag<unknown>): string {
  const details: string[] = [];
  if (repeatable === true) details.push("repeatable");
  if (defaultText !== undefined) details.push(`default ${defaultText}`);
  if (aliases !== undefined)
    details.push(`also ${aliases.map((alias) => `--${alias}`).join(", ")}`);
  return details.length === 0 ? help : `${help} (${details.join("; ")})`;
}

function indentFor(command: Command): number {
  const entries = [...flagGroups(command).values()].flat();
  const longest = Math.max(0, ...entries.map(({ written }) => written.length));
  return Math.min(longest + 4, INDENT_MAX);
}

function entryText(
  { written, explanation: text }: FlagEntry,
  indent: number,
  width: number,
): string {
  const lines = wrapped(text, width - indent);
  const first = `  ${written}`;
  const margin = " ".repeat(indent);
  if (first.length + 2 > indent) lines.unshift("");
  const [firstLine = "", ...others] = lines;
  const opening = `${first.padEnd(indent)}${firstLine}`.trimEnd();
  return [opening, ...others.map((line) => margin + line)].join("\n");
}

function wrapped(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
