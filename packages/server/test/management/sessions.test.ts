import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MqttServer } from "../../src/index.ts";
import { MemoryMedium, MemoryStore } from "../../src/stores/memory-store.ts";
import { ManualClock } from "../support/manual-clock.ts";
import type { MqttPeer } from "../support/mqtt-peer.ts";
import {
  connected,
  LASTING,
  publication,
  startedServer,
  subscribe,
  text,
} from "../support/memory-server.ts";
import { until } from "../support/turns.ts";

let server: MqttServer;
let clock: ManualClock;

beforeEach(async () => {
  clock = new ManualClock();
  server = await startedServer({ clock, queueMessagesMax: 3 });
});
afterEach(() => server.stop());

/** A session with a subscription whose client is gone. */
async function away(clientId: string): Promise<void> {
  const client = await connected(server, clientId, LASTING);
  await subscribe(client, "a");
  await leave(client);
}

/** What a promise rejects with; taken at once, so that no rejection goes unseen. */
function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

async function leave(client: MqttPeer): Promise<void> {
  const { count } = server.clients;
  client.end();
  await until(() => server.clients.count === count - 1);
}

describe("a session's status", () => {
  it("says what waits for a client that is away, and until when", async () => {
    const createdAtMs = clock.now();
    await away("one");
    clock.advance(1_000);
    await server.injectApplicationMessage({ topic: "a", payload: "12345", qos: 1 });
    expect(server.sessions.get("one")).toMatchObject({
      clientId: "one",
      isConnected: false,
      createdAtMs,
      disconnectedAtMs: createdAtMs,
      expiryIntervalSeconds: 3_600,
      expiresAtMs: createdAtMs + 3_600_000,
      subscriptionCount: 1,
      queuedMessages: 1,
      queuedBytes: 9,
      inFlightMessages: 0,
      unreleasedMessages: 0,
      hasWill: false,
      isDurable: false,
    });
  });

  it("says what is in flight to a connected client", async () => {
    const client = await connected(server, "one", LASTING);
    await subscribe(client, "a");
    await server.injectApplicationMessage({ topic: "a", qos: 2 });
    await client.packet();
    client.sendPacket(publication("b", "", 2));
    expect(await client.packet()).toMatchObject({ type: "pubrec" });
    const status = server.sessions.get("one");
    expect(status).toMatchObject({ isConnected: true, inFlightMessages: 1, unreleasedMessages: 1 });
    expect(status).not.toHaveProperty("expiresAtMs");
  });

  it("has the items that handlers put there", async () => {
    server.on("validatingConnection", ({ sessionItems }) => void sessionItems.set("role", "admin"));
    await connected(server, "one");
    expect(server.sessions.get("one")?.items.get("role")).toBe("admin");
  });
});

it("lists sessions, oldest first, and the subscriptions of one", async () => {
  for (const clientId of ["one", "two", "three"]) await away(clientId);
  const { items, cursor = "" } = server.sessions.list({ limit: 2 });
  expect(items.map(({ clientId }) => clientId)).toEqual(["one", "two"]);
  expect(server.sessions.list({ cursor }).items).toHaveLength(1);
  expect(server.sessions.count).toBe(3);
  expect(server.sessions.subscriptions("one")).toEqual([
    { topicFilter: "a", qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 0 },
  ]);
  expect(server.sessions.subscriptions("nobody")).toBeUndefined();
});

describe("delete", () => {
  it("ends the session of a client that is away", async () => {
    const causes: unknown[] = [];
    server.on("sessionDeleted", ({ clientId, cause }) => void causes.push([clientId, cause]));
    await away("one");
    expect(await server.sessions.delete("one")).toBe(true);
    expect(server.sessions.get("one")).toBeUndefined();
    expect(causes).toEqual([["one", "deleted"]]);
    expect(await server.sessions.delete("one")).toBe(false);
  });

  it.each([
    ["lasting", LASTING],
    ["short", {}],
  ])("sends a connected client with a %s session away", async (_kind, fields) => {
    const causes: string[] = [];
    server.on("sessionDeleted", ({ cause }) => void causes.push(cause));
    const client = await connected(server, "one", fields);
    await server.sessions.delete("one");
    expect(await client.packet()).toMatchObject({ type: "disconnect", reasonCode: 0x98 });
    await client.closed;
    expect(server.sessions.count).toBe(0);
    expect(causes).toEqual(["deleted"]);
  });
});

describe("clearQueue", () => {
  it("drops what waits and leaves what is in flight", async () => {
    await away("one");
    for (const payload of ["1", "2"]) {
      await server.injectApplicationMessage({ topic: "a", payload, qos: 1 });
    }
    expect(await server.sessions.clearQueue("one")).toBe(2);
    expect(server.sessions.get("one")).toMatchObject({ queuedMessages: 0, queuedBytes: 0 });
    expect(server.statistics).toMatchObject({ queuedMessagesCurrent: 0, messagesDropped: 2 });
    await server.injectApplicationMessage({ topic: "a", payload: "3", qos: 1 });
    const client = await connected(server, "one", LASTING);
    expect(await client.packet()).toMatchObject({ payload: new Uint8Array([0x33]) });
  });

  it("knows its sessions", async () => {
    const cleared = server.sessions.clearQueue("nobody");
    await expect(cleared).rejects.toMatchObject({ code: "ANAX_SESSION_NOT_FOUND" });
  });
});

describe("deliverApplicationMessage", () => {
  it("reaches this client alone and resolves with its PUBACK", async () => {
    const [one, two] = [await connected(server, "one"), await connected(server, "two")];
    await subscribe(two, "#", 0);
    const message = { topic: "for/one", payload: "hello", qos: 1 } as const;
    const delivery = server.sessions.deliverApplicationMessage("one", message);
    const packet = await one.packet();
    if (packet?.type !== "publish") throw new Error("no PUBLISH");
    expect(text(packet.payload)).toBe("hello");
    const { packetIdentifier = 0 } = packet;
    one.sendPacket({ type: "puback", packetIdentifier, reasonCode: 0x10 });
    expect(await delivery).toEqual({ packetIdentifier, reasonCode: 0x10 });
    await server.injectApplicationMessage({ topic: "x" });
    expect(await two.packet()).toMatchObject({ topic: "x" });
  });

  it("resolves with PUBCOMP for QoS 2", async () => {
    const one = await connected(server, "one");
    let isDone = false;
    const delivery = server.sessions.deliverApplicationMessage("one", { topic: "a", qos: 2 });
    void delivery.then(() => (isDone = true));
    const packet = await one.packet();
    const packetIdentifier = packet?.type === "publish" ? (packet.packetIdentifier ?? 0) : 0;
    one.sendPacket({ type: "pubrec", packetIdentifier, reasonCode: 0 });
    expect(await one.packet()).toMatchObject({ type: "pubrel" });
    expect(isDone).toBe(false);
    one.sendPacket({ type: "pubcomp", packetIdentifier, reasonCode: 0 });
    expect(await delivery).toEqual({ packetIdentifier, reasonCode: 0 });
  });

  it("resolves with the code of a PUBREC that refuses", async () => {
    const one = await connected(server, "one");
    const delivery = server.sessions.deliverApplicationMessage("one", { topic: "a", qos: 2 });
    const packet = await one.packet();
    const packetIdentifier = packet?.type === "publish" ? (packet.packetIdentifier ?? 0) : 0;
    one.sendPacket({ type: "pubrec", packetIdentifier, reasonCode: 0x83 });
    expect(await delivery).toMatchObject({ reasonCode: 0x83 });
  });

  it("resolves at once for QoS 0", async () => {
    await connected(server, "one");
    const delivery = server.sessions.deliverApplicationMessage("one", { topic: "a" });
    expect(await delivery).toEqual({ reasonCode: 0 });
  });

  it("waits for a client that is away", async () => {
    await away("one");
    const delivery = server.sessions.deliverApplicationMessage("one", { topic: "b", qos: 1 });
    const client = await connected(server, "one", LASTING);
    const packet = await client.packet();
    const packetIdentifier = packet?.type === "publish" ? (packet.packetIdentifier ?? 0) : 0;
    client.sendPacket({ type: "puback", packetIdentifier, reasonCode: 0 });
    expect(await delivery).toEqual({ packetIdentifier, reasonCode: 0 });
  });

  it.each([
    ["is overwritten", () => overwrite()],
    ["is cleared", () => server.sessions.clearQueue("one")],
    ["loses its session", () => server.sessions.delete("one")],
    ["expires", () => expire()],
  ])("rejects when the message %s", async (_what, end) => {
    await away("one");
    const message = { topic: "a", qos: 1, messageExpiryIntervalSeconds: 10 } as const;
    const delivery = server.sessions.deliverApplicationMessage("one", message);
    const failure = failureOf(delivery);
    await end();
    expect(await failure).toMatchObject({ code: "ANAX_MESSAGE_DROPPED" });
  });

  it("rejects when the session ends with the message in flight", async () => {
    const client = await connected(server, "one");
    const delivery = server.sessions.deliverApplicationMessage("one", { topic: "a", qos: 1 });
    const failure = failureOf(delivery);
    await client.packet();
    client.end();
    expect(await failure).toMatchObject({ code: "ANAX_MESSAGE_DROPPED" });
  });

  it("rejects what the client is too small for", async () => {
    await connected(server, "one", { properties: { maximumPacketSize: 20 } });
    const message = { topic: "a", payload: "x".repeat(100), qos: 1 } as const;
    const delivery = server.sessions.deliverApplicationMessage("one", message);
    await expect(delivery).rejects.toMatchObject({ code: "ANAX_MESSAGE_DROPPED" });
  });

  it("stops waiting when its signal says so", async () => {
    await away("one");
    const stopping = new AbortController();
    const { signal } = stopping;
    const message = { topic: "a", qos: 1 } as const;
    const delivery = server.sessions.deliverApplicationMessage("one", message, { signal });
    stopping.abort(new Error("no patience"));
    await expect(delivery).rejects.toThrow("no patience");
    expect(server.sessions.get("one")).toMatchObject({ queuedMessages: 1 });
  });

  it("knows its sessions and its messages", async () => {
    const { sessions } = server;
    const nobody = sessions.deliverApplicationMessage("nobody", { topic: "a" });
    await expect(nobody).rejects.toMatchObject({ code: "ANAX_SESSION_NOT_FOUND" });
    const refused = sessions.deliverApplicationMessage("one", { topic: "#" });
    await expect(refused).rejects.toMatchObject({ code: "ANAX_CONFIGURATION" });
  });

  async function overwrite(): Promise<void> {
    for (let count = 0; count < 3; count += 1) {
      await server.injectApplicationMessage({ topic: "a", qos: 1 });
    }
  }

  async function expire(): Promise<void> {
    clock.advance(11_000);
    await connected(server, "one", LASTING);
  }
});

it("tries to enqueue, and says whether it could", async () => {
  await server.stop();
  server = await startedServer({ queueMessagesMax: 1, queueOverflow: "dropNewest" });
  await away("one");
  const message = { topic: "b", qos: 1 } as const;
  expect(await server.sessions.tryEnqueueApplicationMessage("one", message)).toEqual({});
  expect(await server.sessions.tryEnqueueApplicationMessage("one", message)).toBeUndefined();
});

it("gives the Packet Identifier of what it enqueued, as the acknowledgement will name it", async () => {
  const acknowledged: number[] = [];
  server.on("clientAcknowledgedPublishPacket", (event) => {
    acknowledged.push(event.packetIdentifier);
  });
  const peer = await connected(server, "one");
  const given: unknown[] = [];
  for (const qos of [1, 0, 1] as const) {
    given.push(await server.sessions.tryEnqueueApplicationMessage("one", { topic: "b", qos }));
    const packet = await peer.packet();
    const { packetIdentifier } = packet?.type === "publish" ? packet : {};
    if (packetIdentifier !== undefined)
      peer.sendPacket({ type: "puback", packetIdentifier, reasonCode: 0 });
  }
  await until(() => acknowledged.length === 2);
  expect(given).toEqual([
    { packetIdentifier: acknowledged[0] },
    {},
    { packetIdentifier: acknowledged[1] },
  ]);
});

describe("subscribing in a client's name", () => {
  it("takes effect at once, with retained messages", async () => {
    await server.retainedMessages.set({ topic: "a/1", payload: "kept" });
    const client = await connected(server, "one");
    const filters = [{ topicFilter: "a/+", qos: 1 }, "b", "bad/#/filter"] as const;
    expect(await server.sessions.subscribe("one", filters)).toEqual([1, 0, 0x8f]);
    expect(await client.packet()).toMatchObject({ topic: "a/1", retain: true });
    await server.injectApplicationMessage({ topic: "b" });
    expect(await client.packet()).toMatchObject({ topic: "b" });
    expect(await server.sessions.unsubscribe("one", ["b", "c"])).toEqual([0, 0x11]);
    const result = await server.injectApplicationMessage({ topic: "b" });
    expect(result.reasonCode).toBe(0x10);
  });

  it("works for a client that is away", async () => {
    await away("one");
    await server.sessions.subscribe("one", [{ topicFilter: "b", qos: 1 }]);
    await server.injectApplicationMessage({ topic: "b", qos: 1 });
    const client = await connected(server, "one", LASTING);
    expect(await client.packet()).toMatchObject({ topic: "b" });
  });

  it("asks the interceptors and tells the subscribed event", async () => {
    await away("one");
    const seen: unknown[] = [];
    server.on("interceptingSubscription", (event) => {
      event.topicFilter = { ...event.topicFilter, topicFilter: "c", qos: 0 };
    });
    server.on("clientSubscribedTopic", (event) => {
      seen.push([event.clientId, event.topicFilter.topicFilter, event.grantedQos]);
    });
    server.on("clientUnsubscribedTopic", ({ topic }) => void seen.push(topic));
    server.on("interceptingUnsubscription", (event) => {
      if (event.topic === "refused") event.response.reasonCode = 0x87;
    });
    expect(await server.sessions.subscribe("one", [{ topicFilter: "b", qos: 2 }])).toEqual([0]);
    expect(await server.sessions.unsubscribe("one", ["c", "refused"])).toEqual([0, 0x87]);
    expect(seen).toEqual([["one", "c", 0], "c"]);
  });

  it("knows its sessions", async () => {
    const { sessions } = server;
    const error = { code: "ANAX_SESSION_NOT_FOUND" };
    await expect(sessions.subscribe("nobody", "a")).rejects.toMatchObject(error);
    await expect(sessions.unsubscribe("nobody", "a")).rejects.toMatchObject(error);
  });
});

describe("with a store", () => {
  let medium: MemoryMedium;

  async function restart(): Promise<void> {
    await server.stop();
    server = await startedServer({ store: new MemoryStore(medium) });
  }

  beforeEach(async () => {
    medium = new MemoryMedium();
    await restart();
    await away("one");
  });

  it("what was subscribed and delivered is there after a restart", async () => {
    await server.sessions.subscribe("one", [{ topicFilter: "b", qos: 1 }]);
    await server.sessions.unsubscribe("one", "a");
    await server.sessions.tryEnqueueApplicationMessage("one", { topic: "c", qos: 1 });
    await restart();
    const filters = server.sessions.subscriptions("one");
    expect(filters?.map(({ topicFilter }) => topicFilter)).toEqual(["b"]);
    expect(server.sessions.get("one")).toMatchObject({ queuedMessages: 1, isDurable: true });
  });

  it("what was cleared and deleted is not", async () => {
    await away("two");
    await server.injectApplicationMessage({ topic: "a", qos: 1 });
    await server.sessions.clearQueue("one");
    await server.sessions.delete("two");
    await restart();
    expect(server.sessions.get("one")).toMatchObject({ queuedMessages: 0 });
    expect(server.sessions.get("two")).toBeUndefined();
  });

  it("nor is a session that was deleted while its client was connected", async () => {
    await connected(server, "two", LASTING);
    await server.sessions.delete("two");
    await restart();
    expect(server.sessions.get("two")).toBeUndefined();
  });

  it("retained messages are kept and forgotten", async () => {
    await server.retainedMessages.set({ topic: "a", payload: "1" });
    await server.retainedMessages.set({ topic: "b", payload: "2" });
    await server.retainedMessages.delete("a");
    await restart();
    expect(server.retainedMessages.list().items).toMatchObject([{ topic: "b" }]);
    await server.retainedMessages.clear();
    await restart();
    expect(server.retainedMessages.count).toBe(0);
  });
});

describe("a session that the program makes", () => {
  it("waits for a device that was never here, with subscriptions and messages", async () => {
    expect(await server.sessions.create("new", { expiryIntervalSeconds: 60 })).toBe(true);
    const nowMs = clock.now();
    expect(await server.sessions.subscribe("new", [{ topicFilter: "a", qos: 1 }])).toEqual([1]);
    await server.injectApplicationMessage({ topic: "a", payload: "1", qos: 1 });
    await server.sessions.tryEnqueueApplicationMessage("new", { topic: "b", payload: "2", qos: 2 });
    expect(server.sessions.get("new")).toMatchObject({
      isConnected: false,
      subscriptionCount: 1,
      queuedMessages: 2,
      expiresAtMs: nowMs + 60_000,
    });
    const client = await connected(server, "new", LASTING);
    expect(await client.packet()).toMatchObject({ topic: "a", qos: 1 });
    expect(await client.packet()).toMatchObject({ topic: "b", qos: 2 });
  });

  it("lives as long as is said without its client, for ever by default", async () => {
    await server.sessions.create("short", { expiryIntervalSeconds: 10 });
    await server.sessions.create("long");
    clock.advance(9_999);
    expect(server.sessions.get("short")).toBeDefined();
    clock.advance(1);
    expect(server.sessions.get("short")).toBeUndefined();
    expect(server.sessions.get("long")).toMatchObject({ expiryIntervalSeconds: 0xffff_ffff });
  });

  it("is not made where there is one, which stays as it is", async () => {
    await away("one");
    expect(await server.sessions.create("one", { expiryIntervalSeconds: 5 })).toBe(false);
    expect(server.sessions.get("one")).toMatchObject({
      subscriptionCount: 1,
      expiryIntervalSeconds: 3_600,
    });
  });

  it("belongs to the user that is named", async () => {
    const users = { ann: "a", bob: "b" };
    const own = await startedServer({ users });
    await own.sessions.create("device", { userName: "ann" });
    const password = (text: string): Uint8Array => new TextEncoder().encode(text);
    const come = (userName: string, text: string): Promise<MqttPeer> =>
      connected(own, "device", { ...LASTING, userName, password: password(text) });
    await expect(come("bob", "b")).rejects.toThrow("not let in");
    await come("ann", "a");
    await own.stop({ deadlineMs: 0 });
  });

  it("is stored when that resolves, and is there after a crash", async () => {
    const medium = new MemoryMedium();
    const first = await startedServer({ clock, store: new MemoryStore(medium) });
    await first.sessions.create("new", { userName: "ann" });
    await first.sessions.subscribe("new", "a");
    const copy = medium.copy();
    const second = await startedServer({ clock, store: new MemoryStore(copy) });
    expect(second.sessions.get("new")).toMatchObject({ subscriptionCount: 1, userName: "ann" });
    await first.stop({ deadlineMs: 0 });
    await second.stop({ deadlineMs: 0 });
  });

  it("is refused where there is no room, and for what cannot be", async () => {
    const small = await startedServer({ sessionsMax: 1 });
    await small.sessions.create("one");
    await small.sessions.subscribe("one", "a");
    expect(await failureOf(small.sessions.create("two"))).toMatchObject({
      code: "ANAX_SERVER_BUSY",
      message: "there is no room for one more session beside 1",
    });
    await small.stop();
    const wrong: readonly [string, object, string][] = [
      ["", {}, "clientId has 0 bytes, not 1 to 1024"],
      ["a\0", {}, "clientId cannot be sent: String has U+0000 at index 1"],
      ["\ud800", {}, "clientId cannot be sent: String has a lone surrogate at index 0"],
      ["x".repeat(1_025), {}, "clientId has 1025 bytes, not 1 to 1024"],
      ["c", { userName: "\0" }, "userName"],
      ["c", { userName: "" }, "userName has 0 bytes, not 1 to 65535"],
      ["c", { expiryIntervalSeconds: 0 }, "expiryIntervalSeconds"],
      ["c", { expiryIntervalSeconds: 1.5 }, "expiryIntervalSeconds"],
      ["c", { expiry: 1 }, 'unknown option "expiry"'],
    ];
    for (const [clientId, options, text] of wrong) {
      const error = await failureOf(server.sessions.create(clientId, options));
      expect(error).toMatchObject({ code: "ANAX_CONFIGURATION" });
      expect(String(error)).toContain(text);
    }
    expect(server.sessions.count).toBe(0);
  });
});
