import type { StoreDurability } from "@anax/server";
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
import type { MqttPeer } from "../support/mqtt-peer.ts";
import { turns } from "../support/turns.ts";

const servers: ClockedServer[] = [];

afterEach(() => stopAll(servers));

/** In memory, but says that its commits cost something. */
class CostlyStore extends MemoryStore {
  override readonly durability: StoreDurability = "disk";
}

async function started(store = new MemoryStore(new MemoryMedium())): Promise<ClockedServer> {
  const clock = new ManualClock();
  const server = await startedServer({ store, clock });
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

describe("commits that cost something keep a distance of a millisecond", () => {
  /** A server with a lasting session that gets what is published, and so many publishers. */
  async function withPublishers(
    count: number,
    store: MemoryStore = new CostlyStore(),
  ): Promise<ClockedServer & { readonly publishers: readonly MqttPeer[] }> {
    const { server, clock } = await started(store);
    await subscribe(await connected(server, "s", LASTING), "t", 1);
    const names = Array.from({ length: count }, (_, index) => `p${index}`);
    const publishers = await Promise.all(names.map((name) => connected(server, name)));
    clock.advance(1_000);
    await turns();
    return { server, clock, publishers };
  }

  /** Commits while publishers take turns, one message each time that so much time has passed. */
  async function commitsOf(
    { server, clock, publishers }: Awaited<ReturnType<typeof withPublishers>>,
    { messages, everyMs }: { messages: number; everyMs: number },
  ): Promise<number> {
    const before = server.statistics.storeCommits;
    for (let index = 0; index < messages; index += 1) {
      publishers[index % publishers.length]?.sendPacket(publication("t", String(index), 1));
      await turns();
      clock.advance(everyMs);
      await turns();
    }
    return server.statistics.storeCommits - before;
  }

  it("where messages come more often than that", async () => {
    const steady = await withPublishers(4);
    expect(await commitsOf(steady, { messages: 80, everyMs: 0.3 })).toBeLessThanOrEqual(25);
    for (const publisher of steady.publishers) {
      for (let index = 0; index < 20; index += 1) await publisher.packet();
    }
  });

  it("but nothing waits where messages come less often", async () => {
    const rare = await withPublishers(4);
    const before = rare.server.statistics.storeCommits;
    for (let index = 0; index < 8; index += 1) {
      rare.publishers[index % 4]?.sendPacket(publication("t", String(index), 1));
      await turns();
      expect(rare.server.statistics.storeCommits - before).toBe(index + 1);
      rare.clock.advance(1);
    }
  });

  it("hardly ever where a client waits for one answer before it sends the next message", async () => {
    const { clock, publishers } = await withPublishers(1);
    const [publisher] = publishers;
    let waits = 0;
    for (let index = 0; index < 300; index += 1) {
      clock.advance(0.25);
      const answer = publisher?.packet();
      let isAnswered = false;
      void answer?.then(() => (isAnswered = true));
      publisher?.sendPacket(publication("t", String(index), 1));
      await turns();
      if (!isAnswered) {
        waits += 1;
        clock.advance(0.75);
      }
      await answer;
    }
    expect(waits).toBeGreaterThan(0);
    expect(waits).toBeLessThanOrEqual(9);
  });

  it("and not in a store of memory, or where a clock stands still", async () => {
    const inMemory = await withPublishers(4, new MemoryStore());
    expect(await commitsOf(inMemory, { messages: 8, everyMs: 0.25 })).toBe(8);
    const still = await withPublishers(4);
    expect(await commitsOf(still, { messages: 8, everyMs: 0 })).toBe(8);
  });

  it("a server that stops does not wait for others", async () => {
    const { server, publishers } = await withPublishers(1);
    publishers[0]?.sendPacket(publication("t", "", 1));
    await turns();
    servers[0]?.clock.advance(0.25);
    publishers[0]?.sendPacket(publication("t", "", 1));
    await turns();
    servers.length = 0;
    await expect(server.stop()).resolves.toEqual({ unfinished: [] });
  });
});
