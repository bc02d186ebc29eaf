import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Gives `use` a path of its own that does not exist yet, and deletes what is there afterwards. */
export async function withFolder<Result>(use: (path: string) => Promise<Result>): Promise<Result> {
  const parent = mkdtempSync(join(tmpdir(), "anax-store-"));
  try {
    return await use(join(parent, "data"));
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}
