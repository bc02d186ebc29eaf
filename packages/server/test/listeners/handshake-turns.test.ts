import type { Socket } from "node:net";
import { connect } from "node:tls";
import type { TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import { MqttServer } from "../../src/index.ts";
import { HandshakeTurns } from "../../src/listeners/handshake-turns.ts";
import { makeCertificates } from "../support/certificates.ts";

interface Script {
  readonly turns: HandshakeTurns;
  readonly begun: number[];
  nextTurn(): void;
}

function script(): Script {
  const begun: number[] = [];
  let works: (() => void)[] = [];
  const turns = new HandshakeTurns(
    (socket) => begun.push((socket as unknown as { number: number }).number),
    (work) => works.push(work),
  );
  return {
    turns,
    begun,
    nextTurn: () => {
      const now = works;
      works = [];
      for (const work of now) work();
    },
  };
}

function socket(number: number, destroyed = false): Socket {
  return { number, destroyed, destroy: () => undefined } as unknown as Socket;
}

describe("handshakes of clients that come at once", () => {
  it("begin a few in a turn, in order, without those that have gone", () => {
    const { turns, begun, nextTurn } = script();
    for (let number = 0; number < 30; number += 1) turns.add(socket(number, number % 10 === 9));
    expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    nextTurn();
    expect(begun).toHaveLength(16);
    turns.add(socket(30));
    for (let turn = 0; turn < 3; turn += 1) nextTurn();
    const alive = Array.from({ length: 31 }, (_, number) => number);
    expect(begun).toEqual(alive.filter((number) => number % 10 !== 9));
    nextTurn();
    turns.add(socket(31));
    expect(begun.at(-1)).toBe(31);
  });
});

describe.each(["TLSv1.2", "TLSv1.3"] as const)("a client that comes again over %s", (version) => {
  const { ca, server: credentials } = makeCertificates();

  async function started(ticketKeys?: Buffer): Promise<MqttServer> {
    const keys = ticketKeys === undefined ? {} : { ticketKeys };
    const listener = { type: "tls", host: "127.0.0.1", port: 0, ...credentials, ...keys } as const;
    const server = new MqttServer({ listeners: [listener] });
    await server.start();
    return server;
  }

  function open(server: MqttServer, session?: Buffer): TLSSocket {
    const { port = 0 } = server.address();
    const versions = { maxVersion: version, minVersion: version };
    return connect({ host: "127.0.0.1", port, ca, session, ...versions });
  }

  async function ticketOf(server: MqttServer): Promise<Buffer> {
    const socket = open(server);
    // With TLS 1.3 the ticket comes after the handshake.
    const session = await new Promise<Buffer>((resolve) => socket.once("session", resolve));
    expect(socket.isSessionReused()).toBe(false);
    socket.destroy();
    return session;
  }

  async function isTaken(server: MqttServer, session: Buffer): Promise<boolean> {
    const socket = open(server, session);
    await new Promise((resolve) => socket.once("secureConnect", resolve));
    const isReused = socket.isSessionReused();
    socket.destroy();
    return isReused;
  }

  it("takes up its session by a ticket", async () => {
    const server = await started();
    expect(await isTaken(server, await ticketOf(server))).toBe(true);
    await server.stop();
  });

  it("takes it up after a restart where the keys of the tickets are the same", async () => {
    const keys = Buffer.alloc(48, 7);
    const before = await started(keys);
    const session = await ticketOf(before);
    await before.stop();
    const [same, others, own] = [
      await started(keys),
      await started(Buffer.alloc(48, 8)),
      await started(),
    ];
    expect(await isTaken(same, session)).toBe(true);
    expect(await isTaken(others, session)).toBe(false);
    expect(await isTaken(own, session)).toBe(false);
    await Promise.all([same.stop(), others.stop(), own.stop()]);
  });
});
