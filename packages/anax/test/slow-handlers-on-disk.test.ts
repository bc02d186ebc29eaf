/** Handlers that take their time, on a store on disk: what they have not decided on is neither acknowledged nor stored. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Packet } from "@anax/protocol";
import { MqttServer } from "@anax/server";
import type { ServerEventName } from "@anax/server";
import { lmdbStore } from "@anax/store-lmdb";
import { RawPeer } from "@anax/testing";
import { afterEach, beforeEach, expect, it } from "vitest";

let folder: string;
let servers: MqttServer[] = [];
/** Lets handlers answer. */
let release: () => void = () => undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "anax-slow-"));
});

afterEach(async () => {
  release();
  for (const server of servers) await server.stop({ deadlineMs: 0 });
  servers = [];
  rmSync(folder, { recursive: true, force: true });
});

async function start(name: string): Promise<MqttServer> {
  const server = new MqttServer({
    listeners: [{ type: "memory" }],
    systemTopics: false,
    store: lmdbStore({ path: join(folder, name) }),
  });
  servers.push(server);
  await server.start();
  return server;
}

/** Makes the handlers of an event wait; resolves when the first was called. */
function hold(server: MqttServer, event: ServerEventName): Promise<void> {
  const answered = new Promise<void>((resolve) => {
    release = resolve;
  });
  return new Promise((resolve) => {
    server.on(event, () => {
      resolve();
      return answered;
    });
  });
}

async function connect(server: MqttServer, clientId: string, isWilling = false): Promise<RawPeer> {
  const peer = new RawPeer(server.connectInMemory());
  const payload = Uint8Array.of(2);
  peer.send({
    type: "connect",
    protocolVersion: 5,
    clientId,
    cleanStart: false,
    keepAliveSeconds: 0,
    properties: { sessionExpiryIntervalSeconds: 3_600 },
    ...(isWilling && { will: { topic: "will", payload, qos: 1, retain: true } }),
  });
  expect(await peer.receive()).toMatchObject({ type: "connack", reasonCode: 0 });
  return peer;
}

function publication(duplicate = false): Packet {
  const payload = Uint8Array.of(1);
  return {
    type: "publish",
    topic: "t",
    payload,
    qos: 2,
    retain: false,
    duplicate,
    packetIdentifier: 7,
  };
}

/** A session "s" that is subscribed to everything, whose client is away. */
async function subscribed(server: MqttServer): Promise<void> {
  const s = await connect(server, "s");
  const plain = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  const subscriptions = [{ topicFilter: "#", qos: 2, ...plain }] as const;
  s.send({ type: "subscribe", packetIdentifier: 1, subscriptions });
  await s.receive();
  s.send({ type: "disconnect", reasonCode: 0 });
  await s.closed;
}

/** The store as it is on disk now: what a process that is killed leaves. */
async function killed(server: MqttServer): Promise<MqttServer> {
  // What was to be committed is: another client's acknowledged message says so.
  const other = await connect(server, "other");
  other.send({ type: "disconnect", reasonCode: 0 });
  await other.closed;
  const filter = (source: string): boolean => !/server-\d+\.lock$/.test(source);
  // A process that has died no longer holds the directory.
  cpSync(join(folder, "a"), join(folder, "b"), { recursive: true, filter });
  return start("b");
}

it.each(["interceptingPublish", "interceptingClientEnqueue"] as const)(
  "[MQTT-4.3.3-8] a QoS 2 PUBLISH in a slow %s is a new message after a kill, and after a stop at its deadline",
  async (event) => {
    for (const end of ["kill", "stop"]) {
      const server = await start("a");
      await subscribed(server);
      const called = hold(server, event);
      const p = await connect(server, "p");
      p.send(publication());
      await called;
      if (end === "stop") await server.stop({ deadlineMs: 0 });
      const after = end === "kill" ? await killed(server) : await start("a");
      const again = await connect(after, "p");
      again.send(publication(true));
      expect(await again.receive()).toMatchObject({ type: "pubrec", reasonCode: 0 });
      const s = await connect(after, "s");
      expect(await s.receive()).toMatchObject({ type: "publish", topic: "t", qos: 2 });
      release();
      for (const one of servers) await one.stop({ deadlineMs: 0 });
      servers = [];
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

it.each(["kill", "stop"])(
  "[MQTT-3.1.2-8] a Will whose handler works is published after a %s",
  async (end) => {
    const server = await start("a");
    await subscribed(server);
    const called = hold(server, "interceptingPublish");
    const c = await connect(server, "c", true);
    if (end === "kill") c.cut();
    const stopping = end === "stop" ? server.stop({ deadlineMs: 0 }) : undefined;
    await called;
    await stopping;
    const after = end === "kill" ? await killed(server) : await start("a");
    const s = await connect(after, "s");
    expect(await s.receive()).toMatchObject({ type: "publish", topic: "will" });
    expect(after.retainedMessages.get("will")).toBeDefined();
  },
);
