/**
 * Packs every package that is published, checks the packed files (publint, are-the-types-wrong), installs
 * them together in an empty project, and uses them there: `npm run test:pack`.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setUp } from "./setup.mjs";
import { repositoryRoot } from "./tidy.ts";
import { packageManifests } from "./tidy/manifests.ts";
import type { Manifest } from "./tidy/manifests.ts";
import { readRepository } from "./tidy/repository.ts";

const ROOT = repositoryRoot();
const BIN = join(ROOT, "node_modules/.bin");

/** What a stranger would write; the types of Node are those that are installed here. */
const CONSUMER_PROJECT = {
  compilerOptions: {
    strict: true,
    target: "es2022",
    lib: ["es2023", "esnext.disposable"],
    module: "nodenext",
    types: ["node"],
    typeRoots: [join(ROOT, "node_modules/@types")],
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
  },
  files: ["consumer.ts"],
};

setUp(ROOT);
const work = mkdtempSync(join(tmpdir(), "anax-pack-"));
let passed = 0;

try {
  const published = packageManifests(readRepository(ROOT)).filter(({ isPrivate }) => !isPrivate);
  const tarballs = published.map((manifest) => pack(manifest));
  for (const tarball of tarballs) inspect(tarball);
  useIn(join(work, "project"), tarballs, published);
  console.log(`pack: ${passed} passed`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function pack(manifest: Manifest): string {
  const printed = run("npm", ["pack", "--json", "--pack-destination", work], {
    cwd: join(ROOT, manifest.folder),
  });
  const [, filename] = /"filename": "([^"]+)"/.exec(printed) ?? [];
  if (filename === undefined) throw new Error(`npm pack did not name the file of ${manifest.name}`);
  done(`${manifest.name} is packed`);
  return join(work, filename);
}

function inspect(tarball: string): void {
  run(join(BIN, "publint"), ["run", tarball, "--strict"], { cwd: work });
  done(`publint finds nothing in ${tarball}`);
  // All packages are ESM, which Node lets programs of CommonJS require.
  const rules = ["--profile", "strict", "--ignore-rules", "cjs-resolves-to-esm"];
  run(join(BIN, "attw"), [tarball, ...rules, "--no-definitely-typed"], { cwd: work });
  done(`the types of ${tarball} resolve, by node10, node16 and bundlers`);
}

function useIn(project: string, tarballs: readonly string[], published: readonly Manifest[]): void {
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), `{ "private": true, "type": "module" }`);
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify(CONSUMER_PROJECT));
  for (const name of ["consumer.ts", "consumer.cjs"]) {
    copyFileSync(join(ROOT, "tools/pack", name), join(project, name));
  }

  run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", ...tarballs], {
    cwd: project,
  });
  for (const { name, version } of published) {
    expectIncludes(readFileSync(join(project, "node_modules", name, "package.json"), "utf8"), [
      `"version": "${version}"`,
    ]);
  }
  done("the packed packages install together");

  run(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc")], { cwd: project });
  done("a program compiles against their types");

  const printed = run(process.execPath, ["consumer.js"], { cwd: project });
  expectIncludes(printed, [
    "codec: suback",
    "message: plants/7/water low",
    "dashboard: 200 text/javascript",
  ]);
  done("the program runs");

  const required = run(process.execPath, [join(project, "consumer.cjs")], { cwd: project });
  expectIncludes(required, ["message: plants/7/water low"]);
  done("a program of CommonJS requires them and runs");

  for (const path of ["client/docs/guide/client.md", "server/docs/examples/subscriber.ts"]) {
    readFileSync(join(project, "node_modules/@anax", path));
  }
  done("guide and examples are at hand");

  const version = run("npx", ["--no-install", "anax", "--version"], { cwd: project });
  expectIncludes(version, [published[0]?.version ?? "no version"]);
  done("the command runs");
}

function run(command: string, args: readonly string[], options: { readonly cwd: string }): string {
  const result = spawnSync(command, args, { ...options, encoding: "utf8", timeout: 120_000 });
  if (result.status === 0) return result.stdout;
  const what = [command, ...args].join(" ");
  throw new Error(`${what}: ${result.error?.message ?? ""}\n${result.stdout}${result.stderr}`);
}

function expectIncludes(text: string, parts: readonly string[]): void {
  for (const part of parts) {
    if (!text.includes(part)) throw new Error(`expected "${part}" in:\n${text}`);
  }
}

function done(what: string): void {
  passed += 1;
  console.log(`ok: ${what}`);
}
