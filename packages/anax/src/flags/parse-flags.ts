/** Reads a command line by a table of flags. The words are taken apart by `parseArgs` of Node. */
import { parseArgs } from "node:util";
import { UsageError } from "../errors.ts";
import type { SettingSource, Use } from "../settings/setting-source.ts";
import type { Flag, FlagTable, Occurrence } from "./flag.ts";
import { longName } from "./flag.ts";
import { readFlags } from "./read-flags.ts";
import { nearest } from "./suggestion.ts";

/** A command line, read. */
export interface ParsedFlags<Values> {
  readonly values: Values;
  /** The words that belong to no flag. */
  readonly positionals: readonly string[];
  /** Whether `--help` was asked for; then nothing else was checked. */
  readonly isHelpWanted: boolean;
}

/** A flag of whatever type, with the name of its value. */
interface NamedFlag {
  readonly name: string;
  readonly flag: Flag<unknown>;
}

/** What was found on a command line, not yet read to values. */
interface Found {
  readonly uses: Map<string, Use[]>;
  readonly positionals: string[];
  isHelpWanted: boolean;
}

/** Gives the other places where values come from, first one first; `given` is what the command line says of a flag. */
export type SettingSources = (given: (name: string) => readonly Use[]) => readonly SettingSource[];

/**
 * Reads `args`. What they say nothing of is taken from the first of the other `sources` that says something. Throws
 * `UsageError`: one line that names the word and, where one is near, what was meant.
 */
export function parseFlags<Values>(
  args: readonly string[],
  table: FlagTable<Values>,
  sources: SettingSources = () => [],
): ParsedFlags<Values> {
  const flags = namedFlags(table);
  const found: Found = { uses: new Map(), positionals: [], isHelpWanted: false };
  let rest: readonly string[] | undefined = args;
  while (rest !== undefined) rest = collect(rest, flags, found);
  const { positionals, isHelpWanted } = found;
  const given = (name: string): readonly Use[] => found.uses.get(name) ?? [];
  const others = isHelpWanted ? [] : sources(given);
  const usesOf = (name: string, flag: Flag<unknown>): readonly Use[] => {
    if (isHelpWanted) return [];
    let uses = given(name);
    for (const source of others) if (uses.length === 0) uses = source.uses(name, flag);
    return uses;
  };
  const values = readFlags(table, usesOf, (name) => `--${longName(name)}`);
  return { values, positionals, isHelpWanted };
}

/** Every way to write each flag, without the dashes. */
function namedFlags<Values>(table: FlagTable<Values>): ReadonlyMap<string, NamedFlag> {
  const flags = new Map<string, NamedFlag>();
  for (const [name, flag] of Object.entries<Flag<unknown>>(table)) {
    const named = { name, flag };
    flags.set(longName(name), named);
    if (flag.short !== undefined) flags.set(flag.short, named);
    for (const alias of flag.aliases ?? []) flags.set(alias, named);
  }
  return flags;
}

/**
 * Takes flags off the front. A flag with several words ends the turn, for `parseArgs` knows of one
 * at most; what is behind them is returned.
 */
function collect(
  args: readonly string[],
  flags: ReadonlyMap<string, NamedFlag>,
  found: Found,
): readonly string[] | undefined {
  const { tokens } = parseArgs({
    args: [...args],
    options: parseArgsOptions(flags),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      found.positionals.push(token.value);
      continue;
    }
    const named = flags.get(token.name);
    if (named === undefined) {
      if (token.name !== "help" && token.rawName !== "-h") throw unknownFlag(token.rawName, flags);
      found.isHelpWanted = true;
      continue;
    }
    const following = args.slice(token.index + 1);
    const ownCount = named.flag.wordCount?.(following);
    if (ownCount !== undefined) {
      addUse(found, named, { writtenName: token.rawName, words: following.slice(0, ownCount) });
      return following.slice(ownCount);
    }
    addUse(found, named, { writtenName: token.rawName, words: wordsOf(named.flag, token) });
  }
  return undefined;
}

type ParseArgsOptions = Record<string, { type: "string" | "boolean"; short?: string }>;

function parseArgsOptions(flags: ReadonlyMap<string, NamedFlag>): ParseArgsOptions {
  const options: ParseArgsOptions = {};
  for (const [writtenName, { flag }] of flags) {
    const takesOne = flag.placeholder !== undefined && flag.wordCount === undefined;
    const type = takesOne ? "string" : "boolean";
    options[writtenName] = writtenName.length === 1 ? { type, short: writtenName } : { type };
  }
  return options;
}

function addUse(found: Found, { name }: NamedFlag, use: Use): void {
  const uses = found.uses.get(name);
  if (uses === undefined) found.uses.set(name, [use]);
  else uses.push(use);
}

function wordsOf(
  flag: Flag<unknown>,
  { rawName, value }: { readonly rawName: string; readonly value?: string | undefined },
): Occurrence {
  if (flag.placeholder === undefined) {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value`);
    return [];
  }
  if (value === undefined) throw new UsageError(`${rawName} needs a value: <${flag.placeholder}>`);
  return [value];
}

function unknownFlag(writtenName: string, flags: ReadonlyMap<string, NamedFlag>): UsageError {
  const known = [...flags.keys()].filter((name) => name.length > 1);
  const meant = nearest(writtenName.replace(/^-+/, ""), [...known, "help"]);
  const suggestion = meant === undefined ? "see --help" : `did you mean --${meant}?`;
  return new UsageError(`there is no flag ${writtenName}; ${suggestion}`);
}
