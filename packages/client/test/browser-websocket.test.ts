/** The transport of browsers, with the WebSocket of `ws` in the place of theirs. */
import { createServer } from "node:http";
import type { Server } from "node:http";
import { WebSocket, WebSocketServer } from "ws";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { MqttConnectError, MqttDisconnectedError, connect } from "@anax/client";
import type { ClientOptions, MqttClient } from "@anax/client";
import { openTransport, schemes } from "../src/transports/browser.ts";

/** In a browser an error that nobody listens to is nothing; for an emitter of Node it is the end. */
class BrowserLikeWebSocket extends WebSocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols);
    this.on("error", () => {});
  }
}

const CONNACK = Uint8Array.of(0x20, 3, 0, 0, 0);

describe("in a browser", () => {
  const http: Server = createServer();
  const sockets = new WebSocketServer({ server: http, handleProtocols: () => "mqtt" });
  const clients: MqttClient[] = [];
  let accept: (socket: WebSocket) => void;

  beforeAll(async () => {
    sockets.on("connection", (socket) => accept(socket));
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  });

  beforeEach(() => {
    vi.stubGlobal("WebSocket", BrowserLikeWebSocket);
    accept = (socket) => socket.once("message", () => socket.send(CONNACK));
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) await client.disconnect();
    vi.unstubAllGlobals();
  });

  afterAll(() => {
    http.close();
  });

  async function open(options: ClientOptions = {}): Promise<MqttClient> {
    const address = http.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const client = await connect(
      { protocol: "ws", port },
      { transport: openTransport, reconnect: false, ...options },
    );
    clients.push(client);
    return client;
  }

  it("[MQTT-6.0.0-3] connects with the subprotocol mqtt and sends binary frames", async () => {
    const frames: [number | undefined, boolean][] = [];
    accept = (socket) => {
      socket.on("message", (data, isBinary) => {
        frames.push([Buffer.isBuffer(data) ? data[0] : undefined, isBinary]);
        if (frames.length === 1) socket.send(CONNACK);
      });
    };
    const client = await open();
    await client.publish("t", "x");
    await client.disconnect();
    expect(frames).toEqual([
      [0x10, true],
      [0x30, true],
      [0xe0, true],
    ]);
  });

  it("[MQTT-6.0.0-1] leaves a server that sends text", async () => {
    accept = (socket) => {
      socket.once("message", () => {
        socket.send(CONNACK);
        socket.send("text");
      });
    };
    const client = await open();
    const end = await new Promise((resolve) => client.on("disconnected", resolve));
    expect(end).toMatchObject({ error: expect.any(MqttDisconnectedError) });
    expect(end).toMatchObject({ error: { message: expect.stringContaining("not binary") } });
  });

  it("tells that the connection was lost", async () => {
    accept = (socket) =>
      socket.once("message", () => socket.send(CONNACK, () => socket.terminate()));
    const client = await open();
    const end = await new Promise((resolve) => client.on("disconnected", resolve));
    expect(end).toMatchObject({ wasConnected: true, error: expect.any(MqttDisconnectedError) });
  });

  it("tells that nobody listens", async () => {
    const options = { transport: openTransport, reconnect: false };
    const connecting = connect("ws://127.0.0.1:1/mqtt", options);
    await expect(connecting).rejects.toBeInstanceOf(MqttConnectError);
  });

  it("offers no schemes but those of WebSocket", () => {
    expect(Object.keys(schemes)).toEqual(["ws:", "wss:"]);
  });

  it("gives up when it is told to", async () => {
    accept = () => {};
    const signal = AbortSignal.timeout(20);
    await expect(open({ signal })).rejects.toMatchObject({ name: "TimeoutError" });
  });
});
