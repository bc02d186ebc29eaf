/** Test tools that fake timers do not stop a client: bytes move, and only what is to be waited for waits. */
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { Framer, decodePacket, encodePacket } from "@anax/protocol";
import type { Packet } from "@anax/protocol";
import { MqttClient, connect } from "@anax/client";

/** Everything that Vitest can fake here. */
const ALL = [
  "setTimeout",
  "clearTimeout",
  "setInterval",
  "clearInterval",
  "setImmediate",
  "clearImmediate",
  "queueMicrotask",
  "performance",
  "Date",
] as const;

/** A server that needs no timers: it answers from within the events of its sockets. */
function answer(packet: Packet): Packet | undefined {
  switch (packet.type) {
    case "connect":
      return { type: "connack", sessionPresent: false, reasonCode: 0 };
    case "publish":
      if (packet.qos === 0) return undefined;
      return {
        type: "puback",
        packetIdentifier: packet.packetIdentifier ?? 0,
        reasonCode: 0,
      };
    case "subscribe":
      return {
        type: "suback",
        packetIdentifier: packet.packetIdentifier,
        reasonCodes: packet.subscriptions.map(({ qos }) => qos),
      };
    default:
      return undefined;
  }
}

describe("while timers are faked", () => {
  let server: Server;
  let url: string;
  let pings = 0;

  beforeAll(async () => {
    server = createServer((socket) => {
      const framer = new Framer(1_000_000);
      socket.on("error", () => {});
      socket.on("data", (chunk) => {
        framer.push(new Uint8Array(chunk));
        while (framer.next()) {
          const { firstByte, bytes, bodyStart, end } = framer;
          const packet = decodePacket(firstByte, bytes, bodyStart, end, 5);
          if (packet.type === "pingreq") pings += 1;
          const reply = answer(packet);
          if (reply !== undefined) socket.write(encodePacket(reply, 5));
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(() => void vi.useRealTimers());

  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
  });

  it.each([
    ["setTimeout", ["setTimeout", "clearTimeout"]],
    ["setImmediate", ["setImmediate"]],
    ["queueMicrotask", ["queueMicrotask"]],
    ["everything", ALL],
  ] as const)("a client connects, publishes and subscribes: %s", async (_, toFake) => {
    vi.useFakeTimers({ toFake: [...toFake] });
    await using client = await connect(url);
    await client.subscribe("a", () => {});
    await client.publish("a", "b", { qos: 1 });
    await client.publish("a", "b");
    expect(client.connected).toBe(true);
  });

  it("a clock made of them moves Keep Alive and what is waited for", async () => {
    vi.useFakeTimers();
    const client = new MqttClient(url, {
      keepAliveSeconds: 60,
      reconnect: false,
      clock: {
        now: () => Date.now(),
        callAfter: (delayMs, callback) => {
          const timer = setTimeout(callback, delayMs);
          return () => clearTimeout(timer);
        },
      },
    });
    await client.connect();
    const gone = new Promise<Error | undefined>((resolve) => {
      client.on("disconnected", ({ error }) => resolve(error));
    });
    vi.advanceTimersByTime(59_000);
    await client.publish("a", "b", { qos: 1 });
    expect(pings).toBe(1);
    // The answer to the publish showed that the server lives; nothing does from now on.
    vi.advanceTimersByTime(11_000);
    expect(await gone).toMatchObject({ message: "no answer within 10 s to PINGREQ" });
    await client.disconnect();
  });
});
