/**
 * Writes or checks `packages/<name>/api.md`: every exported name of a published package with its
 * type, flattened from what the compiler emitted. A changed interface is then a changed file, and is
 * seen in review.
 *
 *     tsx tools/api-report.ts write
 *     tsx tools/api-report.ts check
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DeclarationFile } from "./api/declaration-file.ts";
import { parseDeclarationFile } from "./api/declaration-file.ts";
import { setUp } from "./setup.mjs";
import { repositoryRoot } from "./tidy.ts";

/** Reads a file by its path; a test has it read from memory. */
export type ReadFile = (path: string) => string;

/**
 * The report on one package.
 * @param entry path of the declaration file of its entry point
 * @throws Error if an exported name is declared nowhere
 */
export function apiReport(packageName: string, entry: string, read: ReadFile): string {
  const names = parse(entry, read).exportedNames.toSorted(byCodePoint);
  const sections = names.map((name) => {
    const found = find(entry, name, read);
    const declarations = [
      ...found.declarations.map((text) => renamed(text, name)),
      ...basesOf(found, new Set(names), read),
    ];
    return `## ${name}\n\n\`\`\`ts\n${declarations.join("\n")}\n\`\`\`\n`;
  });
  return `# ${packageName}\n\n${HINT}\n\n${sections.join("\n")}`;
}

const HINT = "The exported names and their types, written by `npm run api`. Not to be edited.";

function byCodePoint(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

function parse(path: string, read: ReadFile): DeclarationFile {
  return parseDeclarationFile(read(path));
}

/** Declarations of one name, and the file that has them. */
interface Found {
  readonly path: string;
  readonly declarations: readonly string[];
}

function find(path: string, name: string, read: ReadFile): Found {
  const file = parse(path, read);
  const here = file.declarations.get(name);
  if (here !== undefined) return { path, declarations: here };
  const reference = file.references.get(name);
  if (reference === undefined) throw new Error(`${path} exports ${name} but does not declare it`);
  if (!reference.specifier.startsWith(".")) {
    return { path, declarations: [`export { ${reference.name} } from "${reference.specifier}";`] };
  }
  const source = join(dirname(path), reference.specifier.replace(/\.[jt]s$/, ".d.ts"));
  return find(source, reference.name, read);
}

/** What an interface has of others that have no section of their own: it is exported with it. */
function basesOf({ path, declarations }: Found, exported: Set<string>, read: ReadFile): string[] {
  return declarations.flatMap((text) => {
    const [, list = ""] = /^interface \w+ extends ([\w, ]+) \{/.exec(text) ?? [];
    return list
      .split(", ")
      .filter((base) => base !== "" && !exported.has(base) && isKnown(path, base, read))
      .flatMap((base) => {
        const found = find(path, base, read);
        return [
          ...found.declarations.map((one) => renamed(one, base)),
          ...basesOf(found, exported, read),
        ];
      });
  });
}

/** False for what the language itself has. */
function isKnown(path: string, name: string, read: ReadFile): boolean {
  const { declarations, references } = parse(path, read);
  return declarations.has(name) || references.has(name);
}

/** A declaration under the name that it is exported by. */
function renamed(declaration: string, name: string): string {
  return declaration.replace(
    /^((?:abstract )?(?:const|let|function|class|interface|type|namespace) )\w+/,
    (_match, keywords: string) => keywords + name,
  );
}

/** What is wrong with the report of a package; undefined if nothing is. */
function checkReport(path: string, report: string): string | undefined {
  if (!existsSync(path)) return `${path} is missing: run npm run api`;
  if (readFileSync(path, "utf8") === report) return undefined;
  return `${path} is not what the package exports: run npm run api and look at the difference`;
}

function main(mode: string | undefined): void {
  if (mode !== "write" && mode !== "check") throw new TypeError("say write or check");
  setUp(repositoryRoot());
  const packages = join(repositoryRoot(), "packages");
  for (const name of readdirSync(packages).toSorted(byCodePoint)) {
    const folder = join(packages, name);
    const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    if (!isPublic(manifest)) continue;
    const report = packageReport(folder, manifest);
    if (mode === "write") writeFileSync(join(folder, "api.md"), report);
    const fault = mode === "check" ? checkReport(join(folder, "api.md"), report) : undefined;
    if (fault === undefined) continue;
    console.error(fault);
    process.exitCode = 1;
  }
}

interface PublicManifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

function isPublic(manifest: unknown): manifest is PublicManifest {
  if (typeof manifest !== "object" || manifest === null) return false;
  return "name" in manifest && "exports" in manifest && !("private" in manifest);
}

/** The reports on all entry points, one after the other. */
function packageReport(folder: string, { name, exports }: PublicManifest): string {
  return Object.entries(exports)
    .flatMap(([entryPoint, target]) => {
      if (typeof target === "string") return [];
      const entry = join(folder, target.types);
      return [apiReport(name + entryPoint.slice(1), entry, (path) => readFileSync(path, "utf8"))];
    })
    .join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv[2]);
