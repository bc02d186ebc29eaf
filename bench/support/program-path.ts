import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where servers are installed: not on the PATH of everybody. */
const SERVER_FOLDERS = ["/usr/sbin", "/usr/local/sbin"];

/** Where a program of the machine is: on the PATH, or where servers are; undefined if it is not installed. */
export function programPath(name: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return [...folders, ...SERVER_FOLDERS]
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}
