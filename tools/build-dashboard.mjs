/**
 * Bundles the page into `packages/admin/dist/dashboard`, from where @anax/admin serves it:
 *
 *     node tools/build-dashboard.mjs
 *
 * It is built of the sources, whatever else has been built.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Where @anax/admin looks for the page. */
export const DASHBOARD_FOLDER = here("../packages/admin/dist/dashboard");

/** Bundles the page. A file that is there is replaced at once, for it may be read meanwhile. */
export async function buildDashboard() {
  mkdirSync(DASHBOARD_FOLDER, { recursive: true });
  const { outputFiles } = await build({
    entryPoints: [
      here("../packages/dashboard/src/app.tsx"),
      here("../packages/dashboard/src/app.css"),
    ],
    outdir: DASHBOARD_FOLDER,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    conditions: ["source", "browser"],
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "inline",
    write: false,
    logLevel: "warning",
  });
  for (const { path, contents } of outputFiles) put(basename(path), contents);
  // Last: where it is, all is.
  put("index.html", readFileSync(here("../packages/dashboard/src/index.html")));
}

/**
 * @param {string} name
 * @param {Uint8Array} contents
 */
function put(name, contents) {
  const path = join(DASHBOARD_FOLDER, name);
  writeFileSync(`${path}.${process.pid}`, contents);
  renameSync(`${path}.${process.pid}`, path);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildDashboard();
