import { UsageError } from "../errors.ts";
import type { Flag } from "../flags/flag.ts";
import { longName } from "../flags/flag.ts";
import type { Environment, SettingSource, Use } from "./setting-source.ts";

const SWITCHES: Readonly<Record<string, readonly Use["words"][]>> = {
  true: [[]],
  1: [[]],
  false: [],
  0: [],
};

/** The variable of a flag: `ANAX_MAX_PACKET_SIZE` of `--max-packet-size`. */
export function variableName(flagName: string): string {
  return `ANAX_${longName(flagName).replaceAll("-", "_").toUpperCase()}`;
}

/** Flags as environment variables: true or false for a switch, values separated by commas for a flag that may be repeated. */
export function environmentSource(environment: Environment): SettingSource {
  return {
    uses(name, flag) {
      const writtenName = variableName(name);
      const value = environment[writtenName];
      if (value === undefined) return [];
      return wordsOf(flag, writtenName, value).map((words) => ({ writtenName, words }));
    },
  };
}

/** What is between commas, but for those within a map or a list. */
function parts(value: string): string[] {
  const found = [""];
  let depth = 0;
  for (const character of value) {
    if (character === "{" || character === "[") depth += 1;
    if (character === "}" || character === "]") depth -= 1;
    if (character === "," && depth <= 0) found.push("");
    else found.push(`${found.pop()}${character}`);
  }
  return found;
}

function wordsOf(flag: Flag<unknown>, writtenName: string, value: string): readonly Use["words"][] {
  if (flag.placeholder === undefined) {
    const words = SWITCHES[value.toLowerCase()];
    if (words !== undefined) return words;
    throw new UsageError(`${writtenName} ${JSON.stringify(value)} is not true or false`);
  }
  if (flag.repeatable !== true) return [[value]];
  return parts(value).map((part) => [part.trim()]);
}
