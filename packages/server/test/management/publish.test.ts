import { afterEach, beforeEach, expect, it } from "vitest";
import { MqttConfigurationError } from "../../src/index.ts";
import type { MqttServer } from "../../src/index.ts";
import { connected, startedServer, subscribe } from "../support/memory-server.ts";

let server: MqttServer;

beforeEach(async () => {
  server = await startedServer();
});
afterEach(() => server.stop());

it("publishes by topic, payload and options", async () => {
  const client = await connected(server, "one");
  await subscribe(client, "a", 1);
  const result = await server.publish("a", "text", { qos: 1, retain: true, contentType: "t" });
  expect(result).toEqual({ matched: 1, queued: 1, dropped: 0, reasonCode: 0 });
  expect(await client.packet()).toMatchObject({
    topic: "a",
    payload: new TextEncoder().encode("text"),
    qos: 1,
    properties: { contentType: "t" },
  });
  expect(server.retainedMessages.get("a")).toBeDefined();
  expect((await server.publish("b")).reasonCode).toBe(0x10);
});

it.each([
  [["a", "b", { topic: "c" }], "topic is an argument of publish, not an option"],
  [["a", "b", { payload: "c" }], "payload is an argument of publish, not an option"],
  [["a", "b", { QoS: 1 }], 'unknown option "QoS"'],
  [["a", "b", 1], "options must be an object, not number"],
  [["a/#"], "topic"],
])("refuses %j", async (given, words) => {
  const publishing = server.publish(...(given as [string]));
  await expect(publishing).rejects.toThrow(MqttConfigurationError);
  await expect(publishing).rejects.toThrow(words);
});

it("gives validatingConnection the password as text, and shows it nowhere", async () => {
  const seen: unknown[] = [];
  server.on("validatingConnection", (event) => {
    seen.push(event.passwordText, JSON.stringify(event).includes("passwordText"));
  });
  const password = new TextEncoder().encode("größe");
  await connected(server, "one", { userName: "u", password });
  await connected(server, "two");
  expect(seen).toEqual(["größe", false, undefined, false]);
});
