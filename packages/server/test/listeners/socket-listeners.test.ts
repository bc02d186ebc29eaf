import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MqttListenError } from "../../src/errors.ts";
import { MemoryListener } from "../../src/listeners/memory-listener.ts";
import { holdPlace, SocketServer } from "../../src/listeners/socket-server.ts";
import { TcpListener } from "../../src/listeners/tcp-listener.ts";
import { UnixListener } from "../../src/listeners/unix-listener.ts";
import type { Listener } from "../../src/ports/listener.ts";
import { BytePeer, connectPeer } from "../support/byte-peer.ts";
import { EchoAcceptor } from "../support/echo-acceptor.ts";

let acceptor: EchoAcceptor;
let folder: string;
const started: Listener[] = [];

beforeEach(() => {
  acceptor = new EchoAcceptor();
  folder = mkdtempSync(join(tmpdir(), "anax-unix-"));
});

afterEach(async () => {
  for (const { wire } of acceptor.connections) wire.destroy();
  for (const listener of started.splice(0)) await listener.stop();
  rmSync(folder, { recursive: true });
});

async function start<Kind extends Listener>(listener: Kind): Promise<Kind> {
  started.push(listener);
  await listener.start(acceptor);
  return listener;
}

/** Every listener of the process, with the way a client reaches it. */
const KINDS = {
  tcp: {
    make: () => new TcpListener({ type: "tcp", port: 0 }, {}),
    connect: ({ address }: Listener) =>
      connectPeer({ host: address?.host ?? "", port: address?.port ?? 0 }),
  },
  unix: {
    make: () => new UnixListener({ type: "unix", path: join(folder, "mqtt.sock") }, {}),
    connect: ({ address }: Listener) => connectPeer({ path: address?.path ?? "" }),
  },
  memory: {
    make: () => new MemoryListener(),
    connect: (listener: Listener) => {
      if (!(listener instanceof MemoryListener)) throw new TypeError("not in memory");
      return Promise.resolve(new BytePeer(listener.connect()));
    },
  },
};

/** The same where Node does not give its handles: there, connections are sockets. */
const WITHOUT_HANDLES = {
  "tcp without handles": { ...KINDS.tcp, refusesHandles: true },
  "unix without handles": { ...KINDS.unix, refusesHandles: true },
};

function refuseHandles(): void {
  const node = process as unknown as { binding: (name: string) => unknown };
  vi.spyOn(node, "binding").mockImplementation(() => {
    throw new Error("denied");
  });
}

for (const [name, kind] of Object.entries({ ...KINDS, ...WITHOUT_HANDLES })) {
  const [transport] = name.split(" ");
  describe(`${name} listener`, () => {
    beforeEach(() => {
      if ("refusesHandles" in kind) refuseHandles();
    });

    afterEach(() => vi.restoreAllMocks());

    it("carries bytes both ways", async () => {
      const peer = await kind.connect(await start(kind.make()));
      peer.send("c0ffee");
      expect(await peer.receive(3)).toBe("c0ffee");
      expect(acceptor.first.peer).toMatchObject({ transport, secure: false });
    });

    it("has an address only while it listens", async () => {
      const listener = kind.make();
      expect(listener.address).toBeUndefined();
      await start(listener);
      expect(listener.address?.url).toContain(":");
      await listener.stop();
      expect(listener.address).toBeUndefined();
    });

    it("can be stopped twice and started again", async () => {
      const listener = await start(kind.make());
      await listener.stop();
      await listener.stop();
      await listener.start(acceptor);
      const peer = await kind.connect(listener);
      peer.send("00");
      expect(await peer.receive(1)).toBe("00");
    });

    it("leaves connections open when it stops", async () => {
      const listener = await start(kind.make());
      const peer = await kind.connect(listener);
      await acceptor.until(() => acceptor.connections.length === 1);
      await listener.stop();
      peer.send("01");
      expect(await peer.receive(1)).toBe("01");
    });

    it("tells of the end of a client, and gives its place back", async () => {
      const peer = await kind.connect(await start(kind.make()));
      await acceptor.until(() => acceptor.connections.length === 1);
      expect(acceptor.places).toBe(1);
      peer.end();
      await acceptor.until(() => acceptor.first.closed && acceptor.places === 0);
      await peer.closed;
    });

    it("closes the client's end when the server ends or destroys the connection", async () => {
      const listener = await start(kind.make());
      for (const way of ["end", "destroy"] as const) {
        const peer = await kind.connect(listener);
        await acceptor.until(() => acceptor.connections.length === (way === "end" ? 1 : 2));
        acceptor.connections.at(-1)?.wire[way]();
        await peer.closed;
      }
      await acceptor.until(() => acceptor.places === 0);
      expect(acceptor.connections.map(({ closed }) => closed)).toEqual([true, true]);
    });
  });
}

describe("the server's end", () => {
  it.each(["127.0.0.1", "0.0.0.0"])("is named by a listener on %s", async (host) => {
    const listener = await start(new TcpListener({ type: "tcp", host, port: 0 }, {}));
    const port = listener.address?.port ?? 0;
    const peer = await connectPeer({ host: "127.0.0.1", port });
    await acceptor.until(() => acceptor.connections.length === 1);
    expect(acceptor.first.peer).toEqual({
      transport: "tcp",
      secure: false,
      remoteAddress: "127.0.0.1",
      remotePort: expect.any(Number) as number,
      localAddress: "127.0.0.1",
      localPort: port,
    });
    peer.stream.destroy();
    await acceptor.until(() => acceptor.places === 0);
  });
});

describe("limits", () => {
  it("closes a client that is not admitted before anything is read", async () => {
    const listener = await start(KINDS.tcp.make());
    acceptor.isFull = true;
    const peer = await KINDS.tcp.connect(listener);
    await peer.closed;
    expect(acceptor.connections).toHaveLength(0);
    expect(acceptor.places).toBe(0);
  });

  it("says so where there is nothing to close: in memory", async () => {
    const listener = await start(new MemoryListener());
    acceptor.isFull = true;
    expect(() => listener.connect()).toThrow(MqttListenError);
    await listener.stop();
    expect(() => listener.connect()).toThrow("not started");
  });

  it("logs an accept error once a second and goes on accepting", async () => {
    const errors: unknown[] = [];
    const server = new SocketServer(
      {},
      { error: (_message, _fields, error) => errors.push(error) },
    );
    let emit = (_error: Error): void => undefined;
    await server.start({ host: "127.0.0.1", port: 0 }, acceptor, (socket) => {
      const net = Reflect.get(socket, "server") as Server;
      emit = (error) => net.emit("error", error);
      holdPlace(socket, acceptor);
    });
    const { port } = server.address as AddressInfo;
    const peer = await connectPeer({ host: "127.0.0.1", port });
    await acceptor.until(() => acceptor.places === 1);
    emit(new Error("accept EMFILE"));
    emit(new Error("accept EMFILE"));
    expect(errors).toHaveLength(1);
    const other = await connectPeer({ host: "127.0.0.1", port });
    await acceptor.until(() => acceptor.places === 2);
    peer.stream.destroy();
    other.stream.destroy();
    await acceptor.until(() => acceptor.places === 0);
    server.stop();
  });
});

describe("failing to listen", () => {
  it("names host, port and cause when the port is in use", async () => {
    const first = await start(KINDS.tcp.make());
    const port = first.address?.port ?? 0;
    const second = new TcpListener({ type: "tcp", port }, {});
    const failure: unknown = await second.start(acceptor).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(MqttListenError);
    expect(failure).toMatchObject({
      message: `cannot listen on 127.0.0.1:${port}: the address is in use (EADDRINUSE)`,
      code: "ANAX_LISTEN_FAILED",
      cause: { code: "EADDRINUSE" },
    });
    expect(second.address).toBeUndefined();
  });
});

describe("unix socket file", () => {
  const path = (): string => join(folder, "mqtt.sock");

  it("replaces a socket that a dead process left behind", async () => {
    const dead = createServer();
    dead.listen(path());
    await once(dead, "listening");
    // A process that is killed does not remove its socket; close() would.
    const handle: unknown = Reflect.get(dead, "_handle");
    writeFileSync(join(folder, "keep"), "");
    await import("node:fs/promises").then(({ link }) => link(path(), join(folder, "left.sock")));
    expect(handle).toBeDefined();
    dead.close();
    await once(dead, "close");
    const left = join(folder, "left.sock");
    expect(statSync(left).isSocket()).toBe(true);
    const listener = await start(new UnixListener({ type: "unix", path: left }, {}));
    const peer = await KINDS.unix.connect(listener);
    peer.send("02");
    expect(await peer.receive(1)).toBe("02");
  });

  it("does not take the socket of a server that answers", async () => {
    await start(KINDS.unix.make());
    await expect(KINDS.unix.make().start(acceptor)).rejects.toThrow("the address is in use");
    const probe = connect(path());
    await once(probe, "connect");
    probe.destroy();
  });

  it("does not remove a file that is no socket", async () => {
    writeFileSync(path(), "precious");
    await expect(KINDS.unix.make().start(acceptor)).rejects.toThrow("no socket is in the way");
    expect(statSync(path()).size).toBe(8);
  });

  it("sets the permissions that it is told and removes the file at the end", async () => {
    const listener = await start(new UnixListener({ type: "unix", path: path(), mode: 0o600 }, {}));
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    await listener.stop();
    expect(() => statSync(path())).toThrow("ENOENT");
  });
});
