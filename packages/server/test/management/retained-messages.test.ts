import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MqttServer } from "../../src/index.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { connected, startedServer, subscribe, text } from "../support/memory-server.ts";

let server: MqttServer;
let clock: ManualClock;

beforeEach(async () => {
  clock = new ManualClock();
  server = await startedServer({ clock, retainedMessagesMax: 20_000 });
});
afterEach(() => server.stop());

describe("set", () => {
  it("keeps a message for later subscribers and sends it to none now", async () => {
    const now = await connected(server, "now");
    await subscribe(now, "#", 0);
    expect(await server.retainedMessages.set({ topic: "a", payload: "kept", qos: 1 })).toBe(true);
    await server.injectApplicationMessage({ topic: "b" });
    expect(await now.packet()).toMatchObject({ topic: "b" });
    const later = await connected(server, "later");
    await subscribe(later, "a");
    expect(await later.packet()).toMatchObject({ topic: "a", retain: true, qos: 1 });
  });

  it("removes with an empty payload", async () => {
    await server.retainedMessages.set({ topic: "a", payload: "1" });
    await server.retainedMessages.set({ topic: "a" });
    expect(server.retainedMessages.get("a")).toBeUndefined();
  });

  it("says when there is no room", async () => {
    await server.stop();
    server = await startedServer({ retainedMessagesMax: 1 });
    expect(await server.retainedMessages.set({ topic: "a", payload: "1" })).toBe(true);
    expect(await server.retainedMessages.set({ topic: "b", payload: "1" })).toBe(false);
  });

  it("refuses what is no message", async () => {
    await expect(server.retainedMessages.set({ topic: "a/#" })).rejects.toMatchObject({
      code: "ANAX_CONFIGURATION",
    });
  });
});

describe("get", () => {
  it("gives the message of a topic, as long as it lives", async () => {
    const message = { topic: "a", payload: "1", messageExpiryIntervalSeconds: 10 } as const;
    await server.retainedMessages.set(message);
    expect(text(server.retainedMessages.get("a")?.payload)).toBe("1");
    expect(server.retainedMessages.get("b")).toBeUndefined();
    clock.advance(11_000);
    expect(server.retainedMessages.get("a")).toBeUndefined();
  });
});

it("lists those that match a filter, page by page", async () => {
  for (const topic of ["a/1", "a/2", "b/1", "a/3", "$own/1"]) {
    await server.retainedMessages.set({ topic, payload: "x" });
  }
  const { retainedMessages } = server;
  const first = retainedMessages.list({ topicFilter: "a/+", limit: 2 });
  expect(first.items.map(({ topic }) => topic)).toEqual(["a/1", "a/2"]);
  const { cursor = "" } = first;
  expect(retainedMessages.list({ cursor }).items.map(({ topic }) => topic)).toEqual(["a/3"]);
  expect(retainedMessages.list().items).toHaveLength(4);
  expect(retainedMessages.count).toBe(5);
  expect(() => retainedMessages.list({ topicFilter: "a#" })).toThrow(TypeError);
});

it("deletes one and tells of it", async () => {
  const changes: unknown[] = [];
  await server.retainedMessages.set({ topic: "a", payload: "1" });
  server.on("retainedMessageChanged", ({ clientId, topic, changedRetainedMessage }) => {
    changes.push([clientId, topic, changedRetainedMessage]);
  });
  expect(await server.retainedMessages.delete("a")).toBe(true);
  expect(await server.retainedMessages.delete("a")).toBe(false);
  expect(changes).toEqual([["", "a", undefined]]);
});

it("clears all, with one event at the end", async () => {
  const events: string[] = [];
  server.on("retainedMessageChanged", () => void events.push("changed"));
  server.on("retainedMessagesCleared", () => {
    events.push(`cleared ${server.retainedMessages.count}`);
  });
  for (let number = 0; number < 10_000; number += 1) {
    void server.retainedMessages.set({ topic: `t/${number}`, payload: "x" });
  }
  await server.retainedMessages.set({ topic: "$own/1", payload: "x" });
  events.length = 0;
  expect(await server.retainedMessages.clear()).toBe(10_001);
  expect(events).toEqual(["cleared 0"]);
  expect(server.retainedMessages.bytes).toBe(0);
});
