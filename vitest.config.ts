/**
 * How the tests run: straight from the TypeScript sources (export condition `source`), so that no
 * build has to happen first and a failing line is the line that was written.
 */
import { defineConfig } from "vitest/config";

// Only what has to be added: Vite and Node know `import`, `require` and `default` themselves. Vitest hands
// these on to Node, and a `require` that is given the condition `import` gets the wrong file.
const conditions = ["source", "node"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "tools/test/**/*.test.ts",
      "examples/test/**/*.test.ts",
      "conformance/**/*.test.ts",
      "interop/**/*.test.ts",
      "bench/test/**/*.test.ts",
      "crash/test/**/*.test.ts",
    ],
    exclude: ["**/node_modules/**", "**/dist/**", "**/fixtures/**"],
    coverage: { include: ["packages/*/src/**/*.ts"] },
    // Many tests mostly wait for sockets and child processes: three at a time also where there are two cores.
    maxWorkers: 3,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
