/** What a command is. Each is one file of `commands/`. */
import { EXIT_CODE, UsageError } from "./errors.ts";
import type { Flag, FlagTable } from "./flags/flag.ts";
import { helpText } from "./flags/help-text.ts";
import type { ParsedFlags } from "./flags/parse-flags.ts";
import { parseFlags } from "./flags/parse-flags.ts";
import type { Environment, SettingSource, Use } from "./settings/setting-source.ts";
import type { Io } from "./io.ts";

/** A paragraph of the help that is not about one flag. */
export interface HelpNote {
  readonly title: string;
  readonly lines: readonly string[];
}

/** A command, described by its author. */
export interface CommandDescription<Flags> {
  readonly name: string;
  /** What it does, in a phrase. */
  readonly summary: string;
  /** Ways to write it, most usual first. */
  readonly usage: readonly string[];
  readonly flags: FlagTable<Flags>;
  /** How many words without a flag it takes at most. Default 0. */
  readonly positionalsMax?: number;
  readonly notes?: readonly HelpNote[];
  /** Where else values of its flags come from, first one first; `given` is what the command line says of a flag. */
  sources?(
    given: (name: string) => readonly Use[],
    environment: Environment,
  ): readonly SettingSource[];
  /**
   * Does it; resolves to the exit code. May throw `UsageError` and `CommandError`. `readAgain` gives the flags as they are by
   * then, for a file that they come from may have changed.
   */
  run(
    flags: Flags,
    io: Io,
    positionals: readonly string[],
    readAgain: () => Flags,
  ): Promise<number>;
}

/** A command, ready to be called with the words that follow its name. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly usage: readonly string[];
  readonly notes: readonly HelpNote[];
  readonly flags: Readonly<Record<string, Flag<unknown>>>;
  run(args: readonly string[], io: Io): Promise<number>;
}

/** Makes a command of its description: flags are parsed and `--help` is answered before it runs. */
export function defineCommand<Flags>(description: CommandDescription<Flags>): Command {
  const { name, summary, usage, flags, positionalsMax = 0, notes = [] } = description;
  const command: Command = {
    name,
    summary,
    usage,
    notes,
    flags,
    run: async (args, io) => {
      const read = (): ParsedFlags<Flags> =>
        parseFlags(args, flags, (given) => description.sources?.(given, io.environment) ?? []);
      const { values, positionals, isHelpWanted } = read();
      if (isHelpWanted) {
        io.stdout.write(helpText(command, io.stdout.columns));
        return EXIT_CODE.success;
      }
      const unexpected = positionals[positionalsMax];
      if (unexpected !== undefined) {
        throw new UsageError(`${JSON.stringify(unexpected)} is unexpected; see --help`);
      }
      return description.run(values, io, positionals, () => read().values);
    },
  };
  return command;
}
