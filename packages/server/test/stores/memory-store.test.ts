import {
  emptyTransaction,
  holdings,
  MemoryMedium,
  MemoryStore,
  STORE_CONTRACT,
} from "@anax/server/contracts";
import { describe, expect, it } from "vitest";

describe("the memory store", () => {
  for (const { name, run } of STORE_CONTRACT) {
    it(name, async () => {
      const medium = new MemoryMedium();
      await expect(run({ newStore: () => new MemoryStore(medium) })).resolves.toBeUndefined();
    });
  }

  it("leaves to a copy of its medium what was committed until then", async () => {
    const medium = new MemoryMedium();
    const store = new MemoryStore(medium);
    await holdings(store);
    const batch = { position: 1, bytes: new Uint8Array([1]) };
    await store.commit({ ...emptyTransaction(), batch });
    const copy = medium.copy();
    await store.commit({ ...emptyTransaction(), deletedBatches: [1] });
    expect((await holdings(new MemoryStore(copy))).batches).toEqual([[1, new Uint8Array([1])]]);
  });
});
