import { once } from "node:events";
import { connect, createServer, Socket } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { connect as connectTls, createServer as createTlsServer, TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readShared, withSharedReading } from "../../src/listeners/shared-reading.ts";
import { makeCertificates } from "../support/certificates.ts";

let server: Server;
const clients: Socket[] = [];
const sockets: Socket[] = [];

beforeEach(async () => {
  server = createServer({ allowHalfOpen: false });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(() => {
  for (const socket of [...clients.splice(0), ...sockets.splice(0)]) socket.destroy();
  server.close();
});

/** A client, and the server's socket for it. */
async function pair(): Promise<{ client: Socket; accepted: Socket; socket: Socket }> {
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  clients.push(client);
  const [accepted] = (await once(server, "connection")) as [Socket];
  const socket = withSharedReading(accepted);
  sockets.push(socket);
  return { client, accepted, socket };
}

function reads(socket: Socket): Buffer[] {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  return chunks;
}

it("sockets read into one array that all share", async () => {
  const one = await pair();
  const other = await pair();
  const chunks: Buffer[] = [];
  one.socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  other.socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  one.client.write("one");
  await once(one.socket, "data");
  other.client.write("other");
  await once(other.socket, "data");
  expect(chunks.length).toBe(2);
  expect(new Set(chunks.map(({ buffer }) => buffer)).size).toBe(1);
  expect(chunks[1]?.toString()).toBe("other");
});

it("what comes in large pieces from several clients at once arrives whole and in order", async () => {
  const pairs = [await pair(), await pair(), await pair()];
  const size = 3_000_000;
  await Promise.all(
    pairs.map(async ({ client, socket }, index) => {
      const received: Buffer[] = [];
      socket.on("data", (chunk: Buffer) => received.push(Buffer.from(chunk)));
      const sent = Buffer.alloc(size, `${index}-abcdefghijklm`);
      client.end(sent);
      await once(socket, "end");
      expect(Buffer.concat(received).equals(sent)).toBe(true);
    }),
  );
});

it("a paused socket reads nothing until it is resumed", async () => {
  const { client, socket } = await pair();
  const chunks = reads(socket);
  socket.pause();
  await new Promise((resolve) => client.write("later", resolve));
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(chunks).toEqual([]);
  socket.resume();
  await once(socket, "data");
  expect(chunks.length).toBeGreaterThan(0);
});

it("the accepted socket is gone, and its server no longer counts it", async () => {
  const { accepted, socket } = await pair();
  expect(accepted.destroyed).toBe(true);
  expect(socket.remoteAddress).toBe("127.0.0.1");
  expect(await connectionsOf(server)).toBe(0);
});

it("a socket without the handle that Node has stays as it is", () => {
  const socket = new Socket();
  expect(withSharedReading(socket)).toBe(socket);
});

function connectionsOf(of: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    of.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

describe("TLS sockets", () => {
  const certificates = makeCertificates();
  let secure: Server;

  beforeEach(async () => {
    secure = createTlsServer(certificates.server);
    secure.listen(0, "127.0.0.1");
    await once(secure, "listening");
  });

  afterEach(() => {
    secure.close();
  });

  async function securePair(): Promise<{ client: Socket; socket: TLSSocket }> {
    const { port } = secure.address() as AddressInfo;
    const client = connectTls({ port, host: "127.0.0.1", ca: certificates.ca });
    clients.push(client);
    const [socket] = (await once(secure, "secureConnection")) as [TLSSocket];
    sockets.push(socket);
    readShared(socket);
    return { client, socket };
  }

  it("read into the same array", async () => {
    const plain = await pair();
    const { client, socket } = await securePair();
    const chunks: Buffer[] = [];
    plain.socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    plain.client.write("one");
    await once(plain.socket, "data");
    client.write("other");
    await once(socket, "data");
    expect(chunks).toHaveLength(2);
    expect(new Set(chunks.map(({ buffer }) => buffer)).size).toBe(1);
    expect(chunks[1]?.toString()).toBe("other");
  });

  it("get what several clients send at once, whole and in order, with pauses, and then the end", async () => {
    const pairs = [await securePair(), await securePair(), await securePair()];
    const size = 2_000_000;
    await Promise.all(
      pairs.map(async ({ client, socket }, index) => {
        const received: Buffer[] = [];
        socket.on("data", (chunk: Buffer) => {
          received.push(Buffer.from(chunk));
          if (received.length % 20 !== 0) return;
          socket.pause();
          setImmediate(() => socket.resume());
        });
        const sent = Buffer.alloc(size, `${index}-abcdefghijklm`);
        client.end(sent);
        await once(socket, "end");
        expect(Buffer.concat(received).equals(sent)).toBe(true);
      }),
    );
  });

  it("read nothing while paused, and may be paused and resumed when they are gone", async () => {
    const { client, socket } = await securePair();
    const chunks = reads(socket);
    socket.pause();
    await new Promise((resolve) => client.write("later", resolve));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(chunks).toEqual([]);
    socket.resume();
    await once(socket, "data");
    expect(chunks[0]?.toString()).toBe("later");
    socket.destroy();
    expect(socket.pause().resume()).toBe(socket);
  });

  it("are closed when the peer is gone", async () => {
    const { client, socket } = await securePair();
    reads(socket);
    client.destroy();
    await once(socket, "close");
    expect(socket.destroyed).toBe(true);
  });

  it("without the handle that Node has stay as they are", () => {
    const socket = new TLSSocket(new Socket());
    const { pause } = socket;
    Object.defineProperty(socket, "_handle", { value: null });
    readShared(socket);
    expect(socket.pause).toBe(pause);
  });
});
