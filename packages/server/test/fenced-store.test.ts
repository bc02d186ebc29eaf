import { FaultyStore, MemoryMedium, MemoryStore } from "@anax/server/contracts";
import { afterEach, describe, expect, it } from "vitest";
import type { LogRecord, MqttServer } from "../src/index.ts";
import { ManualClock } from "./support/manual-clock.ts";
import {
  connected,
  LASTING,
  publication,
  startedServer,
  subscribe,
} from "./support/memory-server.ts";
import { MqttPeer } from "./support/mqtt-peer.ts";
import { turns, until } from "./support/turns.ts";

const servers: MqttServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop({ deadlineMs: 1 })));
});

interface Installation {
  readonly server: MqttServer;
  readonly store: FaultyStore;
  readonly medium: MemoryMedium;
  readonly clock: ManualClock;
  readonly records: LogRecord[];
}

async function installed(): Promise<Installation> {
  const medium = new MemoryMedium();
  const store = new FaultyStore(new MemoryStore(medium));
  const clock = new ManualClock();
  const records: LogRecord[] = [];
  const write = (record: LogRecord): void => void records.push(record);
  const server = await startedServer({ store, clock, logger: { level: "warn", write } });
  servers.push(server);
  return { server, store, medium, clock, records };
}

describe("a server whose store another one has taken over", () => {
  it("acknowledges nothing more, ends all connections and says why", async () => {
    const { server, store, records } = await installed();
    const subscriber = await connected(server, "s", LASTING);
    await subscribe(subscriber, "t");
    const publisher = await connected(server, "p");
    const older = await connected(server, "o", { protocolVersion: 4 });
    store.failCommits({ code: "ANAX_STORE_FENCED" });
    publisher.sendPacket(publication("t", "text", 1));
    const reasonString = "another server has taken this one's place";
    const ended = { type: "disconnect", reasonCode: 0x8b, properties: { reasonString } };
    expect(await publisher.packet()).toMatchObject(ended);
    expect(await subscriber.packet()).toMatchObject(ended);
    expect(await older.packet()).toBeUndefined();
    expect(server.health).toMatchObject({ isHealthy: false, store: "fenced" });
    expect(records.map(({ message }) => message)).toContainEqual(
      expect.stringContaining("another server has taken the store over"),
    );
  });

  it("lets no client in, lasting or not", async () => {
    const { server, store } = await installed();
    store.failCommits({ code: "ANAX_STORE_FENCED" });
    const last = new MqttPeer(server.connectInMemory(), 5);
    await last.connect({ clientId: "last", ...LASTING });
    await until(() => server.health.store === "fenced");
    for (const [version, reasonCode] of [
      [5, 0x88],
      [4, 0x88],
    ] as const) {
      const peer = new MqttPeer(server.connectInMemory(), version);
      expect(await peer.connect({ clientId: "x" })).toMatchObject({ type: "connack", reasonCode });
    }
  });

  it("leaves Wills to the other one, which publishes each once", async () => {
    const { server, store, medium } = await installed();
    const told: string[] = [];
    server.on("interceptingPublish", ({ applicationMessage }) => {
      told.push(applicationMessage?.topic ?? "");
    });
    const will = { topic: "gone", payload: new Uint8Array([49]), qos: 1, retain: true } as const;
    await connected(server, "d", { will });
    const other = await connected(server, "o", LASTING);
    await until(() => medium.batches.size > 0);
    const next = medium.copy();
    store.failCommits({ code: "ANAX_STORE_FENCED" });
    other.sendPacket({ ...publication("x", "text", 1), retain: true });
    await until(() => server.health.store === "fenced");
    await turns();
    expect(told).not.toContain("gone");
    const heir = await startedServer({ store: new MemoryStore(next) });
    servers.push(heir);
    await until(() => heir.retainedMessages.get("gone") !== undefined);
  });
});

describe("a store that does not answer", () => {
  it("is said to stall after three seconds, holds what waits for it, and loses nothing", async () => {
    const { server, store, clock, records } = await installed();
    const subscriber = await connected(server, "s", LASTING);
    await subscribe(subscriber, "t");
    const publisher = await connected(server, "p");
    store.hold();
    publisher.sendPacket(publication("t", "text", 1));
    await until(() => store.heldCommits > 0);
    clock.advance(2_900);
    expect(server.health.store).toBe("good");
    clock.advance(3_100);
    await turns();
    expect(server.health).toMatchObject({ isHealthy: false, store: "stalled" });
    store.release();
    expect(await publisher.packet()).toMatchObject({ type: "puback", reasonCode: 0 });
    await until(() => server.health.isHealthy);
    expect(records.map(({ message }) => message)).toEqual([
      "the store does not answer: what waits for it is held",
      "the store answers again",
    ]);
  });
});
