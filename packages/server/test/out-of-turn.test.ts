import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { expect, it } from "vitest";
import { encodePacket } from "@anax/protocol";
import { MqttServer } from "../src/index.ts";
import { publishPacket } from "./support/core-harness.ts";
import { MqttPeer } from "./support/mqtt-peer.ts";
import { until } from "./support/turns.ts";

const CROWD = 60;
/** What a message of the crowd costs the server. */
const COSTS_MS = 1;

it("a client that speaks again and again does not wait until all are read that speak at once", async () => {
  const topics: string[] = [];
  const server = new MqttServer({
    port: 0,
    host: "127.0.0.1",
    on: {
      interceptingPublish({ topic }) {
        topics.push(topic);
        const endMs = performance.now() + COSTS_MS;
        while (topic === "crowd" && performance.now() < endMs);
      },
    },
  });
  await server.start();
  const sockets: Socket[] = [];
  async function client(clientId: string): Promise<Socket> {
    const socket = connect(server.address().port ?? 0, "127.0.0.1");
    sockets.push(socket);
    await once(socket, "connect");
    await new MqttPeer(socket).connect({ clientId });
    return socket;
  }
  try {
    const regular = await client("regular");
    const crowd = await Promise.all(
      Array.from({ length: CROWD }, (_item, index) => client(`c${index}`)),
    );
    const says = encodePacket(publishPacket("regular", "x"), 4);
    for (let count = 1; count <= 12; count += 1) {
      regular.write(says);
      await until(() => topics.length === count);
      // Reads right after each other count once.
      const soonMs = performance.now() + 2;
      await until(() => performance.now() > soonMs);
    }
    topics.length = 0;
    // The system has all of it before the server reads any: the regular one comes last.
    for (const socket of crowd) socket.write(encodePacket(publishPacket("crowd", "x"), 4));
    regular.write(says);
    await until(() => topics.length === CROWD + 1);
    expect(topics.indexOf("regular")).toBeLessThan(CROWD / 2);
  } finally {
    for (const socket of sockets) socket.destroy();
    await server.stop();
  }
});
