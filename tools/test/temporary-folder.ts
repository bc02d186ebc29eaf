/** A folder of files that lives as long as a test, for programs that want to read from the disk. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { repositoryRoot } from "../tidy.ts";

export interface TemporaryFolder extends Disposable {
  readonly path: string;
}

/** Writes the files (contents by path) to a new folder, with our dependencies beside them. */
export function temporaryFolder(files: Readonly<Record<string, string>>): TemporaryFolder {
  const folder = emptyFolder(files);
  symlinkSync(join(repositoryRoot(), "node_modules"), join(folder.path, "node_modules"), "dir");
  return folder;
}

/** Writes the files (contents by path) to a new folder that has nothing else. */
export function emptyFolder(files: Readonly<Record<string, string>>): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), "anax-tools-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
