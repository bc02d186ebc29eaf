import { MemoryMedium, MemoryStore } from "@anax/server/contracts";
import { afterEach, describe, expect, it } from "vitest";
import { stopAll } from "../support/clocked-servers.ts";
import type { ClockedServer } from "../support/clocked-servers.ts";
import { ManualClock } from "../support/manual-clock.ts";
import {
  connected,
  LASTING,
  publication,
  startedServer,
  subscribe,
} from "../support/memory-server.ts";
import { turns } from "../support/turns.ts";

const servers: ClockedServer[] = [];

afterEach(() => stopAll(servers));

async function started(): Promise<ClockedServer> {
  const clock = new ManualClock();
  const server = await startedServer({ store: new MemoryStore(new MemoryMedium()), clock });
  servers.push({ server, clock });
  return { server, clock };
}

describe("when something is stored", () => {
  it("what nobody waits for is stored 20 ms later, with all that has come meanwhile", async () => {
    const { server, clock } = await started();
    const s = await connected(server, "s", LASTING);
    await subscribe(s, "t", 1);
    const p = await connected(server, "p");
    for (const packetIdentifier of [7, 8]) {
      p.sendPacket({ ...publication("t", "", 1), packetIdentifier });
      await p.packet();
      await s.packet();
    }
    await turns();
    const before = server.statistics.storeCommits;
    for (const packetIdentifier of [1, 2]) {
      s.sendPacket({ type: "puback", packetIdentifier, reasonCode: 0 });
      await turns();
    }
    clock.advance(19);
    await turns();
    expect(server.statistics.storeCommits).toBe(before);
    clock.advance(1);
    await turns();
    expect(server.statistics.storeCommits).toBe(before + 1);
  });

  it("a message that somebody waits for takes it along at once", async () => {
    const { server } = await started();
    const s = await connected(server, "s", LASTING);
    await subscribe(s, "t", 1);
    const p = await connected(server, "p");
    p.sendPacket(publication("t", "", 1));
    await s.packet();
    await p.packet();
    await turns();
    const before = server.statistics.storeCommits;
    s.sendPacket({ type: "puback", packetIdentifier: 1, reasonCode: 0 });
    await turns();
    p.sendPacket(publication("t", "", 1));
    expect(await p.packet()).toMatchObject({ type: "puback" });
    expect(server.statistics.storeCommits).toBe(before + 1);
  });
});
