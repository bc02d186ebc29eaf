/** Flags whose value is a map of keys, in a configuration file or on the command line. */
import { UsageError } from "../errors.ts";
import { longName } from "../flags/flag.ts";
import type { FlagTable } from "../flags/flag.ts";
import { readFlags } from "../flags/read-flags.ts";
import { configurationSource } from "./configuration-file.ts";

/** Reads one such value by the table of its keys. Throws `UsageError` that names the flag and the key. */
export function readMap<Values extends object>(
  table: FlagTable<Values>,
  text: string,
  flagName: string,
): Values {
  const source = configurationSource({ path: flagName, text }, table);
  return readFlags(
    table,
    (key, flag) => source.uses(key, flag),
    (key) => `${flagName}: ${longName(key)}`,
  );
}

/** Which types of a thing have a key; all have one that is not there. */
export type TypesOfKeys<Type extends string> = Readonly<Record<string, readonly Type[]>>;

/** A key that would do nothing is a mistake. Throws `UsageError`; `what` is such as "a listener". */
export function requireKeysFit<Type extends string>(
  settings: object,
  { what, type, typesOf }: { what: string; type: Type; typesOf: TypesOfKeys<Type> },
  flagName: string,
): void {
  for (const [key, value] of Object.entries(settings)) {
    if (!isGiven(value) || typesOf[key]?.includes(type) !== false) continue;
    throw new UsageError(`${flagName}: ${what} of type ${type} has no ${longName(key)}`);
  }
}

function isGiven(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
}
