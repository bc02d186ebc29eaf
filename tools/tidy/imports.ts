/** Finds what a source file imports: static, dynamic, re-exported and in type positions. */
import { posix } from "node:path";
import { lineAt } from "./code-text.ts";

export interface Import {
  /** As written: `./session.ts`, `node:net`, `@anax/protocol`. */
  readonly specifier: string;
  readonly line: number;
  /** True for `import type` and `export type`. */
  readonly isType: boolean;
}

const IMPORT = /\b(?:from\s*|import\s*\(?\s*|require\s*\(\s*)(["'])( *)\1/dg;

/** Characters of an import before its `from`, at most. */
const STATEMENT_MAX = 2_000;
/** The statement that ends here, up to its `from`, imports nothing but types. */
const TYPE_IMPORT = /\b(?:import|export)\s+type\s+[^;"']*$/;

/**
 * The imports of a file, in their order.
 * @param code the same text with comments and the contents of strings blanked
 */
export function importsOf(text: string, code: string): readonly Import[] {
  const imports: Import[] = [];
  for (const match of code.matchAll(IMPORT)) {
    const range = match.indices?.[2];
    if (range === undefined) continue;
    const before = code.slice(Math.max(0, match.index - STATEMENT_MAX), match.index);
    const isType = TYPE_IMPORT.test(before);
    imports.push({ specifier: text.slice(...range), line: lineAt(text, match.index), isType });
  }
  return imports;
}

/** The package that a bare specifier belongs to: `@anax/server/x` belongs to `@anax/server`. */
export function packageOf(specifier: string): string {
  const parts = specifier.split("/");
  return parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

export function isRelative(specifier: string): boolean {
  return specifier.startsWith("./") || specifier.startsWith("../");
}

/** Path from the root of the file that a relative import names. */
export function resolveRelative(fromPath: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(fromPath), specifier));
}
