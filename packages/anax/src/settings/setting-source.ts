import type { Flag, Occurrence } from "../flags/flag.ts";

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One use of a flag. */
export interface Use {
  /** As it was written, for messages: `-p`, `--port`, `ANAX_PORT` or `anax.yaml:3: port`. */
  readonly writtenName: string;
  readonly words: Occurrence;
}

/** Where values of flags come from that are not on the command line. */
export interface SettingSource {
  /** Its uses of this flag; none if it says nothing of it. Throws `UsageError`. */
  uses(name: string, flag: Flag<unknown>): readonly Use[];
}
