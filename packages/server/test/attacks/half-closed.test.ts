import { once } from "node:events";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectSecurely } from "node:tls";
import { encodePacket } from "@anax/protocol";
import type { Packet } from "@anax/protocol";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { MqttServer } from "../../src/index.ts";
import type { MqttServerOptions } from "../../src/index.ts";
import { MemoryStore } from "../../src/stores/memory-store.ts";
import { makeCertificates } from "../support/certificates.ts";
import type { Certificates } from "../support/certificates.ts";
import { connectPacket, lasting, publishPacket, subscribePacket } from "../support/core-harness.ts";
import { MqttPeer } from "../support/mqtt-peer.ts";
import { until } from "../support/turns.ts";

let server: MqttServer;
let certificates: Certificates;

beforeAll(() => {
  certificates = makeCertificates();
});

afterEach(async () => {
  await server.stop();
  expect(server.statistics.transportsCurrent).toBe(0);
});

async function start(options: MqttServerOptions): Promise<void> {
  server = new MqttServer({
    listeners: [{ type: "tcp", port: 0 }],
    systemTopics: false,
    ...options,
  });
  await server.start();
}

/** A client's end of a connection that it may close in one direction. */
async function dial(): Promise<Duplex> {
  const { port = 0 } = server.address();
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  return socket;
}

/** Sends all packets and the end of its side at once; types of the packets that come back until the connection closes. */
async function sayAll(stream: Duplex, packets: readonly Packet[]): Promise<string[]> {
  const peer = new MqttPeer(stream, 5);
  peer.stream.end(Buffer.concat(packets.map((packet) => encodePacket(packet, 5))));
  const types: string[] = [];
  for (let next = await peer.packet(); next !== undefined; next = await peer.packet())
    types.push(next.type);
  await peer.closed;
  return types;
}

const CONNECT = connectPacket({ clientId: "c" });
const PUBLISH = publishPacket("a", "x", { qos: 1, packetIdentifier: 1 });
const PING: Packet = { type: "pingreq" };
const DISCONNECT: Packet = { type: "disconnect", reasonCode: 0 };

describe("a client that says all at once and closes its side gets its answers", () => {
  it("with DISCONNECT", async () => {
    await start({});
    const answers = await sayAll(await dial(), [CONNECT, subscribePacket("b"), PING, DISCONNECT]);
    expect(answers).toEqual(["connack", "suback", "pingresp"]);
  });

  it("without", async () => {
    await start({});
    const answers = await sayAll(await dial(), [CONNECT, subscribePacket("b"), PUBLISH, PING]);
    expect(answers).toEqual(["connack", "suback", "puback", "pingresp"]);
    expect(server.statistics.connectionsCurrent).toBe(0);
  });

  it("where handlers take their time", async () => {
    const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    await start({
      on: {
        validatingConnection: later,
        interceptingSubscription: later,
        interceptingPublish: later,
      },
    });
    const answers = await sayAll(await dial(), [CONNECT, subscribePacket("b"), PUBLISH, PING]);
    // PINGREQ passes what waits, but for CONNECT.
    expect(answers[0]).toBe("connack");
    expect(answers.toSorted()).toEqual(["connack", "pingresp", "puback", "suback"]);
    expect(answers.filter((answer) => answer !== "pingresp")).toEqual([
      "connack",
      "suback",
      "puback",
    ]);
  });

  it("where the answers wait for a store", async () => {
    await start({ store: new MemoryStore() });
    const connectLasting = connectPacket({ clientId: "c", ...lasting() });
    const retained = { ...PUBLISH, retain: true };
    const answers = await sayAll(await dial(), [connectLasting, subscribePacket("b"), retained]);
    expect(answers).toEqual(["connack", "suback", "puback"]);
  });

  it("over TLS", async () => {
    const { cert, key } = certificates.server;
    await start({ listeners: [{ type: "tls", port: 0, cert, key }] });
    const { port = 0 } = server.address();
    const socket = connectSecurely({
      port,
      host: "127.0.0.1",
      ca: certificates.ca,
    });
    socket.allowHalfOpen = true;
    await once(socket, "secureConnect");
    expect(await sayAll(socket, [CONNECT, PUBLISH, PING])).toEqual([
      "connack",
      "puback",
      "pingresp",
    ]);
  });

  it("in memory", async () => {
    await start({ listeners: [{ type: "memory" }] });
    const stream = server.connectInMemory();
    stream.allowHalfOpen = true;
    expect(await sayAll(stream, [CONNECT, PUBLISH, PING])).toEqual([
      "connack",
      "puback",
      "pingresp",
    ]);
  });
});

describe("a client that closes its side", () => {
  it("before CONNECT is closed at once", async () => {
    await start({ connectTimeoutMs: 60_000 });
    for (const begun of [[], [0x10, 0x20, 0x00]]) {
      const socket = await dial();
      socket.resume();
      socket.end(Buffer.from(begun));
      await once(socket, "close");
    }
    expect(server.statistics).toMatchObject({ transportsTotal: 2, connectionsTotal: 0 });
  });

  it("leaves its Will", async () => {
    await start({});
    const watcher = new MqttPeer(await dial(), 5);
    await watcher.connect({ clientId: "watcher" });
    await watcher.subscribe("will");
    const will = { topic: "will", payload: new Uint8Array(1), qos: 0, retain: false } as const;
    await sayAll(await dial(), [connectPacket({ clientId: "c", will })]);
    expect(await watcher.packet()).toMatchObject({ type: "publish", topic: "will" });
    watcher.stream.destroy();
  });

  it("and reads nothing does not stay for ever", async () => {
    await start({ backlogBytesMax: 1_000 });
    const socket = await dial();
    socket.pause();
    const payload = new Uint8Array(500_000);
    const message = { ...publishPacket("a", ""), payload };
    const packets: Packet[] = [CONNECT, subscribePacket("a"), ...Array(20).fill(message)];
    socket.end(Buffer.concat(packets.map((packet) => encodePacket(packet, 5))));
    // The transport is cut when the time that a close may take is over.
    await until(
      () => server.statistics.connectionsCurrent === 0 && server.statistics.connectionsTotal === 1,
    );
    socket.destroy();
    await until(() => server.statistics.transportsCurrent === 0);
    expect(server.statistics.sessionsCurrent).toBe(0);
  });
});
