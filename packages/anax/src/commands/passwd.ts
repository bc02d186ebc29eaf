/** `anax passwd`: writes the password file of `anax serve`. */
import { passwordFileLine } from "@anax/server";
import type { Command } from "../command.ts";
import { defineCommand } from "../command.ts";
import { CommandError, EXIT_CODE, UsageError } from "../errors.ts";
import type { FlagTable } from "../flags/flag.ts";
import { toggle } from "../flags/flag.ts";
import type { Io } from "../io.ts";
import {
  readPasswordLines,
  usersOf,
  withUser,
  writePasswordLines,
} from "../passwords/password-lines.ts";
import { newPassword } from "../passwords/prompt.ts";

interface PasswdFlags {
  readonly delete: boolean;
  readonly scram: boolean;
}

const FLAGS: FlagTable<PasswdFlags> = {
  delete: toggle({ group: "Flags", short: "D", help: "remove the user" }),
  scram: toggle({ group: "Flags", help: "let the user log in by SCRAM-SHA-256 too" }),
};

/** `anax passwd`. */
export const passwd: Command = defineCommand<PasswdFlags>({
  name: "passwd",
  summary: "set passwords for anax serve --password-file",
  usage: [
    "anax passwd file user             asks for the password",
    "anax passwd file user < secret    takes it from the first line of standard input",
    "anax passwd file user --delete    removes the user",
    "anax passwd file user --scram     the same, for SCRAM-SHA-256 too",
    "anax passwd file                  lists the users",
  ],
  flags: FLAGS,
  positionalsMax: 2,
  notes: [
    {
      title: "The file",
      lines: [
        "One line for each user, with a salted scrypt hash of the password. It is made if it is not",
        "there, and replaced in one step. A server that runs reads it again at SIGHUP.",
        "",
        "With `--scram` the line has a verifier too, so that MQTT 5.0 clients may prove that they know the",
        "password without sending it. Whoever steals the file then tries passwords with less effort.",
        "",
        "Lines that mosquitto_passwd has written are read too, also beside others. Their hashes are far",
        "cheaper to try ($6$ is one round of SHA-512, $7$ a hundred of PBKDF2): set the passwords again",
        "with `anax passwd` when you can.",
      ],
    },
  ],
  run: setPassword,
});

async function setPassword(
  flags: PasswdFlags,
  io: Io,
  [path, userName]: readonly string[],
): Promise<number> {
  if (path === undefined) throw new UsageError("say which file: anax passwd file user");
  if (flags.delete && flags.scram) throw new UsageError("--scram has nothing to do with --delete");
  const text = await readPasswordLines(path);
  if (userName === undefined) {
    if (flags.delete) throw new UsageError("say which user to remove");
    for (const user of usersOf(text)) io.stdout.write(`${user}\n`);
    return EXIT_CODE.success;
  }
  const isKnown = usersOf(text).includes(userName);
  if (flags.delete && !isKnown) throw new CommandError(`${path} has no user ${userName}`);
  const line = flags.delete ? undefined : await newLine(userName, flags, io);
  await writePasswordLines(path, withUser(text, userName, line));
  const done = flags.delete ? "removed" : isKnown ? "changed" : "added";
  io.stdout.write(`${done} ${userName} in ${path}\n`);
  return EXIT_CODE.success;
}

/** Throws `UsageError` for a name that a line cannot hold; hashing an empty text finds that out before anybody types. */
async function newLine(userName: string, { scram }: PasswdFlags, io: Io): Promise<string> {
  try {
    await passwordFileLine(userName, "");
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
  const password = await newPassword(io, userName);
  try {
    return await passwordFileLine(userName, password, { scram });
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new CommandError(`SCRAM-SHA-256 cannot use it: ${text}`, { cause });
  }
}
