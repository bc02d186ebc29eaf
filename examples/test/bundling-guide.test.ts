/** Bundles a server as the guide says, and runs the bundle. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readmeExamples } from "../../tools/readme-examples.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const BIN = join(ROOT, "node_modules/.bin");
/** The manifest of a program: its version is not that of Anax. */
const MANIFEST = JSON.stringify({ private: true, type: "module", version: "9.9.9" });

const examples = readmeExamples(readFileSync(join(ROOT, "docs/guide/bundling.md"), "utf8"));
const output = examples.get("app")?.output;

let outer: string;
let project: string;

beforeAll(() => {
  // Inside the repository, so that the names of the packages resolve.
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  outer = mkdtempSync(join(ROOT, ".cache/bundling-"));
  project = join(outer, "program");
  mkdirSync(project);
  for (const folder of [outer, project]) writeFileSync(join(folder, "package.json"), MANIFEST);
  writeFileSync(join(project, "app.ts"), codeOf("app"));
});

afterAll(() => rmSync(outer, { recursive: true, force: true }));

describe("the guide", { timeout: 60_000 }, () => {
  it("shows what this test runs, and no more", () => {
    expect([...examples.keys()]).toEqual(["app", "esbuild", "vite", "vite-build"]);
    expect(output).toContain(manifestVersion("server"));
  });

  it("bundles with esbuild, and the server knows its own version", () => {
    const build = lineOf("esbuild", 0).replace(
      "npx esbuild",
      `"${BIN}/esbuild" --conditions=source`,
    );
    run(build);
    expect(run(lineOf("esbuild", 1))).toBe(output);
  });

  it("is right that esbuild needs the banner", () => {
    const [build = ""] = lineOf("esbuild", 0).split(" --banner");
    run(build.replace("npx esbuild", `"${BIN}/esbuild" --conditions=source`));
    expect(() => run(lineOf("esbuild", 1))).toThrow('Dynamic require of "events"');
  });

  it("bundles with Vite", () => {
    const fromSource = 'noExternal: true, resolve: { conditions: ["source", "node"] },';
    const config = codeOf("vite").replace("noExternal: true,", fromSource);
    writeFileSync(join(project, "vite.config.mjs"), config);
    run(lineOf("vite-build", 0).replace("npx vite", `"${BIN}/vite"`));
    expect(run(lineOf("vite-build", 1))).toBe(output);
  });
});

describe("the version in the sources", () => {
  it.each([
    ["server", "src/system/version.ts"],
    ["anax", "src/version.ts"],
  ])("of %s is that of its manifest", (name, path) => {
    const source = readFileSync(join(ROOT, "packages", name, path), "utf8");
    expect(source).toContain(`VERSION = "${manifestVersion(name)}"`);
  });
});

function manifestVersion(name: string): string {
  const manifest = readFileSync(join(ROOT, "packages", name, "package.json"), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

function codeOf(name: string): string {
  const found = examples.get(name);
  if (found === undefined) throw new Error(`the guide has no example "${name}"`);
  return found.code;
}

function lineOf(name: string, index: number): string {
  return codeOf(name).split("\n")[index] ?? "";
}

/** Runs a line of the guide in the project; throws with what the program says if it fails. */
function run(line: string): string {
  return execFileSync("sh", ["-c", line], { cwd: project, encoding: "utf8", stdio: "pipe" });
}
