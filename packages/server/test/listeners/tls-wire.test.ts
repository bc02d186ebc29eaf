import { once } from "node:events";
import { connect as connectTcp, Socket } from "node:net";
import { connect } from "node:tls";
import type { TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { TlsListener } from "../../src/listeners/tls-listener.ts";
import type { TlsListenerOptions } from "../../src/listeners/tls-listener.ts";
import { TlsWire } from "../../src/listeners/tls-wire.ts";
import { makeCertificates } from "../support/certificates.ts";
import { EchoAcceptor } from "../support/echo-acceptor.ts";
import type { EchoConnection } from "../support/echo-acceptor.ts";
import { turns } from "../support/turns.ts";

/** More than a socket's buffers hold. */
const MUCH_BYTES = 20_000_000;

const certificates = makeCertificates();
let listener: TlsListener;
let acceptor: EchoAcceptor;
const opened: Socket[] = [];

async function listen(options: Partial<TlsListenerOptions> = {}): Promise<void> {
  listener = new TlsListener({ type: "tls", port: 0, ...certificates.server, ...options }, {});
  await listener.start(acceptor);
}

beforeAll(() => {
  acceptor = new EchoAcceptor();
  return listen();
});

beforeEach(() => {
  acceptor.connections.length = 0;
  acceptor.failures.length = 0;
});

afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy();
  for (const { wire } of acceptor.connections) wire.destroy();
  await acceptor.until(() => acceptor.places === 0);
});

afterAll(() => listener.stop());

function port(): number {
  return listener.address?.port ?? 0;
}

/** A client, and the server's side of it. */
async function pair(): Promise<{ client: TLSSocket; connection: EchoConnection }> {
  const client = connect({ host: "127.0.0.1", port: port(), ca: certificates.ca });
  opened.push(client.on("error", () => undefined));
  await once(client, "secureConnect");
  await acceptor.until(() => acceptor.connections.length > 0);
  return { client, connection: acceptor.first };
}

/** All that comes until the end. */
async function readAll(client: TLSSocket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of client) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function numbered(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index % 251);
}

describe("a connection of TLS on its handle", () => {
  it("has no socket", async () => {
    expect((await pair()).connection.wire).toBeInstanceOf(TlsWire);
  });

  it("writes little at once, several times in a turn, and the arrays may be used again", async () => {
    const { client, connection } = await pair();
    const bytes = new Uint8Array(1_000);
    for (let number = 0; number < 10; number += 1) {
      bytes.fill(number);
      expect(connection.wire.write(bytes)).toBe(true);
    }
    connection.wire.end();
    const got = await readAll(client);
    expect([...got].filter((_, index) => index % 1_000 === 0)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
    expect(got).toHaveLength(10_000);
  });

  it("is false while bytes are left, and reports once when all have left, in order", async () => {
    const { client, connection } = await pair();
    const much = numbered(MUCH_BYTES);
    expect(connection.wire.write(much)).toBe(false);
    await turns();
    expect(connection.drained).toBe(0);
    let length = 0;
    let isRight = true;
    client.on("data", (chunk: Buffer) => {
      const part = much.subarray(length, length + chunk.length);
      isRight &&= chunk.equals(part);
      length += chunk.length;
    });
    await acceptor.until(() => connection.drained > 0);
    await turns();
    expect(connection.drained).toBe(1);
    connection.wire.end();
    await once(client, "end");
    expect(length).toBe(MUCH_BYTES);
    expect(isRight).toBe(true);
  });

  it("writes its last words behind what goes on, and then ends", async () => {
    const { client, connection } = await pair();
    const { wire } = connection;
    const pieces = [numbered(100_000), Uint8Array.of(1, 2, 3), numbered(200_000)];
    expect(wire.writePieces?.(pieces)).toBe(false);
    wire.write(Uint8Array.of(4, 5));
    wire.end();
    wire.write(Uint8Array.of(6));
    const got = await readAll(client);
    expect(got).toHaveLength(300_005);
    expect(got.equals(Buffer.concat([...pieces, Uint8Array.of(4, 5)]))).toBe(true);
    client.end();
    await acceptor.until(() => connection.closed);
    expect(connection.error).toBeUndefined();
  });

  it("is read out of turn, as what TLS makes of it, and counts parts of records then too", async () => {
    const { client, connection } = await pair();
    const wire = connection.wire as TlsWire;
    // The client's TLS writes at once only what comes in a later turn than what it wrote before.
    await turns();
    client.write("now");
    wire.readNow();
    expect(Buffer.concat(connection.chunks).toString()).toBe("now");
    expect(wire.gatheredBytes()).toBe(0);
    await turns();
    client.write(numbered(1_000));
    wire.readNow();
    expect(wire.gatheredBytes()).toBe(512);
    client.write("later");
    await acceptor.until(() => connection.chunks.at(-1)?.length === 5);
    expect(Buffer.concat(connection.chunks)).toHaveLength(1_008);
  });

  it("brings large reads whole and in order, and none while it is paused", async () => {
    const { client, connection } = await pair();
    connection.wire.pause();
    const much = numbered(300_000);
    client.write(much);
    await turns(20);
    // What TLS has taken before may still come.
    const before = connection.chunks.length;
    await turns(20);
    expect(connection.chunks).toHaveLength(before);
    connection.wire.resume();
    const length = (): number => connection.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    client.resume();
    await acceptor.until(() => length() === much.length);
    expect(Buffer.concat(connection.chunks).equals(much)).toBe(true);
  });

  it("tells of a peer that is cut, with the error", async () => {
    const below = connectTcp(port(), "127.0.0.1");
    const client = connect({ socket: below, ca: certificates.ca, host: "127.0.0.1" });
    opened.push(
      client.on("error", () => undefined),
      below,
    );
    await once(client, "secureConnect");
    await acceptor.until(() => acceptor.connections.length > 0);
    const { first: connection } = acceptor;
    below.resetAndDestroy();
    await acceptor.until(() => connection.closed);
    // Node's client says that it ends TLS before it is cut, which may be seen first.
    const code: unknown = expect.stringMatching(/^(?:ECONNRESET|ENOTCONN|EPIPE)$/u);
    expect(connection.error).toMatchObject({ code });
  });

  it("fails where records are spoilt", async () => {
    const { client, connection } = await pair();
    const below = (client as unknown as { _handle: { _parent: unknown } })._handle;
    const carrier = new Socket({ handle: below._parent } as object);
    opened.push(carrier.on("error", () => undefined));
    carrier.write(Buffer.from("1703030020" + "00".repeat(32), "hex"));
    await acceptor.until(() => connection.closed);
    expect(connection.error?.message).toContain("bad record mac");
  });
});

describe("a client before its handshake", () => {
  function raw(): Socket {
    const socket = connectTcp(port(), "127.0.0.1");
    opened.push(socket.on("error", () => undefined));
    return socket;
  }

  it("may send its first message in pieces", async () => {
    const far = raw();
    const client = connect({ socket: slowly(far), ca: certificates.ca, host: "127.0.0.1" });
    await once(client, "secureConnect");
    client.write("slow");
    await acceptor.until(() => acceptor.connections[0]?.chunks.length === 1);
    expect(Buffer.concat(acceptor.first.chunks).toString()).toBe("slow");
    client.destroy();
  });

  it("is told of as silent if it leaves without a word, and as gone otherwise", async () => {
    const silent = raw();
    await acceptor.until(() => acceptor.places === 1);
    silent.destroy();
    await acceptor.until(() => acceptor.failures.length === 1);
    const begun = raw();
    begun.end(Buffer.from("160301", "hex"));
    await acceptor.until(() => acceptor.failures.length === 2);
    expect(acceptor.failures).toMatchObject([
      { isSilent: true, reason: "the peer left during the handshake" },
      { isSilent: false, reason: "the peer left during the handshake" },
    ]);
  });

  it("that speaks something else is told what it seems to be", async () => {
    raw().write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await acceptor.until(() => acceptor.failures.length === 1);
    expect(acceptor.failures).toMatchObject([{ speaks: "HTTP", remoteAddress: "127.0.0.1" }]);
  });
});

/** Has a socket send each byte of its first write by itself. */
function slowly(socket: Socket): Socket {
  const { write } = socket;
  let isFirst = true;
  socket.write = ((chunk: Uint8Array, ...rest: never[]): boolean => {
    if (!isFirst) return write.call(socket, chunk, ...rest);
    isFirst = false;
    for (let at = 0; at < chunk.length - 1; at += 1) write.call(socket, chunk.subarray(at, at + 1));
    return write.call(socket, chunk.subarray(chunk.length - 1), ...rest);
  }) as typeof socket.write;
  return socket;
}
