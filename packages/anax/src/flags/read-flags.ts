import type { Use } from "../settings/setting-source.ts";
import type { Flag, FlagTable } from "./flag.ts";

/**
 * The values of all flags of a table. `usesOf` gives what is said of each; `nameOf` how one is called that nothing is said of. Throws
 * `UsageError`.
 */
export function readFlags<Values>(
  table: FlagTable<Values>,
  usesOf: (name: string, flag: Flag<unknown>) => readonly Use[],
  nameOf: (name: string) => string,
): Values {
  const values: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries<Flag<unknown>>(table)) {
    const uses = usesOf(name, flag);
    const occurrences = uses.map(({ words }) => words);
    values[name] = flag.read(occurrences, uses.at(-1)?.writtenName ?? nameOf(name));
  }
  // The table has a flag for each name of Values, and each flag reads to the value of that name.
  return values as Values;
}
