/** The lines of a password file, edited in place: comments and other users stay as they are. */
import { chmod, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { parsePasswordFile } from "@anax/server";
import { CommandError } from "../errors.ts";
import { reasonOf } from "../read-file.ts";

/** Only its owner may read a new file: hashes too are better not shown. */
const NEW_FILE_MODE = 0o600;

/**
 * The text of the file; empty if there is none. Throws `CommandError` if it cannot be read, and
 * `MqttConfigurationError` if it is no password file: then it is better left alone.
 */
export async function readPasswordLines(path: string): Promise<string> {
  try {
    const text = await readFile(path, "utf8");
    parsePasswordFile(text, path);
    return text.replace(/^\uFEFF/, "");
  } catch (cause) {
    if (!(cause instanceof Error) || !("syscall" in cause)) throw cause;
    if ("code" in cause && cause.code === "ENOENT") return "";
    throw new CommandError(`cannot read ${path}: ${reasonOf(cause)}`, { cause });
  }
}

/** The users of a file, in its order. */
export function usersOf(text: string): readonly string[] {
  return [...parsePasswordFile(text).keys()];
}

/** The text with `line` as the one line of this user; without any if `line` is undefined. */
export function withUser(text: string, userName: string, line: string | undefined): string {
  const lines = text.split(/\r?\n/).filter((other, index, all) => {
    return other !== "" || index < all.length - 1;
  });
  const index = lines.findIndex((other) => other.startsWith(`${userName}:`));
  if (index === -1) lines.push(...(line === undefined ? [] : [line]));
  else lines.splice(index, 1, ...(line === undefined ? [] : [line]));
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

/** Replaces the file in one step, so that a server never reads half of it. Throws `CommandError`. */
export async function writePasswordLines(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.new`;
  try {
    await writeFile(draft, text, { mode: NEW_FILE_MODE, flag: "wx" });
    const existing = await stat(path).catch(() => undefined);
    if (existing !== undefined) await chmod(draft, existing.mode & 0o777);
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw new CommandError(`cannot write ${path}: ${reasonOf(cause)}`, { cause });
  }
}
