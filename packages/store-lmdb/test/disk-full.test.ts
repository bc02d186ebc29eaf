import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { holdings } from "@anax/server/contracts";
import { lmdbStore } from "@anax/store-lmdb";
import { describe, expect, it } from "vitest";
import { ChildProgram } from "./support/child-program.ts";
import { withFolder } from "./support/folder.ts";

/** Only root may make a disk of a few megabytes, and not in every container. */
function canMount(): boolean {
  return process.getuid?.() === 0 && spawnSync("unshare", ["--mount", "true"]).status === 0;
}

async function withSmallDisk(use: (path: string) => Promise<void>): Promise<void> {
  await withFolder(async (path) => {
    mkdirSync(path);
    const options = ["-t", "tmpfs", "-o", "size=4m", "tmpfs", path];
    if (spawnSync("mount", options).status !== 0) throw new Error("cannot mount a small disk");
    try {
      await use(path);
    } finally {
      spawnSync("umount", [path]);
    }
  });
}

describe.skipIf(!canMount())("a store on a full disk", () => {
  // In a process of its own, because LMDB itself writes to standard error then.
  it("refuses, loses nothing, lets be deleted, and goes on", () =>
    withSmallDisk(async (disk) => {
      const child = await ChildProgram.start("full-disk.ts", [disk]);
      await child.ended;
      const [summary = "{}"] = child.lines;
      expect(JSON.parse(summary)).toMatchObject({ failures: [], missing: [] });
      const { refusals, committed }: { refusals: number; committed: number } = JSON.parse(summary);
      expect(refusals).toBeGreaterThan(10);
      expect(committed).toBeGreaterThan(200);
      const store = lmdbStore({ path: `${disk}/data` });
      expect((await holdings(store)).batches.length).toBeGreaterThan(0);
      await store.close();
    }));
});
