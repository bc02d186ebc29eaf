/** `anax admin`: makes tokens for the admin API of `anax serve`. */
import { appendFileSync, chmodSync, existsSync } from "node:fs";
import { newToken, ROLES } from "@anax/admin";
import type { Role } from "@anax/admin";
import type { Command } from "../command.ts";
import { defineCommand } from "../command.ts";
import { CommandError, EXIT_CODE, UsageError } from "../errors.ts";
import { withDefault } from "../flags/flag.ts";
import type { FlagTable } from "../flags/flag.ts";
import { choice } from "../flags/value-parser.ts";
import type { Io } from "../io.ts";
import { reasonOf } from "../read-file.ts";

interface AdminCommandFlags {
  readonly role: Role;
}

const FLAGS: FlagTable<AdminCommandFlags> = {
  role: withDefault(choice({ viewer: "viewer", operator: "operator", admin: "admin" }), "viewer", {
    group: "Flags",
    help: "what its holder may do",
  }),
};

/** `anax admin`. */
export const admin: Command = defineCommand<AdminCommandFlags>({
  name: "admin",
  summary: "make tokens for the admin API of anax serve",
  usage: ["anax admin token tokens.txt ann --role operator"],
  flags: FLAGS,
  positionalsMax: 3,
  notes: [
    {
      title: "Tokens",
      lines: [
        "The token is printed once; the file has only a digest of it, so it cannot be found out again. A token",
        "ends when its line is removed and the server has read the file again (SIGHUP).",
        "",
        `Roles: ${ROLES.join(", ")}. A viewer may look, an operator may also disconnect clients, delete sessions,`,
        "publish and retain, an admin may also change what the server lets in.",
      ],
    },
  ],
  run: makeToken,
});

async function makeToken(
  { role }: AdminCommandFlags,
  io: Io,
  [action, path, name]: readonly string[],
): Promise<number> {
  if (action !== "token" || path === undefined || name === undefined)
    throw new UsageError("say for whom: anax admin token FILE NAME");
  const { token, line } = newToken(name, role);
  try {
    const isNew = !existsSync(path);
    appendFileSync(path, `${line}\n`);
    if (isNew) chmodSync(path, 0o600);
  } catch (cause) {
    throw new CommandError(`cannot write ${path}: ${reasonOf(cause)}`, { cause });
  }
  io.stdout.write(`${token}\n`);
  return EXIT_CODE.success;
}
