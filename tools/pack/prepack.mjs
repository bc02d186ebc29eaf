/**
 * Makes the package in whose folder npm runs it ready to be packed:
 * - declarations get the files behind `#` imports, since TypeScript's `moduleResolution: node10` knows none of these;
 * - the guide and the examples go along where `files` names `docs`, so that they are at hand where the package is installed.
 *
 * With the argument `undo` it takes all of that back.
 */
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { copyDocuments } from "./documents.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = process.cwd();
const { imports = {}, files } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
/** The declarations as the compiler wrote them, for `undo`; it lies beside what is packed. */
const originals = join(folder, ".prepack.json");

if (process.argv[2] === "undo") {
  rmSync(join(folder, "docs"), { recursive: true, force: true });
  for (const [file, text] of Object.entries(JSON.parse(readFileSync(originals, "utf8")))) {
    writeFileSync(file, text);
  }
  rmSync(originals);
} else {
  if (files.includes("docs")) copyDocuments(root, folder);
  nameFilesBehindImports();
}

function nameFilesBehindImports() {
  const dist = join(folder, "dist");
  if (!existsSync(dist)) throw new Error(`${dist} is not there: build first`);
  /** @type {Record<string, string>} */
  const changed = {};
  for (const entry of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
    if (!entry.endsWith(".d.ts")) continue;
    const file = join(dist, entry);
    const text = readFileSync(file, "utf8");
    const plain = text.replace(/"(#[\w-]+)"/g, (whole, name) => {
      const types = imports[name]?.types;
      if (types === undefined) return whole;
      const path = relative(dirname(file), join(folder, types)).replaceAll("\\", "/");
      const specifier = path.replace(/\.d\.ts$/, ".js");
      return JSON.stringify(specifier.startsWith(".") ? specifier : `./${specifier}`);
    });
    if (plain === text) continue;
    changed[file] = text;
    writeFileSync(file, plain);
  }
  writeFileSync(originals, JSON.stringify(changed));
}
