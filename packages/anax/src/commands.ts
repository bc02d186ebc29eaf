import type { Command } from "./command.ts";

/** A command that is loaded when it is called. */
export interface CommandEntry {
  readonly summary: string;
  load(): Promise<Command>;
}

/** All commands, in the order in which the help lists them. */
export const COMMANDS: ReadonlyMap<string, CommandEntry> = new Map([
  [
    "serve",
    {
      summary: "run a server",
      load: async () => (await import("./commands/serve.ts")).serve,
    },
  ],
  [
    "pub",
    {
      summary: "publish messages",
      load: async () => (await import("./commands/pub.ts")).pub,
    },
  ],
  [
    "sub",
    {
      summary: "subscribe and print what comes",
      load: async () => (await import("./commands/sub.ts")).sub,
    },
  ],
]);
