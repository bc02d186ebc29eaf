import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { Aedes } from "aedes";
import { connect, MqttClient } from "@anax/client";
import { MemoryMedium, MemoryStore } from "@anax/server/contracts";
import { MqttServer } from "@anax/server";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { moveData } from "../from-aedes-data.ts";
import type { AedesPersistence } from "../from-aedes-data.ts";

const DEVICE = {
  protocolVersion: 4,
  clientId: "device",
  cleanStart: false,
  reconnect: false,
} as const;

let broker: Aedes;
let listener: Server;
let url: string;

beforeEach(async () => {
  broker = await Aedes.createBroker();
  listener = createServer((stream) => void broker.handle(stream));
  await new Promise<void>((resolve) => void listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as AddressInfo;
  url = `mqtt://127.0.0.1:${port}`;
});

afterEach(async () => {
  listener.close();
  await new Promise<void>((resolve) => broker.close(resolve));
});

/** A device subscribes at aedes and leaves; then come messages, one of them retained. */
async function useAedes(): Promise<void> {
  const device = await connect(url, DEVICE);
  await device.subscribe("rooms/+/set", () => undefined, { qos: 1 });
  await device.subscribe("news", () => undefined, { qos: 2 });
  await device.disconnect();
  const publisher = await connect(url, { protocolVersion: 4, reconnect: false });
  await publisher.publish("rooms/1/set", "on", { qos: 1 });
  await publisher.publish("news", "all is well", { qos: 2 });
  await publisher.publish("rooms/1/state", new Uint8Array([0, 255]), { qos: 1, retain: true });
  await publisher.disconnect();
}

async function anaxServer(medium: MemoryMedium): Promise<MqttServer> {
  const server = new MqttServer({ port: 0, systemTopics: false, store: new MemoryStore(medium) });
  await server.start();
  onTestFinished(async () => void (await server.stop()));
  return server;
}

it("moves retained messages, sessions and what waits for them from aedes, for good", async () => {
  await useAedes();
  const medium = new MemoryMedium();
  const first = await anaxServer(medium);
  // Its types do not say that it is there.
  const persistence: AedesPersistence = Reflect.get(broker, "persistence");
  const moved = await moveData(persistence, first, ["device", "was never there"]);
  expect(moved).toEqual({ retained: 1, sessions: 1, subscriptions: 2, messages: 2, refused: [] });
  const again = await moveData(persistence, first, ["device"]);
  expect(again).toMatchObject({
    sessions: 0,
    messages: 0,
    refused: ["device: has a session already"],
  });
  await first.stop();

  const server = await anaxServer(medium);
  const state = server.retainedMessages.get("rooms/1/state");
  expect(state).toMatchObject({ qos: 1, payload: new Uint8Array([0, 255]) });
  const device = new MqttClient(server.address().url, DEVICE);
  onTestFinished(() => device.disconnect());
  const got: string[] = [];
  const three = new Promise<void>((resolve) => {
    device.on("message", ({ topic, text, qos }) => {
      got.push(`${topic} ${text} ${qos}`);
      if (got.length === 3) resolve();
    });
  });
  const { sessionPresent } = await device.connect();
  expect(sessionPresent).toBe(true);
  await server.injectApplicationMessage({ topic: "rooms/2/set", payload: "off", qos: 2 });
  await three;
  expect(got).toEqual(["rooms/1/set on 1", "news all is well 2", "rooms/2/set off 1"]);
});
