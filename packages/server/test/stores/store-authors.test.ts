import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { STORE_CONTRACT } from "@anax/server/contracts";
import { describe, expect, it } from "vitest";
import { FileStore } from "../support/file-store.ts";

const ROOT = join(import.meta.dirname, "../../../..");

describe("the store of the guide for authors", () => {
  it("is what the guide shows", () => {
    const guide = readFileSync(join(ROOT, "docs/guide/store-authors.md"), "utf8");
    const source = readFileSync(join(import.meta.dirname, "../support/file-store.ts"), "utf8");
    expect(guide).toContain(`\`\`\`ts\n${source}\`\`\`\n`);
  });

  for (const { name, run } of STORE_CONTRACT) {
    it(name, async () => {
      const folder = mkdtempSync(join(tmpdir(), "anax-file-store-"));
      try {
        const newStore = (): FileStore => new FileStore(join(folder, "store.json"));
        await expect(run({ newStore })).resolves.toBeUndefined();
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});
