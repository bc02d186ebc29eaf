import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Plugin } from "esbuild";

/** Below the packages that the programs import, and where nobody looks for sources. */
const CACHE = join(dirname(fileURLToPath(import.meta.url)), "../node_modules/.cache/anax-programs");

const bundled = new Map<string, Promise<string>>();

/** What is not ours is imported when the program runs, as it is for a user. */
const libraries: Plugin = {
  name: "libraries",
  setup: (hooks) => {
    hooks.onResolve({ filter: /^[^./#]/ }, ({ path, kind }) =>
      kind === "entry-point" || /^(@anax\/|anax$)/.test(path) ? undefined : { external: true },
    );
  },
};

/**
 * A program in one file, from our sources as they are now: a process that runs it starts in a fraction of the time that
 * a compiler would take at each start. Gives the path of the file, which is named after its contents and stays for the
 * next time.
 */
export function bundledProgram(entry: string): Promise<string> {
  const found = bundled.get(entry) ?? bundle(entry);
  bundled.set(entry, found);
  return found;
}

async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: "node",
    target: `node${process.versions.node}`,
    format: "esm",
    conditions: ["source"],
    plugins: [libraries],
    logLevel: "silent",
  });
  const contents = outputFiles[0]?.contents ?? new Uint8Array(0);
  const digest = createHash("sha256").update(contents).digest("hex").slice(0, 16);
  const program = join(CACHE, `${basename(entry, ".ts")}-${digest}.mjs`);
  mkdirSync(CACHE, { recursive: true });
  if (!existsSync(program)) {
    writeFileSync(`${program}.${process.pid}`, contents);
    renameSync(`${program}.${process.pid}`, program);
  }
  return program;
}
