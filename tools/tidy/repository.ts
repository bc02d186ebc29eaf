/**
 * The repository as the rules see it: a map from path to text. Rules never touch the disk, so a
 * test can hand them a repository of three lines with one fault in it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { codeOnly } from "./code-text.ts";
import type { Import } from "./imports.ts";
import { importsOf } from "./imports.ts";

export interface Repository {
  /** Text of every file, keyed by its path from the root, with `/` as separator. */
  readonly files: ReadonlyMap<string, string>;
  /** Those of them that are TypeScript or JavaScript. */
  readonly sources: readonly SourceFile[];
}

export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** The text with comments and the contents of strings blanked, offsets unchanged. */
  readonly code: string;
  readonly imports: readonly Import[];
}

/** One fault: where it is, what it is, and what to do instead. */
export interface Finding {
  readonly path: string;
  /** Counted from 1; absent when the fault is about the file as a whole. */
  readonly line?: number;
  readonly message: string;
}

export type Rule = (repository: Repository) => readonly Finding[];

const TEXT_FILE =
  /\.(ts|tsx|mts|js|mjs|json|md|html|css|sh|yml|yaml|tsv)$|(^|\/)(LICENSE|run|\.git[a-z]+)$/;
const SKIPPED_FOLDERS: ReadonlySet<string> = new Set([
  ".git",
  ".cache",
  "coverage",
  "dist",
  "node_modules",
]);

export function readRepository(root: string): Repository {
  const files = new Map<string, string>();
  readFolder(root, "", files);
  return repositoryOf(files);
}

export function repositoryOf(files: ReadonlyMap<string, string>): Repository {
  const sources = [...files]
    .filter(([path]) => /\.(m?[tj]s|tsx)$/.test(path))
    .map(([path, text]) => {
      const code = codeOnly(text);
      return { path, text, code, imports: importsOf(text, code) };
    });
  return { files, sources };
}

function readFolder(root: string, folder: string, files: Map<string, string>): void {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!SKIPPED_FOLDERS.has(entry.name)) readFolder(root, path, files);
    } else if (path.endsWith(".png")) {
      // That it is there is enough: documents link to it.
      files.set(path, "");
    } else if (TEXT_FILE.test(path)) {
      files.set(path, readFileSync(join(root, path), "utf8"));
    }
  }
}

export function findingText(finding: Finding): string {
  const place = finding.line === undefined ? finding.path : `${finding.path}:${finding.line}`;
  return `${place}: ${finding.message}`;
}
