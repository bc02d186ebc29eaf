/**
 * Makes a fresh clone ready and then starts the server or runs the tests:
 *
 *     node tools/setup.mjs               install and build, if needed
 *     node tools/setup.mjs start [...]   the same, then `anax serve [...]`
 *     node tools/setup.mjs test [...]    the same, then `vitest run [...]`
 *
 * It is plain JavaScript without dependencies because it runs before anything is installed. What is
 * already done is recognised by comparing fingerprints, so that a second start costs milliseconds.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/**
 * The paths that setting up works with, all below one root.
 * @param {string} root
 */
function placesIn(root) {
  return {
    root,
    lockFile: join(root, "package-lock.json"),
    installed: join(root, "node_modules/.package-lock.json"),
    installStamp: join(root, "node_modules/.anax/installed"),
    buildStamp: join(root, "node_modules/.anax/built"),
    packages: join(root, "packages"),
    pageSources: join(root, "packages/dashboard"),
    pageBuilder: join(root, "tools/build-dashboard.mjs"),
    page: join(root, "packages/admin/dist/dashboard/index.html"),
  };
}

/** @typedef {ReturnType<typeof placesIn>} Places */

/**
 * Whether node_modules is what the lock file asks for.
 * @param {Places} places
 */
export function isInstalled(places) {
  if (!existsSync(places.installed)) return false;
  if (readIfThere(places.installStamp) === fingerprintOfLock(places)) return true;
  // Someone ran npm by hand since the lock file changed: npm knows better than our stamp.
  return statSync(places.installed).mtimeMs >= statSync(places.lockFile).mtimeMs;
}

/**
 * Whether every package has been built from the sources that are here now.
 * @param {Places} places
 */
export function isBuilt(places) {
  const everyEntryExists = packageFolders(places).every((folder) =>
    existsSync(join(folder, "dist/index.js")),
  );
  const hasPage = !existsSync(places.pageSources) || existsSync(places.page);
  return (
    everyEntryExists && hasPage && readIfThere(places.buildStamp) === fingerprintOfSources(places)
  );
}

/**
 * Installs and builds what is not yet installed and built.
 * @param {string} root
 * @param {(what: string) => void} [report] told what is being done
 */
export function setUp(root, report = say) {
  const places = placesIn(root);
  if (!isInstalled(places)) {
    report("installing the dependencies (npm ci)");
    runNpm(["ci", "--no-audit", "--no-fund"], root);
  }
  stamp(places.installStamp, fingerprintOfLock(places));
  if (isBuilt(places)) return;
  report("building (tsc -b, esbuild)");
  const fingerprint = fingerprintOfSources(places);
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  run(process.execPath, [tsc, "-b", ...packageFolders(places)], root);
  if (existsSync(places.pageSources)) run(process.execPath, [places.pageBuilder], root);
  stamp(places.buildStamp, fingerprint);
}

/** @param {Places} places */
function fingerprintOfLock(places) {
  return createHash("sha256").update(readFileSync(places.lockFile)).digest("hex");
}

/**
 * Path, size and modification time of every file that the compiler reads. Contents are not read:
 * this runs before each start.
 * @param {Places} places
 */
export function fingerprintOfSources(places) {
  const hash = createHash("sha256").update(readIfThere(places.installStamp));
  for (const name of readdirSync(places.root).filter((entry) => entry.startsWith("tsconfig."))) {
    addFile(hash, places.root, join(places.root, name));
  }
  for (const folder of [...packageFolders(places), places.pageSources]) {
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder).filter((entry) => entry.endsWith(".json"))) {
      addFile(hash, places.root, join(folder, name));
    }
    addFolder(hash, places.root, join(folder, "src"));
  }
  return hash.digest("hex");
}

/**
 * @param {import("node:crypto").Hash} hash
 * @param {string} root
 * @param {string} folder
 */
function addFolder(hash, root, folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) addFolder(hash, root, path);
    else addFile(hash, root, path);
  }
}

/**
 * @param {import("node:crypto").Hash} hash
 * @param {string} root
 * @param {string} path
 */
function addFile(hash, root, path) {
  const { size, mtimeMs } = statSync(path);
  hash.update(`${relative(root, path)} ${size} ${mtimeMs}\n`);
}

/**
 * The packages that have sources.
 * @param {Places} places
 */
function packageFolders(places) {
  return readdirSync(places.packages)
    .map((name) => join(places.packages, name))
    .filter((folder) => existsSync(join(folder, "src/index.ts")));
}

/** @param {string} path */
function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/**
 * @param {string} path
 * @param {string} content
 */
function stamp(path, content) {
  if (readIfThere(path) === content) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** @param {string} what */
function say(what) {
  process.stderr.write(`setup: ${what}\n`);
}

/**
 * npm starts us with the path of its own program; without it (`node tools/setup.mjs`) the one on
 * the PATH has to do.
 * @param {string[]} args
 * @param {string} root
 */
function runNpm(args, root) {
  const npm = process.env["npm_execpath"];
  if (npm?.endsWith(".js")) run(process.execPath, [npm, ...args], root);
  else run("npm", args, root, { shell: process.platform === "win32" });
}

/**
 * Runs a command to its end, its output on our standard error (standard output belongs to what is
 * started afterwards); if it fails, so do we, with its exit code.
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 * @param {{ shell?: boolean }} [options]
 */
function run(command, args, cwd, options = {}) {
  const result = spawnSync(command, args, { ...options, cwd, stdio: ["ignore", 2, 2] });
  if (result.status === 0) return;
  say(`failed: ${[command, ...args].join(" ")}${result.error ? ` (${result.error.message})` : ""}`);
  process.exit(result.status ?? 1);
}

/**
 * Runs the command in this very process, so that signals reach it and its exit code is ours.
 * @param {string} root
 * @param {string[]} args
 */
async function start(root, args) {
  const program = join(root, "packages/anax/bin/anax.js");
  process.argv = [process.execPath, program, "serve", ...args];
  await import(pathToFileURL(program).href);
}

/**
 * @param {string} root
 * @param {string[]} args
 */
function test(root, args) {
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const runner = spawn(process.execPath, [vitest, "run", ...args], { cwd: root, stdio: "inherit" });
  process.on("SIGINT", () => runner.kill("SIGINT"));
  process.on("SIGTERM", () => runner.kill("SIGTERM"));
  runner.on("exit", (code) => process.exit(code ?? 1));
}

/** @param {string[]} args */
async function main([task, ...args]) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  setUp(root);
  if (task === "start") await start(root, args);
  else if (task === "test") test(root, args);
  else if (task !== undefined) throw new TypeError(`Unknown task ${task}: use start or test`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
