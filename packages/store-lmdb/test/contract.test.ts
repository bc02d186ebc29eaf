import { STORE_CONTRACT } from "@anax/server/contracts";
import { lmdbStore } from "@anax/store-lmdb";
import { describe, expect, it } from "vitest";
import { withFolder } from "./support/folder.ts";

for (const durability of ["disk", "process"] as const) {
  describe(`the LMDB store, durability ${durability}`, () => {
    for (const { name, run } of STORE_CONTRACT) {
      it(name, () =>
        withFolder(async (path) => {
          const newStore = () => lmdbStore({ path, durability });
          await expect(run({ newStore })).resolves.toBeUndefined();
        }),
      );
    }
  });
}
