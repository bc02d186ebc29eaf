/**
 * How the tests run: straight from the TypeScript sources (export condition `source`), so that no
 * build has to happen first and a failing line is the line that was written.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

// Only what has to be added: Vite and Node know `import`, `require` and `default` themselves. Vitest hands
// these on to Node, and a `require` that is given the condition `import` gets the wrong file.
const conditions = ["source", "node"];
const resolved = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
};
const exclude = ["**/node_modules/**", "**/dist/**", "**/fixtures/**"];
const timeouts = { testTimeout: 20_000, hookTimeout: 20_000 };

/** What changes modules or globals for a whole file, or measures the heap of its process. */
const NEEDS_A_PROCESS = /\bvi\.(mock|doMock|hoisted|stub\w+|useFakeTimers)\b|memoryUsage\(|\bgc\(/;

const packageTests = readdirSync(join(import.meta.dirname, "packages"))
  .map((name) => join("packages", name, "test"))
  .flatMap((folder) =>
    readdirSync(join(import.meta.dirname, folder), { recursive: true, encoding: "utf8" }).map(
      (file) => join(folder, file),
    ),
  )
  .filter((path) => path.endsWith(".test.ts"));
const apart = packageTests.filter((path) =>
  NEEDS_A_PROCESS.test(readFileSync(join(import.meta.dirname, path), "utf8")),
);

export default defineConfig({
  ...resolved,
  test: {
    coverage: { include: ["packages/*/src/**/*.ts"] },
    // Many tests mostly wait for sockets and child processes: three at a time also where there are two cores.
    maxWorkers: 3,
    projects: [
      {
        ...resolved,
        test: {
          // Projects run in the order of their names: those that take longest begin.
          name: "alone",
          include: apart,
          exclude,
          ...timeouts,
        },
      },
      {
        ...resolved,
        test: {
          // Whole programs: those that take longest begin.
          name: "programs",
          isolate: false,
          include: [
            "tools/test/**/*.test.ts",
            "examples/test/**/*.test.ts",
            "conformance/**/*.test.ts",
            "interop/**/*.test.ts",
            "bench/test/**/*.test.ts",
            "crash/test/**/*.test.ts",
            "fuzz/test/**/*.test.ts",
          ],
          exclude,
          ...timeouts,
        },
      },
      {
        ...resolved,
        test: {
          // One process runs many files: to load the packages for each of them would take longer than most tests.
          name: "together",
          isolate: false,
          include: ["packages/*/test/**/*.test.ts"],
          exclude: [...exclude, ...apart],
          ...timeouts,
        },
      },
    ],
  },
});
