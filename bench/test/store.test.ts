import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { measureStore, storeLine } from "../store.ts";

it("measures the durable store", async () => {
  const folder = mkdtempSync(join(tmpdir(), "anax-bench-test-"));
  try {
    const workload = { durability: "disk", batchBytes: 4_096, commits: 30, kept: 5 } as const;
    const measurement = await measureStore(join(folder, "data"), workload);
    expect(measurement.p99).toBeGreaterThanOrEqual(measurement.p50);
    expect(measurement.fileBytes).toBeLessThan(1_048_576);
    expect(storeLine(measurement)).toMatch(/^disk, 4\.0 KB a commit: p50 [\d.]+ ms/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
