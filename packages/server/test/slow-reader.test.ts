import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MqttServer } from "../src/index.ts";
import { MqttPeer } from "./support/mqtt-peer.ts";
import { until } from "./support/turns.ts";

const MESSAGE_BYTES = 65_536;
const BACKLOG_BYTES = 1_048_576;

let server: MqttServer;

beforeEach(async () => {
  server = new MqttServer({ port: 0, systemTopics: false, backlogBytesMax: BACKLOG_BYTES });
  await server.start();
});

afterEach(() => server.stop({ deadlineMs: 100 }));

async function client(clientId: string): Promise<{ peer: MqttPeer; socket: Socket }> {
  const socket = connect(server.address().port ?? 0, "127.0.0.1");
  await once(socket, "connect");
  const peer = new MqttPeer(socket);
  await peer.connect({ clientId });
  return { peer, socket };
}

describe("a client that does not read", () => {
  it("costs others nothing and the server a bounded number of bytes, and goes on when it reads", async () => {
    const [frozen, lively, publisher] = [
      await client("frozen"),
      await client("lively"),
      await client("publisher"),
    ];
    await frozen.peer.subscribe("#");
    await lively.peer.subscribe("#");
    frozen.socket.pause();
    const message = {
      type: "publish",
      topic: "a",
      payload: new Uint8Array(MESSAGE_BYTES),
      qos: 0,
      retain: false,
      duplicate: false,
    } as const;
    let sent = 0;
    // Kernel buffers take some megabytes; what comes after meets the server's own limit.
    while (server.statistics.messagesDropped === 0) {
      publisher.peer.sendPacket({ ...message, topic: String(sent) });
      expect(await lively.peer.packet()).toMatchObject({ topic: String(sent) });
      sent += 1;
    }
    frozen.socket.resume();
    const kept = sent - server.statistics.messagesDropped;
    // The oldest of the backlog made room: what is there is in order, and the newest is among it.
    const topics: number[] = [];
    for (let index = 0; index < kept; index += 1) {
      const packet = await frozen.peer.packet();
      if (packet?.type === "publish") topics.push(Number(packet.topic));
    }
    expect(topics).toEqual([...new Set(topics)].toSorted((one, other) => one - other));
    expect(topics).toHaveLength(kept);
    expect(topics.at(-1)).toBe(sent - 1);
    publisher.peer.sendPacket({ ...message, topic: "last" });
    expect(await frozen.peer.packet()).toMatchObject({ topic: "last" });
  });

  it("gives everything back when it goes", async () => {
    const [frozen, publisher] = [await client("frozen"), await client("publisher")];
    await frozen.peer.subscribe("#");
    frozen.socket.pause();
    const payload = new Uint8Array(MESSAGE_BYTES);
    const rest = { qos: 0, retain: false, duplicate: false } as const;
    while (server.statistics.messagesDropped === 0) {
      publisher.peer.sendPacket({ type: "publish", topic: "a", payload, ...rest });
      publisher.peer.sendPacket({ type: "pingreq" });
      await publisher.peer.packet();
    }
    frozen.socket.destroy();
    await until(() => server.statistics.transportsCurrent === 1);
    expect(server.statistics.connectionsCurrent).toBe(1);
    publisher.peer.sendPacket({ type: "pingreq" });
    expect(await publisher.peer.packet()).toEqual({ type: "pingresp" });
  });
});
