import { connect } from "node:tls";
import type { TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import { MqttServer } from "../../src/index.ts";
import { HandshakeTurns } from "../../src/listeners/handshake-turns.ts";
import { makeCertificates } from "../support/certificates.ts";

class Client {
  isOver = false;
  readonly number: number;

  constructor(number: number, isOver = false) {
    this.number = number;
    this.isOver = isOver;
  }

  destroy(): void {
    this.isOver = true;
  }
}

/** Turns on a clock of their own. */
class Script {
  readonly begun: number[] = [];
  nowMs = 0;
  #works: (() => void)[] = [];
  #later: { work: () => void; atMs: number }[] = [];
  readonly turns = new HandshakeTurns<Client>(({ number }) => this.begun.push(number), {
    nextTurn: (work) => this.#works.push(work),
    later: (work, milliseconds) => this.#later.push({ work, atMs: this.nowMs + milliseconds }),
    nowMs: () => this.nowMs,
  });

  nextTurn(): void {
    for (const work of this.#works.splice(0)) work();
  }

  /** Lets turns pass until nothing more is to be done in one. */
  rest(): void {
    while (this.#works.length > 0) this.nextTurn();
  }

  pass(milliseconds: number): void {
    this.nowMs += milliseconds;
    const due = this.#later.filter(({ atMs }) => atMs <= this.nowMs);
    this.#later = this.#later.filter(({ atMs }) => atMs > this.nowMs);
    for (const { work } of due) work();
  }
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

describe("handshakes of clients that come at once", () => {
  it("begin a few in a turn, in order, without those that have gone", () => {
    const script = new Script();
    const { turns, begun } = script;
    for (const number of numbers(0, 30)) turns.add(new Client(number, number % 10 === 9));
    expect(begun).toEqual(numbers(0, 8));
    script.nextTurn();
    expect(begun).toHaveLength(16);
    turns.add(new Client(30));
    for (let turn = 0; turn < 3; turn += 1) script.nextTurn();
    expect(begun).toEqual(numbers(0, 31).filter((number) => number % 10 !== 9));
    script.nextTurn();
    turns.add(new Client(31));
    expect(begun.at(-1)).toBe(31);
  });

  it("wait while as many as may be are at work, first come first served, and who leaves meanwhile costs none", () => {
    const script = new Script();
    const { turns, begun } = script;
    const clients = numbers(0, 300).map((number) => new Client(number));
    for (const client of clients) turns.add(client);
    script.rest();
    expect(begun).toEqual(numbers(0, 200));
    const [first, second] = clients;
    if (first === undefined || second === undefined) throw new Error("there are none");
    clients[200]?.destroy();
    turns.done(second);
    turns.done(first);
    expect(begun).toHaveLength(200);
    script.rest();
    expect(begun.slice(200)).toEqual([201, 202]);
    // Told again of the same, as when the connection is closed later.
    turns.done(first);
    script.rest();
    expect(begun).toHaveLength(202);
  });

  it("are kept waiting for a quarter of a second at most by clients that are slow to go on", () => {
    const script = new Script();
    const { turns, begun } = script;
    for (const number of numbers(0, 200)) turns.add(new Client(number));
    script.rest();
    for (const number of numbers(200, 220)) turns.add(new Client(number));
    script.pass(249);
    script.rest();
    expect(begun).toHaveLength(200);
    script.pass(1);
    script.rest();
    expect(begun).toEqual(numbers(0, 220));
  });

  it("do not begin once the listener has stopped", () => {
    const script = new Script();
    const clients = numbers(0, 20).map((number) => new Client(number));
    for (const client of clients) script.turns.add(client);
    script.turns.stop();
    script.rest();
    expect(script.begun).toEqual(numbers(0, 8));
    expect(clients.filter(({ isOver }) => isOver)).toEqual(clients.slice(8));
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
