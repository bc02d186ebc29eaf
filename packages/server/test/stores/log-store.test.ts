import { STORE_CONTRACT } from "@anax/server/contracts";
import { describe, expect, it } from "vitest";
import { startedServer, text } from "../support/memory-server.ts";
import { LogStore, TransactionLog } from "../support/log-store.ts";

describe("a store that is a log", () => {
  for (const { name, run } of STORE_CONTRACT) {
    it(name, async () => {
      const log = new TransactionLog();
      await expect(run({ newStore: () => new LogStore(log) })).resolves.toBeUndefined();
    });
  }

  it("is found out if it throws away too much", async () => {
    const check = STORE_CONTRACT.find(({ name }) => name.startsWith("a full checkpoint"));
    const log = new TransactionLog();
    log.purgesTooFarBy = 1;
    await expect(check?.run({ newStore: () => new LogStore(log) })).rejects.toThrow(/deep/);
  });

  it("is shortened while a server uses it, and has everything at the next start", async () => {
    const log = new TransactionLog();
    // 2 KB count as 64 MB.
    const store = new LogStore(log, 32_768);
    const server = await startedServer({ store });
    for (let number = 0; number < 200; number += 1)
      await server.publish(`t/${number % 5}`, String(number), { retain: true, qos: 1 });
    await server.stop();
    expect(log.purged).toBeGreaterThan(10);
    const again = await startedServer({ store: new LogStore(log) });
    const kept = Array.from({ length: 5 }, (_, n) => again.retainedMessages.get(`t/${n}`));
    expect(kept.map((message) => text(message?.payload))).toEqual([
      "195",
      "196",
      "197",
      "198",
      "199",
    ]);
    await again.stop();
  });
});
