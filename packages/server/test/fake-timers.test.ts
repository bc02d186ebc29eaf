/** Test tools that fake timers do not stop a server: bytes move, and only what is to be waited for waits. */
import { connect as connectSocket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { MqttServer } from "../src/index.ts";
import type { MqttServerOptions } from "../src/index.ts";
import { MemoryStore } from "../src/stores/memory-store.ts";
import { ManualClock } from "./support/manual-clock.ts";
import { LASTING, publication, subscribe } from "./support/memory-server.ts";
import { MqttPeer } from "./support/mqtt-peer.ts";

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

const FAKES = {
  setTimeout: ["setTimeout", "clearTimeout"],
  setImmediate: ["setImmediate"],
  queueMicrotask: ["queueMicrotask"],
  "the clocks": ["Date", "performance"],
  everything: ALL,
} as const;

const SERVERS: Readonly<Record<string, () => MqttServerOptions>> = {
  tcp: () => ({ listeners: [{ type: "tcp", port: 0 }] }),
  "tcp with a store": () => ({ listeners: [{ type: "tcp", port: 0 }], store: new MemoryStore() }),
  "tcp with handlers that answer later": () => ({
    listeners: [{ type: "tcp", port: 0 }],
    on: {
      validatingConnection: async () => undefined,
      interceptingPublish: async () => undefined,
      interceptingOutboundPacket: async () => undefined,
    },
  }),
  memory: () => ({ listeners: [{ type: "memory" }] }),
};

let server: MqttServer;

afterEach(async () => {
  vi.useRealTimers();
  await server.stop();
});

function peerOf(): MqttPeer {
  const { type } = server.listeners[0] ?? {};
  if (type === "memory") return new MqttPeer(server.connectInMemory(), 5);
  return new MqttPeer(connectSocket({ port: server.address().port ?? 0, host: "127.0.0.1" }), 5);
}

async function useServer(): Promise<number> {
  const peer = peerOf();
  expect(await peer.connect({ clientId: "c", ...LASTING })).toMatchObject({ type: "connack" });
  expect(await subscribe(peer, "a", 1)).toMatchObject({ type: "suback" });
  peer.sendPacket({ ...publication("a", "x", 1), retain: true });
  const types = [(await peer.packet())?.type, (await peer.packet())?.type];
  expect(new Set(types)).toEqual(new Set(["puback", "publish"]));
  await server.injectApplicationMessage({ topic: "a", payload: "y" });
  expect(await peer.packet()).toMatchObject({ type: "publish" });
  const stream = server.subscribe("a");
  expect((await stream.next()).value).toMatchObject({ topic: "a" });
  return server.retainedMessages.clear();
}

describe("a server goes on while a test tool fakes", () => {
  for (const [kind, options] of Object.entries(SERVERS)) {
    for (const [name, toFake] of Object.entries(FAKES)) {
      it(`${name}, over ${kind}`, async () => {
        server = new MqttServer({ systemTopics: false, ...options() });
        await server.start();
        vi.useFakeTimers({ toFake: [...toFake] });
        expect(await useServer()).toBeGreaterThan(0);
        await server.stop();
      });
    }
  }

  it("everything since before its start", async () => {
    vi.useFakeTimers({ toFake: [...ALL] });
    server = new MqttServer({ listeners: [{ type: "tcp", port: 0 }] });
    await server.start();
    expect(await useServer()).toBeGreaterThan(0);
    await server.stop();
  });
});

describe("what has to do with time", () => {
  it("is moved by the option clock, and by no fake timer", async () => {
    const clock = new ManualClock();
    server = new MqttServer({ listeners: [{ type: "memory" }], systemTopics: false, clock });
    await server.start();
    vi.useFakeTimers({ toFake: [...ALL] });
    const peer = peerOf();
    await peer.connect({ keepAliveSeconds: 10 });
    vi.advanceTimersByTime(60_000);
    peer.sendPacket({ type: "pingreq" });
    expect(await peer.packet()).toEqual({ type: "pingresp" });
    clock.advance(16_000);
    expect(await peer.packet()).toMatchObject({ type: "disconnect", reasonCode: 0x8d });
  });
});
