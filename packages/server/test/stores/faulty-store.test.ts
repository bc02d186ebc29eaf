import {
  emptyTransaction,
  FaultyStore,
  holdings,
  MemoryMedium,
  MemoryStore,
  STORE_CONTRACT,
} from "@anax/server/contracts";
import type { StoreHoldings } from "@anax/server/contracts";
import { describe, expect, it } from "vitest";

const BATCH = { ...emptyTransaction(), batch: { position: 1, bytes: new Uint8Array([1, 2]) } };

async function openStore(): Promise<{ store: FaultyStore; medium: MemoryMedium }> {
  const medium = new MemoryMedium();
  const store = new FaultyStore(new MemoryStore(medium));
  await holdings(store);
  return { store, medium };
}

function afterCrash(medium: MemoryMedium): Promise<StoreHoldings> {
  return holdings(new MemoryStore(medium.copy()));
}

describe("the faulty store, before a fault", () => {
  for (const { name, run } of STORE_CONTRACT) {
    it(name, async () => {
      const medium = new MemoryMedium();
      const newStore = (): FaultyStore => new FaultyStore(new MemoryStore(medium));
      await expect(run({ newStore })).resolves.toBeUndefined();
    });
  }
});

describe("the faulty store", () => {
  it("holds commits back until they are released", async () => {
    const { store, medium } = await openStore();
    store.hold();
    const committed = store.commit(BATCH);
    expect(store.heldCommits).toBe(1);
    expect((await afterCrash(medium)).batches).toEqual([]);
    store.releaseOne();
    await committed;
    expect((await afterCrash(medium)).batches).toHaveLength(1);
  });

  it("fails commits without a trace", async () => {
    const { store, medium } = await openStore();
    store.failCommits({ code: "ANAX_STORE_FULL" });
    await expect(store.commit(BATCH)).rejects.toMatchObject({ code: "ANAX_STORE_FULL" });
    expect((await afterCrash(medium)).batches).toEqual([]);
    store.heal();
    await store.commit(BATCH);
    expect((await afterCrash(medium)).batches).toHaveLength(1);
  });

  it("fails commits whose changes are made", async () => {
    const { store, medium } = await openStore();
    store.failCommits({ code: "ANAX_STORE_FAILED", areChangesMade: true });
    await expect(store.commit(BATCH)).rejects.toMatchObject({ code: "ANAX_STORE_FAILED" });
    expect((await afterCrash(medium)).batches).toHaveLength(1);
  });

  it("refuses to open", async () => {
    const store = new FaultyStore(new MemoryStore());
    store.failOpening("ANAX_STORE_FORMAT");
    await expect(holdings(store)).rejects.toMatchObject({ code: "ANAX_STORE_FORMAT" });
  });
});
