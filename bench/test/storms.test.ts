import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { STORMS } from "../storms/scenarios.ts";
import { measureStorm, stormLine } from "../storms.ts";
import { HAS_OPENSSL } from "../support/load-generator.ts";
import { programPath } from "../support/program-path.ts";

const isBuilt = existsSync(
  fileURLToPath(new URL("../../packages/server/dist/index.js", import.meta.url)),
);
const canMeasure = isBuilt && programPath("gcc") !== undefined && existsSync("/proc/self/status");

describe("the bench of storms", () => {
  // Of so few clients the times say nothing; that all is answered says that the storm took place.
  it.skipIf(!canMeasure).each(["subscribe", ...(HAS_OPENSSL ? ["tlsagain"] : [])])(
    "puts a server through %s",
    async (name) => {
      const { came, expected, worst_ms, resumed } = await measureStorm("anax", name, 20);
      expect(came).toBe(expected);
      expect(expected).toBe(STORMS[name]?.clients(20));
      expect(worst_ms).toBeGreaterThan(0);
      expect(resumed).toBe(STORMS[name]?.key === undefined ? 0 : 20);
    },
    60_000,
  );

  it("says a result in one line", () => {
    const result = {
      clients: 10,
      p50_ms: 1,
      p99_ms: 2.5,
      worst_ms: 3,
      connect_ms: 4,
      came: 9,
      expected: 10,
      seconds: 2,
      slowest_ms: 70,
      gave_up: 1,
      resumed: 8,
      before_kb: 80 * 1_024,
      peak_kb: 90 * 1_024,
      after_kb: 79 * 1_024,
      cpu_ms: 15,
    };
    const plain =
      "10 clients: pair p50 1, p99 2.5, worst 3 ms; newcomers 4 ms; 9 of 10 came in 2 s; 80 MB, at most +10, at the end -1";
    expect(stormLine("anax", "wills", result)).toBe(`anax, wills, ${plain}`);
    expect(stormLine("anax", "tls", result)).toBe(
      `anax, tls, ${plain}; 5 a second, 1.50 ms of processor time and -102.4 KB each, 8 by ticket, slowest 70 ms, 1 gave up`,
    );
  });
});
