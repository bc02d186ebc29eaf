/**
 * Tests that need a program of somebody else. Where it is missing they are left out with a word,
 * but with CI=true they fail: there, somebody relies on them.
 */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The folder of Debian's servers is not on the PATH of every user. */
const FOLDERS = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"];

/** Path of a program, or undefined if it is not installed. */
export function findProgram(name: string): string | undefined {
  return FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Path of a program. Throws if it is not installed. */
export function programPath(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
}

/** Whether all these programs are installed. Throws if one is not and CI=true. */
export function areInstalled(...programs: readonly string[]): boolean {
  return isComplete(programs.filter((name) => findProgram(name) === undefined));
}

/** Whether nothing is missing. Throws if something is and CI=true. */
export function isComplete(missing: readonly string[]): boolean {
  if (missing.length === 0) return true;
  const explanation = `${missing.join(" and ")} not installed; .ci/run installs what is needed`;
  if (process.env["CI"] === "true") throw new Error(explanation);
  process.stderr.write(`Left out: ${explanation}\n`);
  return false;
}
