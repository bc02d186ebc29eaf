/**
 * Installs pinned versions of Node, Bun and Deno in a temporary folder, and runs the packed packages on each:
 * `npm run platforms`. It prints the table of docs/guide/platforms.md, and fails where that table says something else;
 * `npm run platforms -- write` writes it there. Needs Linux on x64, openssl and a registry of npm.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setUp } from "./setup.mjs";
import { repositoryRoot } from "./tidy.ts";
import { packageManifests } from "./tidy/manifests.ts";
import { readRepository } from "./tidy/repository.ts";
import { CHECKS, PLATFORMS, platformTable, withTable } from "./platforms/table.ts";
import type { CheckName, Platform, PlatformRow } from "./platforms/table.ts";

const ROOT = repositoryRoot();
const PAGE = join(ROOT, "docs/guide/platforms.md");
/** A check that takes longer hangs. */
const CHECK_TIMEOUT_MS = 20_000;
/** Of the command: that it starts, and knows its version. */
const COMMAND = [join("node_modules", "anax", "bin", "anax.js"), "--version"];

setUp(ROOT);
const project = mkdtempSync(join(tmpdir(), "anax-platforms-"));
try {
  install();
  const table = platformTable(PLATFORMS.map((platform) => rowOf(platform)));
  console.log(`\n${table}`);
  const page = readFileSync(PAGE, "utf8");
  if (process.argv[2] === "write") writeFileSync(PAGE, withTable(page, table));
  else if (withTable(page, table) !== page) {
    console.error("docs/guide/platforms.md has another table");
    process.exitCode = 1;
  }
} finally {
  rmSync(project, { recursive: true, force: true });
}

function install(): void {
  const published = packageManifests(readRepository(ROOT)).filter(({ isPrivate }) => !isPrivate);
  const tarballs = published.map(({ folder }) => {
    const args = ["pack", "--json", "--pack-destination", project];
    const printed = execFileSync("npm", args, { cwd: join(ROOT, folder), encoding: "utf8" });
    return join(project, /"filename": "([^"]+)"/.exec(printed)?.[1] ?? "");
  });
  writeFileSync(join(project, "package.json"), `{ "private": true, "type": "module" }`);
  copyFileSync(join(ROOT, "tools/platforms/probe.mjs"), join(project, "probe.mjs"));
  const runtimes = PLATFORMS.map(({ folder, from }) => `${folder}@npm:${from}`);
  // No install script runs: none of the platforms needs one, and neither does lmdb.
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
  execFileSync("npm", ["install", ...quiet, ...tarballs, ...runtimes], {
    cwd: project,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const names = ["-subj", "/CN=trial", "-addext", "subjectAltName=IP:127.0.0.1"];
  const files = ["-keyout", "server.key", "-out", "server.pem"];
  execFileSync(
    "openssl",
    ["req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "3650", ...files, ...names],
    { cwd: project, stdio: "ignore" },
  );
}

function rowOf(platform: Platform): PlatformRow {
  const results = new Map(CHECKS.map(({ name }) => [name, resultOf(platform, name)]));
  return { platform, results };
}

/** "ok", what the check has seen, or why it failed, in a few words. */
function resultOf({ folder, program, args, title }: Platform, check: CheckName): string {
  const path = join(project, "node_modules", folder, program);
  const command = [...args, ...(check === "command" ? COMMAND : ["probe.mjs", check])];
  const { status, stdout, stderr, error } = spawnSync(path, command, {
    cwd: project,
    encoding: "utf8",
    timeout: CHECK_TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  const [, seen] = /^(?:ok: )?(.+)\n$/m.exec(stdout.slice(stdout.lastIndexOf("\n", -2) + 1)) ?? [];
  const isFailed = status !== 0 || seen === undefined;
  const result = isFailed ? "fails" : check === "command" ? "ok" : seen;
  console.log(`${title}, ${check}: ${result}`);
  if (isFailed) console.error(error?.message ?? "", stderr.slice(-2_000));
  return result;
}
