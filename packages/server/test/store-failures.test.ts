import type { Packet, PublishPacket } from "@anax/protocol";
import { FaultyStore, MemoryMedium, MemoryStore } from "@anax/server/contracts";
import { afterEach, describe, expect, it } from "vitest";
import type { LogRecord, MqttServer, MqttServerOptions, StoreErrorCode } from "../src/index.ts";
import {
  connected,
  LASTING,
  publication,
  startedServer,
  subscribe,
} from "./support/memory-server.ts";
import { ManualClock } from "./support/manual-clock.ts";
import { MqttPeer } from "./support/mqtt-peer.ts";
import { turns, until } from "./support/turns.ts";

const IMPLEMENTATION_SPECIFIC_ERROR = 0x83;
const QUOTA_EXCEEDED = 0x97;

const servers: MqttServer[] = [];
const clocks = new Set<ManualClock>();

afterEach(async () => {
  const stopped = Promise.all(servers.splice(0).map((server) => server.stop({ deadlineMs: 1 })));
  await turns();
  for (const clock of clocks) clock.advance(1);
  await stopped;
});

/** A server on a store that can be made to fail. */
class Installation {
  readonly medium = new MemoryMedium();
  readonly store: FaultyStore = new FaultyStore(new MemoryStore(this.medium));
  readonly clock: ManualClock = new ManualClock();
  readonly records: LogRecord[] = [];
  server!: MqttServer;

  async start(options: MqttServerOptions = {}): Promise<this> {
    const { store, clock, records } = this;
    clocks.add(clock);
    const logger = {
      level: "warn",
      write: (record: LogRecord) => void records.push(record),
    } as const;
    this.server = await startedServer({ store, clock, logger, ...options });
    servers.push(this.server);
    return this;
  }

  /** What a server finds that starts on what the store had at this moment. */
  async afterCrash(): Promise<MqttServer> {
    const store = new MemoryStore(this.medium.copy());
    const server = await startedServer({ store, clock: this.clock });
    servers.push(server);
    return server;
  }

  /** Commits fail from now on, and one has. */
  async fail(code: StoreErrorCode): Promise<void> {
    this.store.failCommits({ code });
    const victim = new MqttPeer(this.server.connectInMemory(), 5);
    await victim.connect({ clientId: "victim", ...LASTING });
    await until(() => !this.server.health.isHealthy);
  }
}

function publish(qos: 0 | 1 | 2, fields: Partial<PublishPacket> = {}): PublishPacket {
  return { ...publication("t", "text", qos), ...fields };
}

/** What the server tells its clients of the store. */
function publishedHealth({ retainedMessages }: MqttServer): string {
  const { payload } = retainedMessages.get("$SYS/broker/store/health") ?? {};
  return new TextDecoder().decode(payload as Uint8Array);
}

/** The answer to a packet; undefined if the connection closes. */
async function answer(peer: MqttPeer, packet: Packet): Promise<Packet | undefined> {
  peer.sendPacket(packet);
  return peer.packet();
}

describe.each([
  ["full", "ANAX_STORE_FULL", QUOTA_EXCEEDED],
  ["failed", "ANAX_STORE_FAILED", IMPLEMENTATION_SPECIFIC_ERROR],
] as const)("a server whose store is %s", (health, code, reasonCode) => {
  it.each([1, 2] as const)("refuses QoS %i messages for durable sessions", async (qos) => {
    const { server, ...installation } = await broken();
    const publisher = await connected(server, "p");
    const answered = await answer(publisher, publish(qos));
    expect(answered).toMatchObject({ type: qos === 1 ? "puback" : "pubrec", reasonCode });
    expect(server.sessions.get("s")?.queuedMessages).toBe(0);
    expect(installation.store.heldCommits).toBe(0);
  });

  it.each([1, 2] as const)(
    "closes the connection of a 3.1.1 client with QoS %i messages for durable sessions",
    async (qos) => {
      const { server } = await broken();
      const publisher = await connected(server, "p", { protocolVersion: 4 });
      expect(await answer(publisher, publish(qos))).toBeUndefined();
    },
  );

  it("refuses retained messages, and sends those of QoS 0 without retaining them", async () => {
    const { server } = await broken();
    const subscriber = await connected(server, "n");
    await subscribe(subscriber, "r", 0);
    const publisher = await connected(server, "p");
    const retained = publish(1, { topic: "r", retain: true });
    expect(await answer(publisher, retained)).toMatchObject({ type: "puback", reasonCode });
    publisher.sendPacket(publish(0, { topic: "r", retain: true }));
    expect(await subscriber.packet()).toMatchObject({ type: "publish", topic: "r" });
    expect(server.retainedMessages.get("r")).toBeUndefined();
  });

  it("refuses lasting sessions, and to end one that it cannot strike out", async () => {
    const { server } = await broken();
    const lasting = new MqttPeer(server.connectInMemory(), 5);
    expect(await lasting.connect({ clientId: "x", ...LASTING })).toMatchObject({ reasonCode });
    const cleaning = new MqttPeer(server.connectInMemory(), 5);
    expect(await cleaning.connect({ clientId: "s" })).toMatchObject({ reasonCode });
    const older = new MqttPeer(server.connectInMemory(), 4);
    expect(await older.connect({ clientId: "x", cleanStart: false })).toMatchObject({
      type: "connack",
      reasonCode: 0x88,
    });
  });

  it("refuses subscriptions of lasting sessions", async () => {
    const installation = await new Installation().start();
    const subscriber = await connected(installation.server, "s", LASTING);
    await installation.fail(code);
    expect(await subscribe(subscriber, "t")).toMatchObject({
      type: "suback",
      reasonCodes: [reasonCode],
    });
    expect(installation.server.sessions.get("s")?.subscriptionCount).toBe(0);
  });

  it("goes on with QoS 0, and with QoS 1 and 2 for sessions that end with their connections", async () => {
    const { server } = await broken();
    const subscriber = await connected(server, "n");
    await subscribe(subscriber, "u", 2);
    const publisher = await connected(server, "p");
    publisher.sendPacket(publish(0, { topic: "u" }));
    expect(await subscriber.packet()).toMatchObject({ type: "publish", qos: 0 });
    const acknowledged = await answer(publisher, publish(1, { topic: "u" }));
    expect(acknowledged).toMatchObject({ type: "puback", reasonCode: 0 });
    expect(await subscriber.packet()).toMatchObject({ type: "publish", qos: 1 });
  });

  it("sends QoS 0 to durable sessions too", async () => {
    const { server, durable } = await broken();
    const publisher = await connected(server, "p");
    publisher.sendPacket(publish(0));
    expect(await durable.packet()).toMatchObject({ type: "publish", qos: 0 });
  });

  it("refuses what a handler let wait while the store went", async () => {
    const { server, store } = await new Installation().start();
    const subscriber = await connected(server, "s", LASTING);
    await subscribe(subscriber, "t");
    let resume = (): void => undefined;
    server.on("interceptingPublish", () => new Promise<void>((resolve) => (resume = resolve)));
    const publisher = await connected(server, "p");
    publisher.sendPacket(publish(1));
    await turns();
    store.failCommits({ code });
    await new MqttPeer(server.connectInMemory(), 5).connect({ clientId: "x", ...LASTING });
    resume();
    expect(await publisher.packet()).toMatchObject({ type: "puback", reasonCode });
  });

  it("refuses what the program injects", async () => {
    const { server } = await broken();
    const outcome = await server.injectApplicationMessage({ topic: "t", payload: "1", qos: 1 });
    expect(outcome).toMatchObject({ reasonCode, queued: 0 });
  });

  it("says so, at once", async () => {
    const installation = await new Installation().start({ systemTopics: { intervalSeconds: 10 } });
    const { server, records } = installation;
    await until(() => publishedHealth(server) === "good");
    expect(server.health).toMatchObject({ isHealthy: true, store: "good", storeError: undefined });
    await installation.fail(code);
    expect(server.health).toMatchObject({ isHealthy: false, store: health, storeError: { code } });
    expect(server.statistics.storeFailures).toBeGreaterThan(0);
    expect(records.filter(({ level }) => level === "error")).toHaveLength(1);
    await turns();
    expect(publishedHealth(server)).toBe(health);
  });

  it("loses nothing that it has acknowledged", async () => {
    const installation = await new Installation().start();
    const { server, store } = installation;
    const subscriber = await connected(server, "s", LASTING);
    await subscribe(subscriber, "t", 1);
    const publisher = await connected(server, "p");
    expect(await answer(publisher, publish(1, { packetIdentifier: 1 }))).toMatchObject({
      type: "puback",
    });
    store.failCommits({ code });
    // Under way when the store goes: never acknowledged, so it may be lost.
    const closing = await answer(publisher, publish(1, { packetIdentifier: 2 }));
    expect(closing).toMatchObject({ type: "disconnect", reasonCode });
    const again = await connected(await installation.afterCrash(), "s", LASTING);
    expect(await again.packet()).toMatchObject({ type: "publish", duplicate: true });
  });

  it("ends a connection whose QoS 2 exchange cannot go on", async () => {
    const installation = await new Installation().start();
    const { server } = installation;
    const client = await connected(server, "c", LASTING);
    const received = await answer(client, publish(2, { topic: "nobody" }));
    expect(received).toMatchObject({ type: "pubrec" });
    await installation.fail(code);
    client.sendPacket({ type: "pubrel", packetIdentifier: 7, reasonCode: 0 });
    if (health === "full") {
      installation.store.heal();
      installation.clock.advance(1_000);
      expect(await client.packet()).toMatchObject({ type: "pubcomp", reasonCode: 0 });
    } else expect(await client.packet()).toMatchObject({ type: "disconnect", reasonCode });
  });

  /** With a durable session "s" of "t" that is connected, and a store that takes nothing more. */
  async function broken(): Promise<Installation & { durable: MqttPeer }> {
    const installation = await new Installation().start();
    const durable = await connected(installation.server, "s", LASTING);
    await subscribe(durable, "t");
    await installation.fail(code);
    return Object.assign(installation, { durable });
  }
});

describe("a full store", () => {
  it("that has room again takes everything again, what waited for it included", async () => {
    const installation = await new Installation().start({ systemTopics: { intervalSeconds: 10 } });
    const { server, store, clock, records } = installation;
    const subscriber = await connected(server, "s", LASTING);
    await subscribe(subscriber, "t", 1);
    await installation.fail("ANAX_STORE_FULL");
    clock.advance(5_000);
    await turns();
    expect(server.health.store).toBe("full");
    store.heal();
    clock.advance(1_000);
    await until(() => server.health.isHealthy);
    expect(publishedHealth(server)).toBe("good");
    const publisher = await connected(server, "p");
    expect(await answer(publisher, publish(1))).toMatchObject({ type: "puback", reasonCode: 0 });
    expect(await subscriber.packet()).toMatchObject({ type: "publish" });
    expect(records.map(({ message }) => message)).toEqual([
      expect.stringContaining("the store is full"),
      "the store has room again",
    ]);
    const after = await installation.afterCrash();
    const again = await connected(after, "s", LASTING);
    expect(await again.packet()).toMatchObject({ type: "publish" });
  });

  it("takes the Will of a stored session, which it owes, when it has room", async () => {
    const installation = await new Installation().start();
    const { server, store, clock } = installation;
    const subscriber = await connected(server, "s", LASTING);
    await subscribe(subscriber, "t", 1);
    const will = { topic: "t", payload: new Uint8Array([49]), qos: 1, retain: false } as const;
    const dying = await connected(server, "w", { ...LASTING, will });
    await installation.fail("ANAX_STORE_FULL");
    dying.stream.destroy();
    await turns();
    store.heal();
    clock.advance(1_000);
    expect(await subscriber.packet()).toMatchObject({ type: "publish", topic: "t", qos: 1 });
  });
});

describe("a failed store", () => {
  it("is opened again by a stop and a start, with all that was acknowledged", async () => {
    const installation = await new Installation().start();
    const { server, store } = installation;
    const subscriber = await connected(server, "s", LASTING);
    await subscribe(subscriber, "t", 1);
    const publisher = await connected(server, "p");
    await answer(publisher, publish(1));
    await installation.fail("ANAX_STORE_FAILED");
    store.heal();
    await turns();
    expect(server.health.store).toBe("failed");
    await server.stop();
    await server.start();
    expect(server.health).toMatchObject({ isHealthy: true, store: "good" });
    const again = await connected(server, "s", LASTING);
    expect(await again.packet()).toMatchObject({ type: "publish", duplicate: true });
  });

  it("may have taken the last commit: it is delivered then, though nobody was told", async () => {
    const installation = await new Installation().start();
    const { server, store } = installation;
    const subscriber = await connected(server, "s", LASTING);
    await subscribe(subscriber, "t", 1);
    const publisher = await connected(server, "p");
    store.failCommits({ code: "ANAX_STORE_FAILED", areChangesMade: true });
    expect(await answer(publisher, publish(1))).toMatchObject({ type: "disconnect" });
    const again = await connected(await installation.afterCrash(), "s", LASTING);
    expect(await again.packet()).toMatchObject({ type: "publish" });
  });
});

describe("a slow store", () => {
  it("delays acknowledgements and nothing else", async () => {
    const { server, store } = await new Installation().start();
    const subscriber = await connected(server, "s", LASTING);
    await subscribe(subscriber, "t", 1);
    const publisher = await connected(server, "p");
    store.hold();
    publisher.sendPacket(publish(1));
    publisher.sendPacket(publish(0));
    expect(await subscriber.packet()).toMatchObject({ type: "publish", qos: 0 });
    expect(await answer(publisher, { type: "pingreq" })).toEqual({ type: "pingresp" });
    store.release();
    expect(await publisher.packet()).toMatchObject({ type: "puback" });
    expect(await subscriber.packet()).toMatchObject({ type: "publish", qos: 1 });
  });

  it("keeps clients waiting that send more than may wait for it, and takes all of it in the end", async () => {
    const options = { unstoredBytesMax: 20_000, queueMessagesMax: 10_000 };
    const { server, store, medium } = await new Installation().start(options);
    const subscriber = await connected(server, "s", LASTING);
    await subscribe(subscriber, "t", 1);
    const [publisher, other] = [await connected(server, "p"), await connected(server, "o")];
    store.hold();
    const identifiers = Array.from({ length: 2_000 }, (_, index) => index + 1);
    const payload = new Uint8Array(100);
    for (const packetIdentifier of identifiers)
      publisher.sendPacket({ ...publish(1), packetIdentifier, payload });
    await turns(20);
    const receivedBefore = server.statistics.bytesReceived;
    expect(receivedBefore).toBeLessThan(60_000);
    other.sendPacket(publish(0));
    expect(await subscriber.packet()).toMatchObject({ type: "publish", qos: 0 });
    const batches: number[] = [];
    while (server.statistics.bytesReceived < receivedBefore + 170_000) {
      store.releaseOne();
      await turns(20);
      batches.push(...Array.from(medium.batches.values(), ({ length }) => length));
    }
    expect(Math.max(...batches)).toBeLessThan(21_000);
    store.release();
    for (const packetIdentifier of identifiers)
      expect(await publisher.packet()).toMatchObject({ type: "puback", packetIdentifier });
  });

  it("has acknowledged nothing that a crash then takes", async () => {
    const installation = await new Installation().start();
    const { server, store } = installation;
    const subscriber = await connected(server, "s", LASTING);
    await subscribe(subscriber, "t", 1);
    const publisher = await connected(server, "p");
    store.hold();
    publisher.sendPacket(publish(1));
    expect(await answer(publisher, { type: "pingreq" })).toEqual({ type: "pingresp" });
    const after = await installation.afterCrash();
    expect(after.statistics.queuedMessagesCurrent).toBe(0);
    store.release();
    expect(await publisher.packet()).toMatchObject({ type: "puback" });
  });
});

describe("a store that cannot be used", () => {
  it.each(["ANAX_STORE_IN_USE", "ANAX_STORE_FORMAT", "ANAX_STORE_UNWRITABLE"] as const)(
    "keeps the server from starting: %s",
    async (code) => {
      const store = new FaultyStore(new MemoryStore());
      store.failOpening(code);
      await expect(startedServer({ store })).rejects.toMatchObject({ name: "StoreError", code });
    },
  );

  it("is one that another server has open", async () => {
    const { medium } = await new Installation().start();
    const second = new MemoryStore(medium);
    await expect(startedServer({ store: second })).rejects.toThrow("in use by another server");
  });

  it("is one with a torn batch", async () => {
    const installation = await new Installation().start();
    const subscriber = await connected(installation.server, "s", LASTING);
    await subscribe(subscriber, "t", 1);
    const torn = installation.medium.copy();
    const [position, bytes] = [...torn.batches].at(-1) ?? [0, new Uint8Array()];
    torn.batches.set(position, bytes.subarray(0, -1));
    await expect(startedServer({ store: new MemoryStore(torn) })).rejects.toMatchObject({
      code: "ANAX_STORE_UNREADABLE",
      message: expect.stringMatching(/^batch \d+ cannot be understood: /),
    });
  });

  it("is one that promises less than was asked for", async () => {
    const weak = startedServer({ store: new MemoryStore(), durability: "disk" });
    await expect(weak).rejects.toThrow('promises "memory" only');
    await expect(startedServer({ durability: "process" })).rejects.toThrow("there is no store");
  });
});
