/** The client over WebSocket (6), against a plain WebSocket server that knows nothing of MQTT. */
import { equal } from "node:assert/strict";
import { once } from "node:events";

import { MqttClient } from "@anax/client";
import { WebSocketServer, type WebSocket } from "ws";

import { encode, hex } from "../wire/notation.ts";
import type { ClientContext, ClientScenario } from "./client-scenario.ts";

/** Both ends of one WebSocket connection. */
interface Ends {
  readonly client: MqttClient;
  readonly connecting: Promise<unknown>;
  readonly socket: WebSocket;
  /** The next frame of the client. */
  readonly frame: () => Promise<{ readonly data: Uint8Array; readonly isBinary: boolean }>;
}

async function withWebSocket(
  context: ClientContext,
  run: (ends: Ends) => Promise<void>,
): Promise<void> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  const address = server.address();
  const port = address && typeof address === "object" ? address.port : 0;
  const client = new MqttClient(`ws://127.0.0.1:${port}/mqtt`, {
    clientId: "client",
    protocolVersion: context.isV5 ? 5 : 4,
    keepAliveSeconds: 0,
    reconnect: false,
  });
  const connecting = client.connect();
  connecting.catch(() => {});
  try {
    const socket = await firstConnection(server);
    await run({ client, connecting, socket, frame: frameReader(socket) });
  } finally {
    await client.disconnect().catch(() => {});
    for (const socket of server.clients) socket.terminate();
    server.close();
  }
}

function firstConnection(server: WebSocketServer): Promise<WebSocket> {
  return new Promise((resolve) => server.once("connection", resolve));
}

function frameReader(socket: WebSocket): Ends["frame"] {
  const frames: { data: Uint8Array; isBinary: boolean }[] = [];
  socket.on("message", (data: Uint8Array, isBinary: boolean) => {
    frames.push({ data: new Uint8Array(data), isBinary });
    socket.emit("grown");
  });
  return async () => {
    while (frames.length === 0) await once(socket, "grown");
    const frame = frames.shift();
    if (!frame) throw new Error("expected a frame");
    return frame;
  };
}

const offers: ClientScenario = {
  title: "the client offers the subprotocol mqtt and sends binary frames",
  statements: { v5: ["MQTT-6.0.0-1", "MQTT-6.0.0-3"], v3: ["MQTT-6.0.0-1", "MQTT-6.0.0-3"] },
  run: (context) =>
    withWebSocket(context, async ({ socket, frame }) => {
      equal(socket.protocol, "mqtt");
      const { data, isBinary } = await frame();
      equal(isBinary, true);
      equal(hex(data.subarray(0, 1)), "10");
    }),
};

const notAligned: ClientScenario = {
  title: "the client takes packets that are spread over frames, and several in one",
  statements: { v5: ["MQTT-6.0.0-2"], v3: ["MQTT-6.0.0-2"] },
  run: (context) =>
    withWebSocket(context, async ({ client, connecting, socket, frame }) => {
      const texts: string[] = [];
      const heard = new Promise<void>((resolve) => {
        client.on("message", ({ text }) => {
          texts.push(text);
          if (texts.length === 3) resolve();
        });
      });
      await frame();
      const { version } = context;
      for (const byte of encode("20 { 00 00 <{}> } 30 { \"a\" <{}> '1' }", version)) {
        socket.send(Uint8Array.of(byte));
      }
      await connecting;
      socket.send(encode("30 { \"a\" <{}> '2' } 30 { \"a\" <{}> '3' }", version));
      await heard;
      equal(texts.join(), "1,2,3");
    }),
};

const textFrame: ClientScenario = {
  title: "the client closes the connection on a text frame",
  statements: { v5: ["MQTT-6.0.0-1"], v3: ["MQTT-6.0.0-1"] },
  run: (context) =>
    withWebSocket(context, async ({ connecting, socket, frame }) => {
      await frame();
      socket.send(encode("20 { 00 00 <{}> }", context.version));
      await connecting;
      const closed = once(socket, "close");
      socket.send("this is no MQTT");
      await closed;
    }),
};

export const CLIENT_WEBSOCKET_SCENARIOS: readonly ClientScenario[] = [
  offers,
  notAligned,
  textFrame,
];
