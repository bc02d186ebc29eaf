import { readFileSync } from "node:fs";
import { CommandError } from "./errors.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "permission is denied",
  EISDIR: "it is a folder",
};

/** The bytes of a file that the command line named. Throws `CommandError` in words if it cannot be read. */
export function readNamedFile(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (cause) {
    throw new CommandError(`cannot read ${path}: ${reasonOf(cause)}`, { cause });
  }
}

/** Its text. Throws as `readNamedFile` does; bytes that are no UTF-8 become U+FFFD. */
export function readNamedText(path: string): string {
  return new TextDecoder().decode(readNamedFile(path));
}

/** Why a file operation failed, in words. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : "";
  return REASONS[code] ?? error.message;
}
