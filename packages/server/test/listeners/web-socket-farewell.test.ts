import { once } from "node:events";
import { encodePacket } from "@anax/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { MqttServer } from "../../src/index.ts";
import type { ClientDisconnected } from "../../src/index.ts";

import { connectPacket, publishPacket } from "../support/core-harness.ts";
import { until } from "../support/turns.ts";

/** More single packets than a turn of the loop has time for. */
const MANY = 6_000;

let server: MqttServer;
let left: ClientDisconnected[];

beforeEach(async () => {
  server = new MqttServer({
    listeners: [{ type: "websocket", host: "127.0.0.1", port: 0 }],
    systemTopics: false,
  });
  left = [];
  server.on("clientDisconnected", (event) => void left.push(event));
  await server.start();
});

afterEach(() => server.stop({ deadlineMs: 100 }));

async function open(): Promise<WebSocket> {
  const socket = new WebSocket(server.address().url, "mqtt");
  await once(socket, "open");
  const payload = new TextEncoder().encode("dead");
  const will = { topic: "will", payload, qos: 0, retain: true } as const;
  socket.send(encodePacket(connectPacket({ clientId: "c", protocolVersion: 4, will }), 4));
  await once(socket, "message");
  return socket;
}

/** Retained messages, each to a topic of its own. */
function retained(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) =>
    encodePacket(publishPacket(`t/${index}`, "x", { retain: true }), 4),
  );
}

const DISCONNECT = encodePacket({ type: "disconnect", reasonCode: 0 }, 4);

describe("a client on a WebSocket that says all it has to say and leaves", () => {
  it("is heard to the end, its DISCONNECT included, though there is no time for all at once", async () => {
    const socket = await open();
    socket.send(Buffer.concat([...retained(MANY), DISCONNECT]));
    socket.close();
    await until(() => left.length > 0);
    expect(left[0]?.disconnectType).toBe("clean");
    // Without the Will.
    expect(server.statistics.retainedMessagesCurrent).toBe(MANY);
  });

  it("without DISCONNECT is heard to the end too, and its Will is published", async () => {
    const socket = await open();
    socket.send(Buffer.concat(retained(MANY)));
    socket.close();
    await until(() => left.length > 0);
    expect(left[0]?.disconnectType).toBe("notClean");
    expect(server.statistics.retainedMessagesCurrent).toBe(MANY + 1);
  });

  it("is gone when another one has its session, and when the server stops", async () => {
    const socket = await open();
    socket.send(Buffer.concat(retained(MANY)));
    socket.close();
    await once(socket, "close");
    await open();
    await until(() => left.length > 0);
    expect(server.statistics.connectionsCurrent).toBe(1);
    const startedMs = performance.now();
    await server.stop({ deadlineMs: 10_000 });
    expect(performance.now() - startedMs).toBeLessThan(4_000);
  });
});
