import { connect, createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { MqttServer } from "../src/index.ts";
import type { Listener, Logger, MqttServerOptions } from "../src/index.ts";
import { connectPeer } from "./support/byte-peer.ts";
import { ManualClock } from "./support/manual-clock.ts";
import { MqttPeer } from "./support/mqtt-peer.ts";
import { turns, until } from "./support/turns.ts";

/** CONNECT of MQTT 3.1.1, client id "t", Clean Session, and its CONNACK. */
const CONNECT = "100d00044d515454040200000001" + "74";
const CONNACK = "20020000";

const servers: MqttServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop({ deadlineMs: 100 });
});

function make(options: MqttServerOptions = {}): MqttServer {
  const server = new MqttServer({ port: options.listeners ? undefined : 0, ...options });
  servers.push(server);
  return server;
}

async function started(options: MqttServerOptions = {}): Promise<MqttServer> {
  const server = make(options);
  await server.start();
  return server;
}

function portOf(server: MqttServer): number {
  return server.address("tcp").port ?? 0;
}

async function clientOf(server: MqttServer, version: 4 | 5 = 4): Promise<MqttPeer> {
  const socket = connect(portOf(server), "127.0.0.1");
  await once(socket, "connect");
  return new MqttPeer(socket, version);
}

describe("start", () => {
  it("listens on this machine only, and says on which port", async () => {
    const server = await started();
    const { host, port, url } = server.address();
    expect(host).toBe("127.0.0.1");
    expect(port).toBeGreaterThan(0);
    expect(url).toBe(`mqtt://127.0.0.1:${port}`);
    const peer = await connectPeer({ port: portOf(server), host: "127.0.0.1" });
    peer.send(CONNECT);
    expect(await peer.receive(4)).toBe(CONNACK);
  });

  it("refuses to start twice", async () => {
    const server = await started();
    await expect(server.start()).rejects.toThrow("cannot start: the server is started");
  });

  it("says in the error of a start who had called it", async () => {
    const first = await started();
    const second = make({ port: portOf(first) });
    async function startsTheSecond(): Promise<void> {
      await second.start();
    }
    const stack = expect.stringContaining("startsTheSecond");
    await expect(startsTheSecond()).rejects.toMatchObject({ code: "ANAX_LISTEN_FAILED", stack });
  });

  it("with a port in use rejects, and leaves nothing open", async () => {
    const blocker = createServer();
    blocker.listen(0, "127.0.0.1");
    await once(blocker, "listening");
    const { port } = blocker.address() as AddressInfo;
    const server = make({
      listeners: [
        { type: "tcp", port: 0 },
        { type: "tcp", port },
      ],
    });
    await expect(server.start()).rejects.toThrow("the address is in use (EADDRINUSE)");
    expect(server.isStarted).toBe(false);
    expect(server.listeners.map(({ address }) => address)).toEqual([undefined, undefined]);
    blocker.close();
    await once(blocker, "close");
    await server.start();
    expect(server.isStarted).toBe(true);
  });

  it("that fails in a listener which cannot stop either can be tried again", async () => {
    let starts = 0;
    const odd: Listener = {
      type: "odd",
      address: undefined,
      start: async () => {
        starts += 1;
        if (starts === 1) throw new Error("not yet");
      },
      stop: () => {
        if (starts === 1) throw new Error("never begun");
        return Promise.resolve();
      },
    };
    const errors: string[] = [];
    const logger: Logger = {
      level: "error",
      write: ({ message, error }) => errors.push(`${message}: ${error?.message}`),
    };
    const server = make({ listeners: [{ type: "tcp", port: 0 }, odd], logger });
    await expect(server.start()).rejects.toThrow("not yet");
    expect(errors).toEqual(["a listener could not stop: never begun"]);
    expect(server.listeners[0]?.address).toBeUndefined();
    await server.start();
    expect(server.isStarted).toBe(true);
  });

  it("fires started when everything listens, and waits for its handlers", async () => {
    const order: string[] = [];
    const server = make({
      on: {
        started: async () => {
          await turns(1);
          order.push(`started ${server.address().host}`);
        },
      },
    });
    await server.start();
    order.push("start is over");
    expect(order).toEqual(["started 127.0.0.1", "start is over"]);
  });

  it("brings back the retained messages that a handler kept", async () => {
    const payload = Uint8Array.of(1, 2);
    const server = await started({
      on: {
        loadingRetainedMessage: (event) => {
          event.loadedRetainedMessages.push({ topic: "kept", payload, qos: 1, retain: false });
        },
      },
    });
    const client = await clientOf(server);
    await client.connect();
    await client.subscribe("kept");
    expect(await client.packet()).toMatchObject({ type: "publish", topic: "kept", retain: true });
  });
});

describe("the process", () => {
  /** How many timers keep this process from ending by itself. */
  const timers = (): number =>
    process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;

  it("does not end while start or stop wait for a handler, up to their time limits", async () => {
    const ask = (): Promise<void> => new Promise(() => undefined);
    const on = { loadingRetainedMessage: ask };
    const server = new MqttServer({ port: 0, startTimeoutMs: 50, on });
    const idle = timers();
    const starting = server.start();
    expect(timers()).toBe(idle + 1);
    await expect(starting).rejects.toThrow("loadingRetainedMessage");

    const other = await started({ handlerTimeoutMs: 50, on: { stopped: ask } });
    const running = timers();
    const stopping = other.stop();
    expect(timers()).toBe(running + 1);
    await stopping;
  });
});

describe("stop", () => {
  it("tells MQTT 5.0 clients why, and closes", async () => {
    const server = await started();
    const client = await clientOf(server, 5);
    await client.connect();
    await server.stop({ reasonCode: 0x9d, reasonString: "moved", serverReference: "other:1883" });
    expect(await client.packet()).toMatchObject({
      type: "disconnect",
      reasonCode: 0x9d,
      properties: { reasonString: "moved", serverReference: "other:1883" },
    });
    await client.closed;
    expect(server.isStarted).toBe(false);
    expect(server.statistics.transportsCurrent).toBe(0);
  });

  it("says 0x8B Server shutting down if it is not told what to say", async () => {
    const server = await started();
    const client = await clientOf(server, 5);
    await client.connect();
    await server.stop();
    expect(await client.packet()).toMatchObject({ type: "disconnect", reasonCode: 0x8b });
  });

  it("closes connections that have not sent CONNECT", async () => {
    const server = await started();
    const client = await clientOf(server);
    await until(() => server.statistics.transportsCurrent === 1);
    await server.stop();
    await client.closed;
    expect(await client.receivePacket()).toBe("");
  });

  it("cuts at its deadline a client that does not let go", async () => {
    const server = await started();
    const socket = connect({ port: portOf(server), host: "127.0.0.1", allowHalfOpen: true });
    const client = new MqttPeer(socket, 5);
    await client.connect();
    // It reads no more and closes nothing.
    socket.pause();
    await server.stop({ deadlineMs: 20 });
    expect(server.statistics.connectionsCurrent).toBe(0);
    socket.destroy();
  });

  it("waits for a handler of stopped no longer than its deadline", async () => {
    const clock = new ManualClock();
    const server = make({ clock, on: { stopped: () => new Promise<void>(() => undefined) } });
    await server.start();
    let isDone = false;
    const stop = server.stop({ deadlineMs: 400 }).then(() => (isDone = true));
    await turns();
    clock.advance(399);
    await turns();
    expect(isDone).toBe(false);
    clock.advance(1);
    await stop;
  });

  it("does nothing on a stopped server, and once if it is called twice", async () => {
    let stops = 0;
    const server = make({ on: { stopped: () => void (stops += 1) } });
    await server.stop();
    await server.start();
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    expect(stops).toBe(1);
  });

  it("waits for a start that is going on", async () => {
    const server = make();
    const starting = server.start();
    await server.stop();
    await starting;
    expect(server.isStarted).toBe(false);
  });

  it("is what await using does", async () => {
    let server: MqttServer;
    {
      await using scoped = make();
      server = scoped;
      await scoped.start();
    }
    expect(server.isStarted).toBe(false);
  });
});

describe("start after stop", () => {
  it("goes on with sessions that have not expired, and with retained messages", async () => {
    const server = await started();
    const before = await clientOf(server, 5);
    const properties = { sessionExpiryIntervalSeconds: 1_000 };
    await before.connect({ clientId: "keeper", properties });
    await before.subscribe("news");
    await server.injectApplicationMessage({ topic: "news", payload: "1", retain: true });
    await server.stop();
    await server.start();
    const after = await clientOf(server, 5);
    const connack = await after.connect({ clientId: "keeper", cleanStart: false, properties });
    expect(connack).toMatchObject({ type: "connack", sessionPresent: true });
    const { matched, queued } = await server.injectApplicationMessage({ topic: "news" });
    expect({ matched, queued }).toEqual({ matched: 1, queued: 1 });
    expect(server.statistics.retainedMessagesCurrent).toBeGreaterThan(0);
  });
});

describe("several at once", () => {
  it("listeners of one server reach each other's clients", async () => {
    const server = await started({
      listeners: [{ type: "tcp", port: 0 }, { type: "tcp", port: 0 }, { type: "memory" }],
      systemTopics: false,
    });
    const inMemory = new MqttPeer(server.connectInMemory());
    await inMemory.connect({ clientId: "in memory" });
    await inMemory.subscribe("#");
    const socket = connect(server.listeners[1]?.address?.port ?? 0, "127.0.0.1");
    const publisher = new MqttPeer(socket);
    await publisher.connect({ clientId: "on tcp" });
    const payload = Uint8Array.of(1);
    const qos = { qos: 0, retain: false, duplicate: false } as const;
    publisher.sendPacket({ type: "publish", topic: "a", payload, ...qos });
    expect(await inMemory.packet()).toMatchObject({ type: "publish", topic: "a" });
    expect(server.statistics.connectionsCurrent).toBe(2);
  });

  it("servers of one process know nothing of each other", async () => {
    const [one, other] = [await started(), await started()];
    const first = await clientOf(one);
    const second = await clientOf(other);
    await first.connect({ clientId: "same" });
    await second.connect({ clientId: "same" });
    await first.subscribe("a");
    expect((await other.injectApplicationMessage({ topic: "a" })).matched).toBe(0);
    expect((await one.injectApplicationMessage({ topic: "a" })).matched).toBe(1);
    await one.stop();
    expect(other.isStarted).toBe(true);
    expect(other.statistics.connectionsCurrent).toBe(1);
  });

  it("a listener of the program's own works like those that come with the server", async () => {
    let accept: Parameters<Listener["start"]>[0] | undefined;
    const own: Listener = {
      type: "own",
      address: { url: "own:" },
      start: async (acceptor) => {
        accept = acceptor;
      },
      stop: async () => undefined,
    };
    const server = await started({ listeners: [own] });
    const written: Uint8Array[] = [];
    const wire = {
      write: (bytes: Uint8Array) => written.push(new Uint8Array(bytes)) > 0,
      pause: () => undefined,
      resume: () => undefined,
      end: () => undefined,
      destroy: () => undefined,
    };
    expect(accept?.admit(undefined)).toBe(true);
    const sink = accept?.open(wire, { transport: "own", secure: true });
    sink?.received(Buffer.from(CONNECT, "hex"));
    await turns();
    expect(Buffer.concat(written).toString("hex")).toBe(CONNACK);
    expect(server.address("own").url).toBe("own:");
    sink?.closed();
    accept?.release();
  });
});

describe("limits on connections", () => {
  it("closes the connection that is one too many, and lets one in when there is room", async () => {
    const server = await started({ connectionsMax: 1 });
    const first = await clientOf(server);
    await first.connect();
    const second = await connectPeer({ port: portOf(server), host: "127.0.0.1" });
    await second.closed;
    expect(server.statistics.transportsRefused).toBe(1);
    first.end();
    await until(() => server.statistics.transportsCurrent === 0);
    const third = await clientOf(server);
    expect(await third.connect()).toMatchObject({ type: "connack", reasonCode: 0 });
  });

  it("lets one address connect no oftener than it is allowed", async () => {
    const server = await started({ connectionRatePerAddress: { burst: 2, perSecond: 0.001 } });
    for (let count = 0; count < 3; count += 1) {
      const peer = await connectPeer({ port: portOf(server), host: "127.0.0.1" });
      if (count === 2) await peer.closed;
    }
    expect(server.statistics).toMatchObject({ transportsTotal: 2, transportsRefused: 1 });
  });
});
