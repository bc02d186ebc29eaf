/** The client against aedes, in the versions that it speaks well, over TCP and WebSocket. */
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { Aedes } from "aedes";
import { WebSocketServer, createWebSocketStream } from "ws";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connect } from "@anax/client";
import type { MqttClient } from "@anax/client";

describe("with aedes", () => {
  let broker: Aedes;
  let tcp: Server;
  const http = createHttpServer();
  const clients: MqttClient[] = [];
  const sockets = new Set<Socket>();

  beforeAll(async () => {
    broker = await Aedes.createBroker();
    tcp = createServer((socket) => {
      sockets.add(socket);
      broker.handle(socket);
    });
    const webSockets = new WebSocketServer({ server: http, handleProtocols: () => "mqtt" });
    webSockets.on("connection", (socket, request) => {
      broker.handle(createWebSocketStream(socket), request);
    });
    for (const server of [tcp, http]) {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    }
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) await client.disconnect();
  });

  afterAll(async () => {
    await new Promise<void>((resolve) => broker.close(resolve));
    for (const server of [tcp, http]) await new Promise((resolve) => server.close(resolve));
  });

  function portOf(server: Server): number {
    const address = server.address();
    return typeof address === "object" ? (address?.port ?? 0) : 0;
  }

  it.each([
    ["mqtt", 3],
    ["mqtt", 4],
    ["ws", 4],
  ] as const)("over %s in version %i, QoS 0, 1 and 2 go both ways", async (protocol, version) => {
    const port = portOf(protocol === "ws" ? http : tcp);
    const path = protocol === "ws" ? { path: "/" } : {};
    const client = await connect({ protocol, port, ...path }, { protocolVersion: version });
    clients.push(client);
    const subscription = client.subscribe("round/+", { qos: 2 });
    await subscription;
    for (const qos of [0, 1, 2] as const) await client.publish("round/trip", `qos ${qos}`, { qos });
    const seen: string[] = [];
    for await (const { text, qos } of subscription) {
      seen.push(`${text}: ${qos}`);
      if (seen.length === 3) break;
    }
    expect(seen).toEqual(["qos 0: 0", "qos 1: 1", "qos 2: 2"]);
  });

  it("carries a large payload over WebSocket", async () => {
    const client = await connect(
      { protocol: "ws", port: portOf(http), path: "/" },
      { protocolVersion: 4 },
    );
    clients.push(client);
    const payload = new Uint8Array(1_000_000).map((_, index) => index % 251);
    const received = new Promise<Uint8Array>((resolve) => {
      client.subscribe("large", (message) => resolve(message.payload));
    });
    await client.ping();
    await client.publish("large", payload, { qos: 1 });
    expect(Buffer.compare(await received, payload)).toBe(0);
  });

  it("comes back, with its subscriptions, when the broker cuts the connection", async () => {
    const client = await connect(
      { port: portOf(tcp) },
      { protocolVersion: 4, reconnect: { initialDelayMs: 1 } },
    );
    clients.push(client);
    const message = new Promise((resolve) => {
      client.subscribe("after", ({ text }) => resolve(text));
    });
    await client.ping();
    const back = new Promise((resolve) => client.on("connected", resolve));
    for (const socket of sockets) socket.destroy();
    await back;
    await client.publish("after", "the cut", { qos: 1 });
    expect(await message).toBe("the cut");
  });
});
