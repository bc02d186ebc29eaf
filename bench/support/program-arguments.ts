/**
 * The command line of a measuring program, as a table of options: it is read by the table, checked by it, and `--help` is
 * made from it. A measurement that took "x" for a number would still print a table.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { PlainError } from "./plain-error.ts";

/** An option that reads to a `Value`. */
export interface ProgramOption<Value> {
  /** What it does, in a phrase. */
  readonly help: string;
  /** Stands for its value in the help; an option without one is a switch. */
  readonly placeholder?: string;
  /** What is taken, and the default, for the help. */
  readonly expected?: string;
  readonly defaultText?: string;
  /** Its value; `text` is undefined if it is not given. Throws `PlainError`; `name` is how it is written. */
  read(text: string | undefined, name: string): Value;
}

/** The options of a program by how they are written, without the dashes. */
export type OptionTable<Values> = { readonly [Name in keyof Values]: ProgramOption<Values[Name]> };

/** What the options of a table read to. */
export type OptionValues<Table> = {
  [Name in keyof Table]: Table[Name] extends ProgramOption<infer Value> ? Value : never;
};

/** A program with its command line. */
export interface Program<Values, Word extends string = string> {
  /** How it is started: `npm run bench --`. */
  readonly command: string;
  /** What it does, in a sentence or some. */
  readonly about: string;
  readonly options: OptionTable<Values>;
  /** What the words that belong to no option are, and may be. Absent: there are none. */
  readonly words?: {
    readonly what: string;
    readonly names: readonly Word[];
    readonly isRequired?: boolean;
  };
}

/** A command line, read. */
export interface Arguments<Values, Word extends string> {
  readonly values: Values;
  readonly words: readonly Word[];
}

const USAGE = 2;

/** What is wrong with a command line, in one line. */
export function usageError(message: string): PlainError {
  return new PlainError(message, USAGE);
}

interface Limits {
  readonly from: number;
  readonly to: number;
  readonly byDefault: number;
}

/** A whole number within limits. */
export function wholeNumber(help: string, { from, to, byDefault }: Limits): ProgramOption<number> {
  return valued(help, {
    placeholder: "number",
    expected: `a whole number from ${from} to ${to}`,
    defaultText: String(byDefault),
    parse: (text) => within(/^\d+$/.test(text) ? Number(text) : Number.NaN, from, to),
  });
}

/** A number within limits, fractions allowed. */
export function anyNumber(help: string, { from, to, byDefault }: Limits): ProgramOption<number> {
  return valued(help, {
    placeholder: "number",
    expected: `a number from ${from} to ${to}`,
    defaultText: String(byDefault),
    parse: (text) => within(/^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN, from, to),
  });
}

function within(value: number, from: number, to: number): number | undefined {
  return value >= from && value <= to ? value : undefined;
}

/** One of several words. */
export function choice<Word extends string>(
  help: string,
  words: readonly Word[],
  byDefault: Word,
): ProgramOption<Word> {
  return valued(help, {
    placeholder: words.join("|"),
    expected: `one of ${words.join(", ")}`,
    defaultText: byDefault,
    parse: (text) => words.find((word) => word === text),
  });
}

/** Some of several words, with commas between them. Default: all. */
export function choices(
  help: string,
  words: readonly string[],
  byDefault: readonly string[] = words,
): ProgramOption<readonly string[]> {
  return valued(help, {
    placeholder: "names",
    expected: `some of ${words.join(",")}`,
    defaultText: byDefault.join(","),
    parse: (text) => {
      const chosen = text.split(",");
      return chosen.every((one) => words.includes(one)) ? [...new Set(chosen)] : undefined;
    },
  });
}

/** A core of this machine to be pinned to; reads to "" for none of its own. */
export function core(help: string, byDefault: number): ProgramOption<string> {
  const count = cpus().length;
  return valued(help, {
    placeholder: "core",
    expected: `a core of this machine, which has ${count}, from 0 to ${count - 1}; none: the system chooses`,
    defaultText: String(byDefault),
    parse: (text) => {
      if (text === "none" || text === "") return "";
      return /^\d+$/.test(text) && Number(text) < count ? text : undefined;
    },
  });
}

/** The path of a file, if it is given. */
export function filePath(help: string): ProgramOption<string | undefined> {
  return pathOf("file", help);
}

/** The path of a directory, if it is given. */
export function directoryPath(help: string): ProgramOption<string | undefined> {
  return pathOf("directory", help);
}

function pathOf(placeholder: string, help: string): ProgramOption<string | undefined> {
  return {
    help,
    placeholder,
    read: (text, name) => {
      if (text === "") {
        throw usageError(`${name} "" is empty; it needs the path of a ${placeholder}`);
      }
      return text;
    },
  };
}

/** An option that is there or not. */
export function toggle(help: string): ProgramOption<boolean> {
  return { help, read: (text) => text !== undefined };
}

/** The default is checked like what is given: a machine may not have its core. */
function valued<Value>(
  help: string,
  fields: {
    readonly placeholder: string;
    readonly expected: string;
    readonly defaultText: string;
    readonly parse: (text: string) => Value | undefined;
  },
): ProgramOption<Value> {
  const { placeholder, expected, defaultText, parse } = fields;
  return {
    help,
    placeholder,
    expected,
    defaultText,
    read: (given, name) => {
      const text = given ?? defaultText;
      const value = parse(text);
      if (value === undefined) throw usageError(`${name} "${text}" is not ${expected}`);
      return value;
    },
  };
}

/** Reads a command line; "help" if that is asked for. Throws `PlainError`: one line that names value and limit. */
export function readArguments<Values, Word extends string>(
  program: Program<Values, Word>,
  args: readonly string[],
): Arguments<Values, Word> | "help" {
  const options = Object.entries<ProgramOption<unknown>>(program.options);
  const types = options.map(([name, { placeholder }]): [string, { type: "string" | "boolean" }] => [
    name,
    { type: placeholder === undefined ? "boolean" : "string" },
  ]);
  const help = { type: "boolean", short: "h" } as const;
  const { tokens } = parseArgs({
    args: [...args],
    options: { ...Object.fromEntries(types), help },
    // What is strict there says in three lines what is wrong, and nothing of the limits.
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, string>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    if (token.name === "help") return "help";
    given.set(token.name, givenText(program.options, token));
  }
  const values: Record<string, unknown> = {};
  for (const [name, option] of options) values[name] = option.read(given.get(name), `--${name}`);
  // The table has an option for each name of Values, and each reads to the value of that name.
  return { values: values as Values, words: checkedWords(program, words) };
}

/** The text behind an option; empty behind a switch. */
function givenText(
  options: Readonly<Record<string, ProgramOption<unknown>>>,
  { name, rawName, value }: { name: string; rawName: string; value?: string | undefined },
): string {
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (option === undefined) throw usageError(`unknown option ${rawName}; see --help`);
  if (option.placeholder === undefined) {
    if (value !== undefined) throw usageError(`${rawName} takes no value, and has "${value}"`);
    return "";
  }
  if (value === undefined) {
    throw usageError(`${rawName} needs ${option.expected ?? `a ${option.placeholder}`}`);
  }
  return value;
}

function checkedWords<Word extends string>(
  { words: allowed }: Pick<Program<unknown, Word>, "words">,
  given: readonly string[],
): readonly Word[] {
  const names: readonly Word[] = allowed?.names ?? [];
  const list = names.join(", ");
  if (given.length === 0 && allowed?.isRequired === true) {
    throw usageError(`it needs a ${allowed.what} at least: ${list}`);
  }
  return given.map((word) => {
    const name = names.find((candidate) => candidate === word);
    if (name !== undefined) return name;
    if (allowed === undefined) throw usageError(`"${word}" belongs to no option; see --help`);
    throw usageError(`there is no ${allowed.what} "${word}"; there are ${list}`);
  });
}

/** What `--help` prints. */
export function helpText({ command, about, options, words }: Program<unknown>): string {
  const plural = words === undefined ? "" : ` ${words.what}s`;
  const wanted = words?.isRequired === true ? plural : plural && ` [${plural.trim()}]`;
  const lines = Object.entries<ProgramOption<unknown>>(options).map(([name, option]) => {
    const { help, placeholder, expected, defaultText } = option;
    const head = placeholder === undefined ? `--${name}` : `--${name} <${placeholder}>`;
    const limits = expected === undefined ? "" : `: ${expected}`;
    const byDefault = defaultText === undefined ? "" : ` (default ${defaultText})`;
    return `  ${head}\n      ${help}${limits}${byDefault}`;
  });
  return [
    about,
    "",
    `  ${command}${wanted} [options]`,
    "",
    ...(words === undefined ? [] : [`${words.what}s: ${words.names.join(", ")}`, ""]),
    ...lines,
    "  --help, -h\n      prints this",
    "",
  ].join("\n");
}

/** Reads the command line of this process and does what it asks for. */
export async function runProgram<Values, Word extends string>(
  program: Program<Values, Word>,
  main: (values: Values, words: readonly Word[]) => Promise<void> | void,
): Promise<void> {
  try {
    const read = readArguments(program, process.argv.slice(2));
    if (read === "help") process.stdout.write(helpText(program));
    else await main(read.values, read.words);
  } catch (error) {
    if (!(error instanceof PlainError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}
