/** Faults of the server as the application sees them. */
import { afterEach, expect, it } from "vitest";
import { MqttServerFaultError } from "@anax/client";
import { connected, disconnectAll, once } from "./in-memory-client.ts";

afterEach(disconnectAll);

/** Retained on `a/#`, at QoS 1. */
const BAD = [0x33, 0x08, 0, 3, 0x61, 0x2f, 0x23, 0, 1, 0];

it("a bad message is an error event, and the subscription goes on", async () => {
  const { server, client } = await connected();
  const errors: Error[] = [];
  client.on("error", (error) => errors.push(error));
  const topics: string[] = [];
  server.script = (packet, connection) => {
    if (packet.type === "subscribe") connection.sendBytes(BAD);
    return false;
  };
  await client.subscribe("#", ({ topic }) => topics.push(topic), { qos: 1 });
  server.connection.publish("good", "");
  await client.ping();
  expect(topics).toEqual(["good"]);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toBeInstanceOf(MqttServerFaultError);
  expect(errors[0]).toMatchObject({ topic: "a/#", reasonCode: 0x90 });
  expect(errors[0]?.message).toContain('a message to "a/#" was dropped: ');
  expect(server.packets("puback")).toHaveLength(1);
  expect(server.connections).toHaveLength(1);
});

it("a bad message closes the connection of a strict client", async () => {
  const { server, client } = await connected({ strict: true, reconnect: false });
  server.connection.sendBytes(BAD);
  expect(await once(client, "disconnected")).toMatchObject({ reasonCode: 0x90 });
});
