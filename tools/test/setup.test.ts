/**
 * Setting up, with a compiler and an npm that only note that they were called: what is done is not
 * done again, and what has changed is noticed.
 */
import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { setUp } from "../setup.mjs";
import type { TemporaryFolder } from "./temporary-folder.ts";
import { emptyFolder } from "./temporary-folder.ts";

const COMPILER = `
const fs = require("node:fs");
fs.appendFileSync("calls", "tsc\\n");
for (const folder of process.argv.slice(3)) {
  fs.mkdirSync(folder + "/dist", { recursive: true });
  fs.writeFileSync(folder + "/dist/index.js", "");
}
`;
const NPM = `
const fs = require("node:fs");
fs.appendFileSync("calls", "npm " + process.argv[2] + "\\n");
fs.writeFileSync("node_modules/.package-lock.json", "{}");
`;

let folder: TemporaryFolder;

beforeEach(() => {
  folder = emptyFolder({
    "package-lock.json": "{}",
    "tsconfig.json": "{}",
    "npm.js": NPM,
    "node_modules/typescript/bin/tsc": COMPILER,
    "packages/one/package.json": "{}",
    "packages/one/tsconfig.json": "{}",
    "packages/one/src/index.ts": "export {};\n",
    "packages/one/src/deep/part.ts": "export {};\n",
  });
  vi.stubEnv("npm_execpath", join(folder.path, "npm.js"));
});

afterEach(() => {
  vi.unstubAllEnvs();
  folder[Symbol.dispose]();
});

function setUpQuietly(): void {
  setUp(folder.path, () => {});
}

/** What was called since the last time that this was asked. */
function calls(): readonly string[] {
  const path = join(folder.path, "calls");
  const lines = existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
  rmSync(path, { force: true });
  return lines;
}

describe("setting up", () => {
  it("installs and builds a fresh clone", () => {
    setUpQuietly();
    expect(calls()).toEqual(["npm ci", "tsc"]);
  });

  it("does nothing the second time", () => {
    setUpQuietly();
    calls();
    setUpQuietly();
    expect(calls()).toEqual([]);
  });

  it.each([
    ["a changed source", "packages/one/src/deep/part.ts"],
    ["a new source", "packages/one/src/deep/new.ts"],
    ["a changed project", "packages/one/tsconfig.json"],
    ["a changed base project", "tsconfig.json"],
  ])("builds again after %s", (_change, path) => {
    setUpQuietly();
    calls();
    writeFileSync(join(folder.path, path), "export const changed: number = 1;\n");
    setUpQuietly();
    expect(calls()).toEqual(["tsc"]);
  });

  it("builds again after a source was removed", () => {
    setUpQuietly();
    calls();
    rmSync(join(folder.path, "packages/one/src/deep/part.ts"));
    setUpQuietly();
    expect(calls()).toEqual(["tsc"]);
  });

  it("builds again when the output was removed", () => {
    setUpQuietly();
    calls();
    rmSync(join(folder.path, "packages/one/dist"), { recursive: true });
    setUpQuietly();
    expect(calls()).toEqual(["tsc"]);
  });

  it("installs and builds again when the lock file has changed", () => {
    setUpQuietly();
    calls();
    const lockFile = join(folder.path, "package-lock.json");
    writeFileSync(lockFile, `{ "name": "other" }`);
    const later = new Date(Date.now() + 60_000);
    utimesSync(lockFile, later, later);
    setUpQuietly();
    expect(calls()).toEqual(["npm ci", "tsc"]);
  });

  it("trusts an installation that someone made by hand after the lock file changed", () => {
    writeFileSync(join(folder.path, "node_modules/.package-lock.json"), "{}");
    setUpQuietly();
    expect(calls()).toEqual(["tsc"]);
  });
});
