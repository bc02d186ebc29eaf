/** MQTT over WebSocket (6), by a plain WebSocket client that knows nothing of MQTT. */
import { equal } from "node:assert/strict";
import { once } from "node:events";

import { WebSocket } from "ws";

import type { Scenario, ScenarioContext } from "../scenario.ts";
import { encode, hex } from "../wire/notation.ts";

/** A socket with the bytes that have come, whatever their frames. */
interface Frames {
  readonly socket: WebSocket;
  /** Resolves with all bytes so far once there are `count` of them. */
  readonly bytes: (count: number) => Promise<string>;
  readonly binaryOnly: () => boolean;
}

async function openSocket(context: ScenarioContext, path = "/mqtt"): Promise<Frames> {
  const { host, port } = context.server.websocket ?? { host: "", port: 0 };
  const socket = new WebSocket(`ws://${host}:${port}${path}`, "mqtt");
  const chunks: Uint8Array[] = [];
  let binaryOnly = true;
  socket.on("message", (data: Uint8Array, isBinary: boolean) => {
    chunks.push(new Uint8Array(data));
    binaryOnly &&= isBinary;
    socket.emit("grown");
  });
  await once(socket, "open");
  const bytes = async (count: number): Promise<string> => {
    while (chunks.reduce((sum, chunk) => sum + chunk.length, 0) < count) {
      await once(socket, "grown");
    }
    return chunks.map(hex).join(" ");
  };
  return { socket, bytes, binaryOnly: () => binaryOnly };
}

const binaryFrames: Scenario = {
  title: "packets travel in binary frames, and the subprotocol is mqtt",
  statements: {
    v5: ["MQTT-6.0.0-1", "MQTT-6.0.0-3", "MQTT-6.0.0-4", "MQTT-4.2.0-1"],
    v3: ["MQTT-6.0.0-1", "MQTT-6.0.0-3", "MQTT-6.0.0-4", "MQTT-7.1.1-1"],
  },
  needs: { websocket: true },
  run: async (context) => {
    const { socket, bytes, binaryOnly } = await openSocket(context);
    equal(socket.protocol, "mqtt");
    socket.send(encode(context.connectPacket(), context.version));
    equal((await bytes(4)).startsWith("20"), true);
    socket.send(encode("C0 00", context.version));
    equal(binaryOnly(), true);
    socket.terminate();
  },
};

const notAligned: Scenario = {
  title: "a frame may hold part of a packet, or several",
  statements: { v5: ["MQTT-6.0.0-2"], v3: ["MQTT-6.0.0-2"] },
  needs: { websocket: true },
  run: async (context) => {
    const { socket, bytes } = await openSocket(context);
    for (const byte of encode(context.connectPacket(), context.version)) {
      socket.send(Uint8Array.of(byte));
    }
    const connack = (await bytes(4)).split(" ").length;
    socket.send(encode("C0 00 C0 00 C0", context.version));
    socket.send(encode("00", context.version));
    equal((await bytes(connack + 6)).endsWith("d0 00 d0 00 d0 00"), true);
    socket.terminate();
  },
};

const textFrame: Scenario = {
  title: "a text frame closes the connection",
  statements: { v5: ["MQTT-6.0.0-1"], v3: ["MQTT-6.0.0-1"] },
  needs: { websocket: true },
  run: async (context) => {
    const { socket } = await openSocket(context);
    const closed = once(socket, "close");
    socket.send("this is no MQTT");
    await closed;
  },
};

const anyQuery: Scenario = {
  title: "the URI has no meaning for MQTT: what stands behind the path does not matter",
  statements: { v5: ["U-6-1"] },
  needs: { websocket: true },
  run: async (context) => {
    const { socket, bytes } = await openSocket(context, "/mqtt?token=x&clientId=y");
    socket.send(encode(context.connectPacket(), context.version));
    equal((await bytes(4)).startsWith("20"), true);
    socket.terminate();
  },
};

const noSubprotocol: Scenario = {
  title: "a client that does not offer the subprotocol mqtt is not taken",
  statements: { v5: ["MQTT-6.0.0-3"], v3: ["MQTT-6.0.0-3"] },
  needs: { websocket: true },
  run: async (context) => {
    const { host, port } = context.server.websocket ?? { host: "", port: 0 };
    for (const offered of [[], ["chat"]]) {
      const socket = new WebSocket(`ws://${host}:${port}/mqtt`, offered);
      const [error]: unknown[] = await once(socket, "error").catch((thrown: unknown) => [thrown]);
      equal(error instanceof Error, true);
    }
  },
};

export const WEBSOCKET_SCENARIOS: readonly Scenario[] = [
  binaryFrames,
  notAligned,
  textFrame,
  anyQuery,
  noSubprotocol,
];
