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
  [
    "demo",
    {
      summary: "see a server, a publisher and a subscriber work",
      load: async () => (await import("./commands/demo.ts")).demo,
    },
  ],
  [
    "bench",
    {
      summary: "put load on a server and measure",
      load: async () => (await import("./commands/bench.ts")).bench,
    },
  ],
  [
    "passwd",
    {
      summary: "set passwords for anax serve --password-file",
      load: async () => (await import("./commands/passwd.ts")).passwd,
    },
  ],
  [
    "access",
    {
      summary: "explain and test the rules of access of anax serve",
      load: async () => (await import("./commands/access.ts")).access,
    },
  ],
  [
    "config",
    {
      summary: "check, print and translate the configuration of anax serve",
      load: async () => (await import("./commands/config.ts")).config,
    },
  ],
  [
    "admin",
    {
      summary: "make tokens for the admin API of anax serve",
      load: async () => (await import("./commands/admin.ts")).admin,
    },
  ],
  [
    "clients",
    {
      summary: "list the clients that are connected to a server",
      load: async () => (await import("./commands/clients.ts")).clients,
    },
  ],
  [
    "sessions",
    {
      summary: "list, show and delete the sessions of a server",
      load: async () => (await import("./commands/sessions.ts")).sessions,
    },
  ],
  [
    "retained",
    {
      summary: "list, show and delete the retained messages of a server",
      load: async () => (await import("./commands/retained.ts")).retained,
    },
  ],
  [
    "publish",
    {
      summary: "publish a message as the server's operator",
      load: async () => (await import("./commands/publish.ts")).publish,
    },
  ],
  [
    "kick",
    {
      summary: "disconnect a client of a server",
      load: async () => (await import("./commands/kick.ts")).disconnect,
    },
  ],
  [
    "bans",
    {
      summary: "list, make and lift bans of a server",
      load: async () => (await import("./commands/bans.ts")).bans,
    },
  ],
  [
    "trace",
    {
      summary: "show all that happens to a client, a topic or an address",
      load: async () => (await import("./commands/trace.ts")).trace,
    },
  ],
  [
    "top",
    {
      summary: "watch the rates, topics and clients of a server",
      load: async () => (await import("./commands/top.ts")).top,
    },
  ],
  [
    "store",
    {
      summary: "look into the data directory of a server",
      load: async () => (await import("./commands/store.ts")).store,
    },
  ],
]);
