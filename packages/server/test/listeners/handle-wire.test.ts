import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MqttServer } from "../../src/index.ts";
import type { LogRecord } from "../../src/index.ts";
import { HandleWire } from "../../src/listeners/handle-wire.ts";
import {
  HandleAddresses,
  KNOWN_NODE_MAJORS,
  SocketHandles,
  socketHandles,
  takeHandles,
} from "../../src/listeners/socket-handles.ts";
import { CLOSE_TIMEOUT_MS } from "../../src/listeners/stream-wire.ts";
import { EchoAcceptor } from "../support/echo-acceptor.ts";
import type { EchoConnection } from "../support/echo-acceptor.ts";
import { turns, until } from "../support/turns.ts";

const { fakeableTimers } = await vi.hoisted(() => import("../support/fakeable-timers.ts"));
vi.mock(import("../../src/platform.ts"), async (original) => fakeableTimers(await original()));

/** More than a socket's buffers hold. */
const MUCH_BYTES = 20_000_000;

let server: Server;
let acceptor: EchoAcceptor;
/** What Node itself has accepted. */
let accepted: Socket[];
const clients: Socket[] = [];

beforeEach(async () => {
  accepted = [];
  acceptor = new EchoAcceptor();
  server = createServer((socket) => accepted.push(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const handles = socketHandles();
  if (typeof handles === "string") throw new Error(handles);
  takeHandles(server, (handle) => {
    acceptor.admit();
    const { remoteAddress = "", remotePort = 0 } = new HandleAddresses(handle);
    const wire = new HandleWire(handle, handles, acceptor);
    wire.start(acceptor.open(wire, { transport: "tcp", secure: false, remoteAddress, remotePort }));
  });
});

afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  for (const { wire } of acceptor.connections) wire.destroy();
  server.close();
});

/** A client that reads nothing yet, and the server's side of it. */
async function pair(): Promise<{ client: Socket; connection: EchoConnection }> {
  const before = acceptor.connections.length;
  const client = connect({
    port: (server.address() as AddressInfo).port,
    host: "127.0.0.1",
    allowHalfOpen: true,
  });
  client.on("error", () => undefined);
  clients.push(client);
  await once(client, "connect");
  await until(() => acceptor.connections.length > before);
  const connection = acceptor.connections[before];
  if (connection === undefined) throw new Error("nothing was accepted");
  return { client, connection };
}

/** Everything that a client gets, until the server ends. */
async function allOf(client: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  client.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(client, "end");
  return Buffer.concat(chunks);
}

function bytesOf({ chunks }: EchoConnection): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}

function numbered(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index % 251);
}

describe("reading out of turn", () => {
  it("takes the little that has come before the loop tells of it, and what comes later in order", async () => {
    const { client, connection } = await pair();
    const wire = connection.wire as HandleWire;
    wire.readNow();
    expect(bytesOf(connection)).toBe(0);
    // The system has it when `write` returns.
    client.write(new Uint8Array(600));
    wire.readNow();
    expect(bytesOf(connection)).toBe(512);
    wire.pause();
    wire.readNow();
    expect(bytesOf(connection)).toBe(512);
    wire.resume();
    client.write(new Uint8Array(100));
    await until(() => bytesOf(connection) === 700);
  });

  it("leaves the end to the loop", async () => {
    const { client, connection } = await pair();
    const wire = connection.wire as HandleWire;
    client.end("bye");
    wire.readNow();
    wire.readNow();
    expect(bytesOf(connection)).toBe(3);
    expect(connection.closed).toBe(false);
    await until(() => connection.closed);
    expect(connection.error).toBeUndefined();
  });

  it("tells of a reset", async () => {
    const { client, connection } = await pair();
    client.resetAndDestroy();
    (connection.wire as HandleWire).readNow();
    await until(() => connection.closed);
    expect(connection.error).toMatchObject({ code: "ECONNRESET" });
  });
});

describe("accepting", () => {
  it("takes the handle before Node makes a socket", async () => {
    const { client, connection } = await pair();
    expect(accepted).toHaveLength(0);
    expect(connection.peer.remoteAddress).toBe("127.0.0.1");
    expect(connection.peer.remotePort).toBe(client.localPort);
  });

  it("leaves to Node what is no handle as it is known, and errors", () => {
    const listening = (server as unknown as { _handle: { onconnection: unknown } })._handle;
    const original = vi.fn<(error: number, accepted: unknown) => void>();
    const take = vi.fn<() => void>();
    listening.onconnection = original;
    takeHandles(server, take);
    const accept = listening.onconnection as (error: number, accepted: unknown) => void;
    const other = { readStart: () => 0 };
    accept.call(listening, 0, other);
    accept.call(listening, -24, undefined);
    expect(original.mock.calls).toEqual([
      [0, other],
      [-24, undefined],
    ]);
    expect(take).not.toHaveBeenCalled();
  });

  it("does nothing to a server that does not listen", () => {
    expect(takeHandles(createServer(), () => undefined)).toBe(false);
  });
});

describe("handles are used", () => {
  const binding = process as unknown as { binding: (name: string) => unknown };
  afterEach(() => vi.restoreAllMocks());

  it("in versions of Node that are known, and in no others", () => {
    for (const major of [20, 22, 24, 26]) {
      expect(socketHandles({ node: `${major}.1.0` })).toBeInstanceOf(SocketHandles);
    }
    expect(socketHandles({ node: "21.7.3" })).toBe(
      "Node 21.7.3 is none of the known versions 20, 22, 24, 26",
    );
    expect(socketHandles({ node: "99.0.0" })).toContain("Node 99.0.0");
    expect(KNOWN_NODE_MAJORS).toContain(Number.parseInt(process.versions.node, 10));
  });

  it("not where something else says that it is Node", () => {
    expect(socketHandles({ node: "24.3.0", bun: "1.4.5" })).toBe("Bun 1.4.5 is not Node");
    expect(socketHandles({ node: "24.2.0", deno: "2.9.6" })).toBe("Deno 2.9.6 is not Node");
  });

  it("only where Node gives them", () => {
    vi.spyOn(binding, "binding").mockImplementation(() => {
      throw new Error("denied");
    });
    expect(socketHandles()).toContain("does not give its handles");
  });

  it("only where they are what they must be", () => {
    vi.spyOn(binding, "binding").mockReturnValue({ WriteWrap: class {}, streamBaseState: [0] });
    expect(socketHandles()).toContain("are not as they are known");
  });

  it("or else the log says once that plain connections take the slower way, and why", async () => {
    vi.spyOn(binding, "binding").mockReturnValue({});
    const records: LogRecord[] = [];
    await using mqtt = new MqttServer({
      listeners: [
        { type: "tcp", port: 0 },
        { type: "tcp", port: 0 },
      ],
      logger: { level: "info", write: (record) => void records.push(record) },
    });
    await mqtt.start();
    const told = records.filter(({ message }) => message.includes("slower way"));
    expect(told).toHaveLength(1);
    expect(told[0]?.level).toBe("info");
    expect(told[0]?.fields["reason"]).toContain("are not as they are known");
  });

  it("and where they are used, the log does not speak of it", async () => {
    const records: LogRecord[] = [];
    await using mqtt = new MqttServer({
      port: 0,
      logger: { level: "trace", write: (record) => void records.push(record) },
    });
    await mqtt.start();
    expect(records.filter(({ message }) => message.includes("slower way"))).toEqual([]);
  });
});

describe("write", () => {
  it("is true when the system took everything at once: the array may be used again", async () => {
    const { client, connection } = await pair();
    const bytes = Uint8Array.of(1, 2, 3);
    expect(connection.wire.write(bytes)).toBe(true);
    bytes.fill(9);
    const [chunk] = (await once(client, "data")) as [Buffer];
    expect([...chunk]).toEqual([1, 2, 3]);
  });

  it("is false while bytes are left, and reports once when all have left, in order", async () => {
    const { client, connection } = await pair();
    const bytes = numbered(MUCH_BYTES);
    expect(connection.wire.write(bytes)).toBe(false);
    await turns();
    expect(connection.drained).toBe(0);
    const all = allOf(client);
    await acceptor.until(() => connection.drained > 0);
    expect(connection.wire.write(Uint8Array.of(7))).toBe(true);
    connection.wire.end();
    const received = await all;
    expect(received.length).toBe(MUCH_BYTES + 1);
    expect(received.subarray(0, MUCH_BYTES).equals(bytes)).toBe(true);
    expect(received.at(-1)).toBe(7);
    expect(connection.drained).toBe(1);
  });

  it("keeps its order for what is written last, behind what goes on", async () => {
    const { client, connection } = await pair();
    connection.wire.write(numbered(MUCH_BYTES));
    expect(connection.wire.write(Uint8Array.of(1, 2))).toBe(false);
    connection.wire.end();
    const received = await allOf(client);
    expect(received.length).toBe(MUCH_BYTES + 2);
    expect([...received.subarray(-2)]).toEqual([1, 2]);
  });

  it("takes and forgets what is written after the end", async () => {
    const { client, connection } = await pair();
    connection.wire.end();
    expect(connection.wire.write(Uint8Array.of(1))).toBe(true);
    expect(await allOf(client)).toHaveLength(0);
  });

  it("to a peer that is gone closes the connection with the error", async () => {
    const { client, connection } = await pair();
    connection.wire.pause();
    client.resetAndDestroy();
    await once(client, "close");
    while (!connection.closed) {
      expect(connection.wire.write(Uint8Array.of(1))).toBe(true);
      await turns(1);
    }
    expect(connection.error).toMatchObject({ syscall: "write" });
    expect(connection.error?.message).toMatch(/^write E(PIPE|CONNRESET)$/);
    expect(acceptor.places).toBe(0);
  });

  it("that went on when the connection was cut is not reported", async () => {
    const { connection } = await pair();
    connection.wire.write(numbered(MUCH_BYTES));
    connection.wire.destroy();
    await acceptor.until(() => connection.closed);
    await turns();
    expect(connection.drained).toBe(0);
    expect(connection.error).toBeUndefined();
  });
});

describe("writePieces", () => {
  it("writes arrays in order, and is true when the system took all at once", async () => {
    const { client, connection } = await pair();
    const pieces = [Uint8Array.of(1), Uint8Array.of(2, 3), Uint8Array.of(4)];
    expect(connection.wire.writePieces?.(pieces)).toBe(true);
    pieces[0]?.fill(9);
    const [chunk] = (await once(client, "data")) as [Buffer];
    expect([...chunk]).toEqual([1, 2, 3, 4]);
  });

  it("writes more arrays than the system takes in one call, and reports once when all have left", async () => {
    const { client, connection } = await pair();
    const shared = numbered(10_000);
    const pieces = Array.from({ length: 3_000 }, (_item, index) =>
      index % 2 === 0 ? Uint8Array.of(index) : shared,
    );
    expect(connection.wire.writePieces?.(pieces)).toBe(false);
    // The last words of a connection come behind.
    expect(connection.wire.write(Uint8Array.of(7))).toBe(false);
    const received = allOf(client);
    await acceptor.until(() => connection.drained > 0);
    connection.wire.end();
    expect((await received).equals(Buffer.concat([...pieces, Uint8Array.of(7)]))).toBe(true);
    expect(connection.drained).toBe(1);
  });

  it("takes and forgets what is written after the end", async () => {
    const { client, connection } = await pair();
    connection.wire.end();
    expect(connection.wire.writePieces?.([Uint8Array.of(1)])).toBe(true);
    expect(await allOf(client)).toHaveLength(0);
  });
});

describe("reading", () => {
  it("brings all bytes of several peers, whole and in order, through one array", async () => {
    const pairs = [await pair(), await pair(), await pair()];
    const sent = numbered(3_000_000);
    await Promise.all(
      pairs.map(async ({ client, connection }) => {
        const echoed = allOf(client);
        client.write(sent);
        client.end();
        expect((await echoed).equals(sent)).toBe(true);
        expect(Buffer.concat(connection.chunks).equals(sent)).toBe(true);
      }),
    );
  });

  it("stops while it is paused", async () => {
    const { client, connection } = await pair();
    connection.wire.pause();
    await new Promise((resolve) => client.write("x", resolve));
    await turns(20);
    expect(connection.chunks).toHaveLength(0);
    connection.wire.resume();
    await acceptor.until(() => connection.chunks.length > 0);
    expect(connection.chunks).toEqual([new Uint8Array(Buffer.from("x"))]);
  });
});

describe("closing", () => {
  it("ends after what was written, and reads on without passing it on", async () => {
    const { client, connection } = await pair();
    connection.wire.write(Uint8Array.of(7));
    connection.wire.end();
    client.write("late");
    expect([...(await allOf(client))]).toEqual([7]);
    expect(connection.closed).toBe(false);
    client.end();
    await acceptor.until(() => connection.closed);
    expect(connection.chunks).toHaveLength(0);
    expect(connection.error).toBeUndefined();
    expect(acceptor.places).toBe(0);
  });

  it("sees the peer's end though it was paused before", async () => {
    const { client, connection } = await pair();
    connection.wire.pause();
    connection.wire.end();
    client.resume();
    client.end();
    await acceptor.until(() => connection.closed);
    expect(connection.error).toBeUndefined();
  });

  it("closes its half when the peer has closed the other, and gives the place back once", async () => {
    const { client, connection } = await pair();
    client.resume();
    client.end();
    await acceptor.until(() => connection.closed);
    await until(() => client.destroyed);
    connection.wire.destroy();
    connection.wire.end();
    await turns();
    expect(acceptor.places).toBe(0);
  });

  it("cuts a peer that does not let the connection be closed", async () => {
    const { connection } = await pair();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      connection.wire.end();
      connection.wire.end();
      await turns(20);
      expect(connection.closed).toBe(false);
      vi.advanceTimersByTime(CLOSE_TIMEOUT_MS);
      await turns();
      expect(connection.closed).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  it("tells of a reset with its error", async () => {
    const { client, connection } = await pair();
    client.resetAndDestroy();
    await acceptor.until(() => connection.closed);
    expect(connection.error).toMatchObject({ code: "ECONNRESET", syscall: "read" });
    expect(connection.error?.message).toBe("read ECONNRESET");
  });

  it("happens once, whoever asks for it", async () => {
    const { client, connection } = await pair();
    connection.wire.destroy();
    connection.wire.destroy();
    connection.wire.pause();
    connection.wire.resume();
    expect(connection.closed).toBe(false);
    client.resume();
    await acceptor.until(() => connection.closed);
    expect(acceptor.places).toBe(0);
  });
});
