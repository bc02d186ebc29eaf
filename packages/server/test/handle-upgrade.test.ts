import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { MqttServer } from "../src/index.ts";

const CONNECT = "100d00044d51545404020000000174";

let http: Server;
let mqtt: MqttServer;
let url: string;

beforeEach(async () => {
  mqtt = new MqttServer({ listeners: [], systemTopics: false, connectionsMax: 1 });
  await mqtt.start();
  http = createServer();
  http.on("upgrade", (request, socket, head) => mqtt.handleUpgrade(request, socket, head));
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/any/path`;
});

afterEach(async () => {
  await mqtt.stop({ deadlineMs: 100 });
  http.closeAllConnections();
  http.close();
});

async function statusOf(protocols: string[]): Promise<number> {
  const socket = new WebSocket(url, protocols);
  socket.on("error", () => undefined);
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
  response.resume();
  return response.statusCode ?? 0;
}

describe("handleUpgrade", () => {
  it("serves a client of somebody else's HTTP server, and stop ends its connection", async () => {
    const socket = new WebSocket(url, "mqtt", { origin: "https://app.example" });
    await once(socket, "open");
    socket.send(Buffer.from(CONNECT, "hex"));
    const [answer] = (await once(socket, "message")) as [Buffer];
    expect(answer.toString("hex")).toBe("20020000");
    const [client] = mqtt.clients.list().items;
    expect(client?.peer).toMatchObject({ transport: "ws", remoteAddress: "127.0.0.1" });
    const closed = once(socket, "close");
    await mqtt.stop();
    await closed;
    http.close();
    await once(http, "close");
  });

  it("has its path beside ws with { server, path }, which would refuse that path", async () => {
    http.removeAllListeners("upgrade");
    const chat = new WebSocketServer({ server: http, path: "/chat" });
    chat.on("connection", (socket) => socket.send("hi"));
    const others = http.listeners("upgrade");
    http.removeAllListeners("upgrade");
    http.on("upgrade", (request, socket, head) => {
      if (request.url === "/any/path") mqtt.handleUpgrade(request, socket, head);
      else for (const other of others) other.call(http, request, socket, head);
    });
    const talk = new WebSocket(url.replace("/any/path", "/chat"));
    const [greeting] = (await once(talk, "message")) as [Buffer];
    expect(greeting.toString()).toBe("hi");
    const socket = new WebSocket(url, "mqtt");
    await once(socket, "open");
    socket.send(Buffer.from(CONNECT, "hex"));
    const [answer] = (await once(socket, "message")) as [Buffer];
    expect(answer.toString("hex")).toBe("20020000");
    talk.terminate();
  });

  it("answers who is not right, who is too many, and who comes too late", async () => {
    expect(await statusOf(["chat"])).toBe(400);
    expect(mqtt.statistics.handshakesFailed).toBe(1);
    const socket = new WebSocket(url, "mqtt");
    await once(socket, "open");
    expect(await statusOf(["mqtt"])).toBe(503);
    expect(mqtt.statistics.transportsRefused).toBe(1);
    socket.terminate();
    await mqtt.stop();
    expect(await statusOf(["mqtt"])).toBe(503);
  });
});
