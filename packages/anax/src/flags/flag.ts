/**
 * A flag of a command as data: one description serves to parse it, to explain it in `--help` and to
 * document it in the reference.
 */
import { UsageError } from "../errors.ts";
import type { JsonSchema, ValueParser } from "./value-parser.ts";

/** What is said of a flag, whatever it takes. */
export interface FlagDescription {
  /** Its one-letter form. */
  readonly short?: string;
  /** Other long forms, for those who know them from other programs. */
  readonly aliases?: readonly string[];
  /** Heading under which the help lists it. */
  readonly group: string;
  /** What it does, in a phrase. */
  readonly help: string;
}

/** The words that were given behind one use of a flag. */
export type Occurrence = readonly string[];

/** A flag that reads to a `Value`. */
export interface Flag<Value> extends FlagDescription {
  /** Stands for its value in the help; a flag without one is a switch. */
  readonly placeholder?: string;
  /** What one value of it is; absent for a switch. */
  readonly schema?: JsonSchema;
  /** Its default, as the help shows it. */
  readonly defaultText?: string;
  /** Whether it may be given several times, each time adding a value. */
  readonly repeatable?: boolean;
  /** How many of the words that follow are its own. Absent: none for a switch, otherwise one. */
  wordCount?(following: readonly string[]): number;
  /** Its value, from all its occurrences. Throws `UsageError`; `flagName` is how it was written. */
  read(occurrences: readonly Occurrence[], flagName: string): Value;
}

/** The flags of a command, by the names of their values: `maxPacketSize` is written `--max-packet-size`. */
export type FlagTable<Values> = { readonly [Name in keyof Values]: Flag<Values[Name]> };

/** A flag that is there or not. */
export function toggle(description: FlagDescription): Flag<boolean> {
  return { ...description, read: (occurrences) => occurrences.length > 0 };
}

/** A flag with a value and no default. Given twice, it is refused: one of the two would count for nothing. */
export function optional<Value>(
  parser: ValueParser<Value>,
  description: FlagDescription,
): Flag<Value | undefined> {
  return {
    ...description,
    placeholder: parser.placeholder,
    schema: parser.schema,
    read: (occurrences, flagName) => {
      const [only] = occurrences;
      if (occurrences.length > 1) {
        throw new UsageError(
          `${flagName} is given ${occurrences.length} times; it takes one value`,
        );
      }
      return only === undefined ? undefined : parsed(parser, only, flagName);
    },
  };
}

/** A flag with a value and a default, which the help shows as `defaultText` or by itself. */
export function withDefault<Value>(
  parser: ValueParser<Value>,
  byDefault: Value,
  description: FlagDescription & { readonly defaultText?: string },
): Flag<Value> {
  const flag = optional(parser, description);
  return {
    ...flag,
    defaultText: description.defaultText ?? String(byDefault),
    read: (occurrences, flagName) => flag.read(occurrences, flagName) ?? byDefault,
  };
}

/** A flag that may be given several times. */
export function repeated<Value>(
  parser: ValueParser<Value>,
  description: FlagDescription & { readonly defaultText?: string },
): Flag<readonly Value[]> {
  return {
    ...description,
    placeholder: parser.placeholder,
    schema: parser.schema,
    repeatable: true,
    read: (occurrences, flagName) => occurrences.map((words) => parsed(parser, words, flagName)),
  };
}

function parsed<Value>(parser: ValueParser<Value>, words: Occurrence, flagName: string): Value {
  const [given = ""] = words;
  const value = parser.parse(given);
  if (value !== undefined) return value;
  if (given === "") {
    throw new UsageError(`${flagName} "" is empty; it needs a value: <${parser.placeholder}>`);
  }
  throw new UsageError(`${flagName} ${JSON.stringify(given)} is not ${parser.expected}`);
}

/** How a flag is written: `maxPacketSize` as `max-packet-size`. */
export function longName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
