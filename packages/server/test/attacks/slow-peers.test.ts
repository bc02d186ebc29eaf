import { connect } from "node:net";
import type { Socket } from "node:net";
import { duplexPair } from "node:stream";
import { encodePacket } from "@anax/protocol";
import { afterEach, describe, expect, it } from "vitest";
import { MqttServer } from "../../src/index.ts";
import { makeCertificates } from "../support/certificates.ts";
import { connectPacket, CoreHarness, publishPacket, subscribe } from "../support/core-harness.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { MqttPeer } from "../support/mqtt-peer.ts";
import { turns, until } from "../support/turns.ts";
import { Waiting } from "../support/waiting.ts";

const CONNECT = encodePacket(connectPacket({ clientId: "slow" }), 5);

describe("a CONNECT of one byte per second", () => {
  it("is cut when connectTimeoutMs is over, however diligent it is", () => {
    const harness = new CoreHarness();
    const peer = harness.open();
    for (let second = 0; second < 15; second += 1) {
      expect(peer.isEnded).toBe(false);
      peer.send(CONNECT.slice(second, second + 1));
      harness.advance(1_000);
    }
    expect(peer.isEnded).toBe(true);
    expect(peer.receive()).toEqual([]);
    expect(harness.core.deadlines.size).toBe(0);
  });

  it("is taken where there is time for it", () => {
    const harness = new CoreHarness({ connectTimeoutMs: 60_000 });
    const peer = harness.open();
    for (let second = 0; second < CONNECT.length; second += 1) {
      peer.send(CONNECT.slice(second, second + 1));
      harness.advance(1_000);
    }
    expect(peer.receiveOne("connack").reasonCode).toBe(0);
  });

  it("of a thousand peers costs one timer, and nobody else any time", () => {
    const harness = new CoreHarness();
    const peers = Array.from({ length: 1_000 }, () => harness.open());
    for (const peer of peers) peer.send(CONNECT.slice(0, 5));
    harness.connect("other");
    harness.advance(15_000);
    expect(peers.filter(({ isClosed }) => !isClosed)).toEqual([]);
    expect(harness.core.connections.size).toBe(1);
  });
});

describe("Keep Alive 65 535", () => {
  it("is one and a half times as long, and no shorter and no longer", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c", { keepAliveSeconds: 65_535 });
    harness.advance(65_535 * 1_500 - 1);
    expect(peer.isEnded).toBe(false);
    harness.advance(1);
    expect(peer.receiveOne("disconnect").reasonCode).toBe(0x8d);
  });

  it("is cut short where the operator says so", () => {
    const harness = new CoreHarness({ keepAliveMaxSeconds: 60 });
    const { peer, connack } = harness.connectWith("c", { keepAliveSeconds: 65_535 });
    expect(connack.properties?.serverKeepAliveSeconds).toBe(60);
    harness.advance(90_000);
    expect(peer.isEnded).toBe(true);
  });

  it("is not prolonged by a packet that never ends", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c", { keepAliveSeconds: 10 });
    const large = encodePacket(publishPacket("a", "x".repeat(1_000)), 5);
    for (let second = 0; second < 15; second += 1) {
      peer.send(large.slice(second, second + 1));
      harness.advance(1_000);
    }
    expect(peer.isEnded).toBe(true);
  });
});

describe("packets before CONNACK", () => {
  it("wait unread while a handler decides, and are forgotten when it refuses", () => {
    const waiting = new Waiting();
    const harness = new CoreHarness(
      {},
      {
        validatingConnection: (event) => {
          if (event.clientId !== "slow") return undefined;
          event.reasonCode = 0x87;
          return waiting.next();
        },
      },
    );
    const reader = harness.connect("reader");
    subscribe(reader, "#");
    const peer = harness.open();
    peer.sendChunk(CONNECT, publishPacket("a", "too early"));
    for (let index = 0; index < 1_000; index += 1)
      peer.sendChunk(publishPacket("a", "x".repeat(1_000)));
    harness.settle();
    expect(peer.wire.isPaused).toBe(true);
    expect(peer.unsentBytes).toBeGreaterThan(1_000_000);
    waiting.settle(harness, 0);
    expect(peer.receiveOne("connack").reasonCode).toBe(0x87);
    expect(reader.receive()).toEqual([]);
    expect(harness.core.retained.count).toBe(0);
  });

  it("in one chunk count as little as a chunk", () => {
    const waiting = new Waiting();
    const harness = new CoreHarness({}, { validatingConnection: () => waiting.next() });
    const peer = harness.open();
    peer.send(CONNECT, ...Array.from({ length: 60 }, () => publishPacket("a", "x".repeat(1_000))));
    expect(peer.connection.framer.pending).toBeLessThan(65_536);
    expect(peer.isEnded).toBe(false);
  });

  it("of a client whose handler never answers end with the handler's time", async () => {
    const clock = new ManualClock();
    const server = new MqttServer({
      listeners: [{ type: "memory" }],
      systemTopics: false,
      clock,
      authenticate: () => new Promise(() => undefined),
    });
    await server.start();
    const peer = new MqttPeer(server.connectInMemory(), 5);
    peer.send(CONNECT);
    await turns(5);
    clock.advance(10_000);
    const answer = await peer.packet();
    expect(answer).toMatchObject({ type: "connack" });
    expect(answer?.type === "connack" && answer.reasonCode >= 0x80).toBe(true);
    await peer.closed;
    await server.stop();
  });
});

describe("more sessions than sessionsMax", () => {
  it("cannot be had by connecting while a handler decides", () => {
    const waiting = new Waiting();
    const harness = new CoreHarness(
      { sessionsMax: 2 },
      { validatingConnection: () => waiting.next() },
    );
    const peers = Array.from({ length: 5 }, (_, index) => harness.connecting(`c${index}`));
    for (let index = 0; index < 5; index += 1) waiting.settle(harness, index);
    const codes = peers.map((peer) => peer.receiveOne("connack").reasonCode);
    expect(codes).toEqual([0, 0, 0x97, 0x97, 0x97]);
    expect(harness.core.sessions.size).toBe(2);
  });
});

let server: MqttServer | undefined;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.stop();
  server = undefined;
});

describe("a TLS handshake that stalls", () => {
  it("is cut at its deadline at every stage, and gives its place back", async () => {
    const { cert, key } = makeCertificates().server;
    server = new MqttServer({
      listeners: [{ type: "tls", port: 0, cert, key, tlsHandshakeTimeoutMs: 100 }],
      systemTopics: false,
    });
    await server.start();
    const { port = 0 } = server.address();
    const hello = Buffer.from("16030100050100000100", "hex");
    for (const bytes of [Buffer.alloc(0), hello.subarray(0, 1), hello, CONNECT]) {
      const socket = connect({ port, host: "127.0.0.1" });
      socket.on("error", () => undefined);
      socket.resume();
      sockets.push(socket);
      if (bytes.length > 0) socket.write(bytes);
    }
    await until(() => server?.statistics.transportsTotal === 4);
    await until(() => server?.statistics.transportsCurrent === 0);
    expect(server.statistics.connectionsTotal).toBe(0);
  });
});

describe("a connection that lives long", () => {
  it("has as many listeners on its stream at the end as at the beginning", async () => {
    server = new MqttServer({ listeners: [{ type: "memory" }], systemTopics: false });
    await server.start();
    const [client, served] = duplexPair();
    server.handle(served);
    const count = (): number =>
      served.eventNames().reduce((sum, name) => sum + served.listenerCount(name), 0);
    const peer = new MqttPeer(client, 5);
    await peer.connect();
    await peer.subscribe("a");
    const before = count();
    for (let index = 0; index < 300; index += 1) {
      peer.sendPacket(publishPacket("a", "x".repeat(5_000), { qos: 1, packetIdentifier: 1 }));
      await peer.packet();
      await peer.packet();
    }
    expect(count()).toBe(before);
    client.destroy();
    served.destroy();
  });
});
