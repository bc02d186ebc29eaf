/** Runs what the guide for tests shows, each by its runner; Jest's by Vitest, which has the same functions. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ChildProgram } from "../../interop/support/child-program.ts";
import { bundledProgram } from "../../tools/bundled-program.ts";
import { readmeExamples } from "../../tools/readme-examples.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const examples = readmeExamples(readFileSync(join(ROOT, "docs/guide/testing.md"), "utf8"));

let folder: string;

beforeAll(() => {
  // Inside the repository, so that the names of the packages resolve.
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  folder = mkdtempSync(join(ROOT, ".cache/testing-"));
  writeFileSync(join(folder, "clock.ts"), codeOf("clock"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function codeOf(name: string): string {
  const example = examples.get(name);
  if (example === undefined) throw new Error(`the guide has no example ${name}`);
  return example.code;
}

/** Jest's names for the same. */
function forVitest(code: string): string {
  return code
    .replace('import { afterEach, expect, jest, test } from "@jest/globals";', "")
    .replaceAll("jest.", "vi.")
    .replace(/^/, 'import { afterEach, expect, test, vi } from "vitest";\n');
}

describe("the guide for tests", { timeout: 60_000 }, () => {
  it("shows what this test runs, and no more", () => {
    expect([...examples.keys()]).toEqual(["node", "clock", "vitest", "jest", "node-clock"]);
  });

  it.each(["node", "node-clock"])("shows a test of node:test that passes: %s", async (name) => {
    const path = join(folder, `${name}.test.ts`);
    writeFileSync(path, codeOf(name));
    const args = ["--test", await bundledProgram(path)];
    const program = new ChildProgram(process.execPath, args, { cwd: folder });
    expect(await program.succeeded()).toMatch(/pass 1\b/);
  });

  it("shows tests of Vitest and Jest that pass", async () => {
    writeFileSync(join(folder, "vitest.test.ts"), codeOf("vitest"));
    writeFileSync(join(folder, "jest.test.ts"), forVitest(codeOf("jest")));
    const conditions = 'const conditions = ["source", "node"];';
    const config = `${conditions}
export default {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: { include: ["vitest.test.ts", "jest.test.ts"] },
};`;
    writeFileSync(join(folder, "vitest.config.mjs"), config);
    const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
    const args = [vitest, "run", "--root", folder];
    const program = new ChildProgram(process.execPath, args, { cwd: folder });
    expect(await program.succeeded()).toMatch(/2 passed/);
  });
});
