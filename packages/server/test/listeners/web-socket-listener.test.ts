import { EventEmitter, once } from "node:events";
import { createServer, get } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { connect } from "node:net";
import { PassThrough } from "node:stream";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import type { ClientOptions } from "ws";
import { createListener } from "../../src/listeners/create-listener.ts";
import type { ListenerOptions } from "../../src/listeners/create-listener.ts";
import { openWebSocket } from "../../src/listeners/web-socket-wire.ts";
import type { Listener } from "../../src/ports/listener.ts";
import { BytePeer } from "../support/byte-peer.ts";
import { makeCertificates } from "../support/certificates.ts";
import type { Certificates } from "../support/certificates.ts";
import { EchoAcceptor } from "../support/echo-acceptor.ts";

let certificates: Certificates;
let acceptor: EchoAcceptor;
let listener: Listener | undefined;
let http: Server | undefined;

beforeAll(() => {
  certificates = makeCertificates();
});

beforeEach(() => {
  acceptor = new EchoAcceptor();
});

afterEach(async () => {
  for (const { wire } of acceptor.connections) wire.destroy();
  await listener?.stop();
  listener = undefined;
  http?.closeAllConnections();
  http?.close();
  http = undefined;
});

async function listen(options: object = {}): Promise<string> {
  listener = createListener({ type: "websocket", port: 0, ...options } as ListenerOptions, {});
  await listener.start(acceptor);
  return listener.address?.url ?? "";
}

async function attach(server: Server): Promise<string> {
  http = server;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  listener = createListener({ type: "websocket", server }, {});
  await listener.start(acceptor);
  return listener.address?.url ?? "";
}

async function open(url: string, options: ClientOptions = {}): Promise<WebSocket> {
  const socket = new WebSocket(url, "mqtt", { ca: certificates.ca, ...options });
  await once(socket, "open");
  return socket;
}

/** Status of the answer to an upgrade request that is refused. */
async function refusal(
  url: string,
  protocols: string[],
  options: ClientOptions = {},
): Promise<number> {
  const socket = new WebSocket(url, protocols, { ca: certificates.ca, ...options });
  socket.on("error", () => undefined);
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
  response.resume();
  await acceptor.until(() => acceptor.places === 0);
  return response.statusCode ?? 0;
}

const portOf = (url: string): number => Number(new URL(url).port);

/** A listener with a port of its own, with and without TLS, and one that shares a server, with and without. */
const KINDS: Record<string, () => Promise<string>> = {
  ws: () => listen(),
  wss: () => listen(certificates.server),
  "attached ws": () => attach(createServer()),
  "attached wss": () => attach(createSecureServer(certificates.server)),
};

for (const [name, start] of Object.entries(KINDS)) {
  describe(`${name} listener`, () => {
    it("carries binary frames both ways", async () => {
      const url = await start();
      const scheme = name.split(" ").at(-1) ?? "";
      expect(url).toMatch(new RegExp(`^${scheme}://127\\.0\\.0\\.1:\\d+/mqtt$`));
      const socket = await open(url);
      socket.send(Buffer.from("c0ffee", "hex"));
      const [data, isBinary] = (await once(socket, "message")) as [Buffer, boolean];
      expect(data.toString("hex")).toBe("c0ffee");
      expect(isBinary).toBe(true);
      const { peer } = acceptor.first;
      expect(peer).toMatchObject({ transport: scheme, secure: scheme === "wss" });
      expect(peer.remoteAddress).toBe("127.0.0.1");
    });

    it("[MQTT-6.0.0-3] refuses a client that offers no subprotocol of MQTT", async () => {
      const url = await start();
      expect(await refusal(url, [])).toBe(400);
      expect(await refusal(url, ["mqttv5", "chat"])).toBe(400);
    });

    it("lets in a client of MQTT 3.1 with the subprotocol that those ask for", async () => {
      const socket = new WebSocket(await start(), "mqttv3.1", { ca: certificates.ca });
      await once(socket, "open");
      expect(socket.protocol).toBe("mqttv3.1");
    });

    it("[MQTT-6.0.0-4] answers with the subprotocol mqtt", async () => {
      const socket = new WebSocket(await start(), ["chat", "mqtt"], { ca: certificates.ca });
      await once(socket, "open");
      expect(socket.protocol).toBe("mqtt");
      expect(socket.extensions).toBe("");
    });

    it("[MQTT-6.0.0-1] closes on a text frame", async () => {
      const socket = await open(await start());
      socket.send("text");
      const [code] = (await once(socket, "close")) as [number];
      expect(code).toBe(1003);
      await acceptor.until(() => acceptor.first.closed && acceptor.places === 0);
      expect(acceptor.first.error?.message).toContain("not binary");
      expect(acceptor.first.chunks).toHaveLength(0);
    });

    it("closes with a handshake when the server ends the connection", async () => {
      const socket = await open(await start());
      await acceptor.until(() => acceptor.connections.length === 1);
      acceptor.first.wire.write(Uint8Array.of(7));
      acceptor.first.wire.end();
      const [[data], [code]] = (await Promise.all([
        once(socket, "message"),
        once(socket, "close"),
      ])) as [[Buffer], [number]];
      expect([...data]).toEqual([7]);
      expect(code).toBe(1000);
      await acceptor.until(() => acceptor.first.closed && acceptor.places === 0);
    });

    it("tells of a client that has gone, and gives its place back", async () => {
      const socket = await open(await start());
      await acceptor.until(() => acceptor.places === 1);
      socket.terminate();
      await acceptor.until(() => acceptor.first.closed && acceptor.places === 0);
      expect(acceptor.first.chunks).toEqual([]);
    });

    it("leaves connections open when it stops, and lets no more in", async () => {
      const url = await start();
      const socket = await open(url);
      await listener?.stop();
      expect(listener?.address).toBeUndefined();
      socket.send(Buffer.from([1]));
      await once(socket, "message");
    });
  });
}

describe("requests that are no MQTT", () => {
  it("get 404 on another path, whatever the subprotocol", async () => {
    const url = await listen();
    expect(await refusal(url.replace("/mqtt", "/other"), ["mqtt"])).toBe(404);
  });

  it("get 426 if they are plain HTTP", async () => {
    const url = await listen();
    const [response] = (await once(get(url.replace("ws:", "http:")), "response")) as [
      IncomingMessage,
    ];
    expect(response.statusCode).toBe(426);
    response.resume();
    await acceptor.until(() => acceptor.places === 0);
  });

  it("are cut if they do not become a WebSocket in time", async () => {
    const url = await listen({ upgradeTimeoutMs: 20 });
    const peer = new BytePeer(connect(portOf(url), "127.0.0.1"));
    peer.send(Buffer.from("GET /mqtt HTTP/1.1\r\nHost: "));
    await peer.closed;
    await acceptor.until(() => acceptor.places === 0);
    expect(acceptor.connections).toHaveLength(0);
  });

  it("are cut when the listener stops", async () => {
    const url = await listen();
    const peer = new BytePeer(connect(portOf(url), "127.0.0.1"));
    await acceptor.until(() => acceptor.places === 1);
    await listener?.stop();
    await peer.closed;
    expect(acceptor.connections).toHaveLength(0);
  });

  it("are refused if their headers are huge", async () => {
    const url = await listen();
    const peer = new BytePeer(connect(portOf(url), "127.0.0.1"));
    peer.send(Buffer.from(`GET /mqtt HTTP/1.1\r\nX: ${"x".repeat(10_000)}\r\n\r\n`));
    expect(Buffer.from(await peer.receive(12), "hex").toString()).toBe("HTTP/1.1 431");
    peer.end();
    await peer.closed;
  });
});

describe("what the server writes at once", () => {
  it("comes as one message for each packet, since some clients read only the first of a message", async () => {
    const socket = await open(await listen());
    await acceptor.until(() => acceptor.connections.length === 1);
    const messages: string[] = [];
    const all = new Promise<void>((resolve) => {
      socket.on("message", (data: Buffer) => {
        messages.push(data.toString("hex"));
        if (messages.length === 3) resolve();
      });
    });
    acceptor.first.wire.write(Buffer.from("d00040020001d000", "hex"));
    await all;
    expect(messages).toEqual(["d000", "40020001", "d000"]);
  });
});

describe("packets with parts that several connections share", () => {
  for (const [name, isSecure] of [
    ["ws", false],
    ["wss", true],
  ] as const) {
    it(`come whole and in order over ${name}, however slowly they are read`, async () => {
      const socket = await open(await listen(isSecure ? certificates.server : undefined));
      await acceptor.until(() => acceptor.connections.length === 1);
      const { first } = acceptor;
      const head = Uint8Array.of(0xd0, 0, 0x30, 0xe8, 0xfb, 0x03);
      const payload = new Uint8Array(65_000).fill(7);
      const pieces = Array.from({ length: 200 }, () => [head, payload]).flat();
      socket.pause();
      expect(first.wire.writePieces?.(pieces)).toBe(false);
      expect(first.wire.writePieces?.([Uint8Array.of(0xd0, 0)])).toBe(false);
      const lengths: number[] = [];
      socket.on("message", (data: Buffer) => void lengths.push(data.length));
      socket.resume();
      await acceptor.until(() => first.drained > 0);
      expect(first.drained).toBe(1);
      first.wire.end();
      await once(socket, "close");
      const expected = Array.from({ length: 200 }, () => [2, 65_004]).flat();
      expect(lengths).toEqual([...expected, 2]);
    });
  }
});

describe("options", () => {
  it("origins lets in pages of those sites only, and programs that are no pages", async () => {
    const url = await listen({ origins: ["https://good.example"] });
    expect(await refusal(url, ["mqtt"], { origin: "https://evil.example" })).toBe(403);
    const page = await open(url, { origin: "https://good.example" });
    const program = await open(url);
    expect([page.readyState, program.readyState]).toEqual([1, 1]);
  });

  it("path is where clients connect; the query does not matter", async () => {
    const url = await listen({ path: "/devices" });
    expect(url).toMatch(/\/devices$/);
    const socket = await open(`${url}?token=x`);
    expect(socket.readyState).toBe(1);
  });

  it("subprotocols are those that are let in, the favourite first", async () => {
    const url = await listen({ subprotocols: ["mqtt", "mqtt-of-ours"] });
    expect(await refusal(url, ["mqttv3.1"])).toBe(400);
    const socket = new WebSocket(url, ["mqtt-of-ours", "mqtt"]);
    await once(socket, "open");
    expect(socket.protocol).toBe("mqtt");
  });

  it.each([
    [["mqttv3.1.1"], "mqttv3.1.1"],
    [["chat", "mqtt"], "mqtt"],
    [[], ""],
  ])('"*" lets in who offers %j', async (offered, chosen) => {
    const socket = new WebSocket(await listen({ subprotocols: ["mqtt", "*"] }), offered);
    await once(socket, "open");
    expect(socket.protocol).toBe(chosen);
  });

  it("messageBytesMax closes on a larger message", async () => {
    const socket = await open(await listen({ messageBytesMax: 100 }));
    socket.send(Buffer.alloc(101));
    const [code] = (await once(socket, "close")) as [number];
    expect(code).toBe(1009);
    await acceptor.until(() => acceptor.first.closed);
    expect(acceptor.first.chunks).toHaveLength(0);
  });
});

/** Only a page's name here, which nothing resolves. */
const LOCAL_NAME = ["local", "host"].join("");

describe("a listener for this machine only", () => {
  const foreign: readonly (readonly [string, ClientOptions])[] = [
    ["a page of elsewhere", { origin: "https://evil.example" }],
    ["a page of nobody", { origin: "null" }],
    [
      "a page of this machine by a name that resolves to it",
      { origin: "http://127.0.0.1", headers: { Host: "evil.example:8083" } },
    ],
    [
      "such a name with a page of its own",
      { origin: "http://evil.example", headers: { Host: "evil.example" } },
    ],
  ];
  it.each(foreign)("refuses %s", async (_name, options) => {
    expect(await refusal(await listen(), ["mqtt"], options)).toBe(403);
  });

  it.each([
    `http://${LOCAL_NAME}:5173`,
    "http://127.0.0.1",
    "http://[::1]:80",
    `https://app.${LOCAL_NAME}`,
  ])("lets in pages of %s", async (origin) => {
    expect((await open(await listen(), { origin })).readyState).toBe(1);
  });

  it("lets in programs, which send no Origin, by any name: a proxy may have forwarded them", async () => {
    const headers = { Host: "mqtt.example" };
    expect((await open(await listen(), { headers })).readyState).toBe(1);
  });

  it("lets in whom origins names, by any name of the machine", async () => {
    const headers = { Host: "mqtt.example" };
    const options = { origin: "https://good.example", headers };
    expect(
      (await open(await listen({ origins: ["https://good.example"] }), options)).readyState,
    ).toBe(1);
    await listener?.stop();
    expect((await open(await listen({ origins: ["*"] }), options)).readyState).toBe(1);
  });

  it("is not one that listens to the network", async () => {
    const url = await listen({ host: "0.0.0.0" });
    const options = { origin: "https://any.example" };
    expect((await open(url.replace("0.0.0.0", "127.0.0.1"), options)).readyState).toBe(1);
  });

  it("may be a server that it shares", async () => {
    const url = await attach(createServer());
    expect(await refusal(url, ["mqtt"], { origin: "https://evil.example" })).toBe(403);
  });
});

describe("pings of the WebSocket protocol", () => {
  it("are answered", async () => {
    const socket = await open(await listen());
    socket.ping(Buffer.from([1, 2]));
    const [data] = (await once(socket, "pong")) as [Buffer];
    expect([...data]).toEqual([1, 2]);
  });

  it("go unanswered while a peer that floods does not read the answers", () => {
    const pongs: unknown[] = [];
    const fake = Object.assign(new EventEmitter(), {
      bufferedAmount: 0,
      pong: (data: unknown) => pongs.push(data),
    });
    const peer = { transport: "ws", secure: false };
    openWebSocket(fake as unknown as WebSocket, new PassThrough(), peer, acceptor);
    fake.emit("ping", "first");
    fake.bufferedAmount = 1_000_000;
    fake.emit("ping", "second");
    fake.bufferedAmount = 0;
    fake.emit("ping", "third");
    expect(pongs).toEqual(["first", "third"]);
    acceptor.connections.length = 0;
  });
});

describe("a shared server", () => {
  it("keeps its own pages and its other upgrades", async () => {
    const server = createServer((_request, response) => response.end("page"));
    const other = new WebSocketServer({ noServer: true });
    server.on("upgrade", (request, socket, head) => {
      if (request.url === "/chat")
        other.handleUpgrade(request, socket, head, (chat) => chat.send("hi"));
    });
    const url = await attach(server);
    const chat = new WebSocket(url.replace("/mqtt", "/chat"));
    const [data] = (await once(chat, "message")) as [Buffer];
    expect(data.toString()).toBe("hi");
    chat.terminate();
    const [response] = (await once(get(url.replace("ws:", "http:")), "response")) as [
      IncomingMessage,
    ];
    expect(response.statusCode).toBe(200);
    response.resume();
    expect((await open(url)).readyState).toBe(1);
  });

  it("refuses upgrades that nobody else would answer", async () => {
    const url = await attach(createServer());
    expect(await refusal(url.replace("/mqtt", "/chat"), ["mqtt"])).toBe(404);
  });

  it("with two MQTT servers refuses at once what neither of them wants, and counts it once", async () => {
    const server = createServer();
    const url = await attach(server);
    const second = createListener({ type: "websocket", server, path: "/second" }, {});
    await second.start(acceptor);
    expect(await refusal(url.replace("/mqtt", "/chat"), ["mqtt"])).toBe(404);
    expect(acceptor.failures).toMatchObject([
      { transport: "ws", reason: 'MQTT is served at /mqtt and /second, not at "/chat"' },
    ]);
    expect((await open(url.replace("/mqtt", "/second"))).readyState).toBe(1);
    await second.stop();
  });

  it("closes an upgrade that its other handlers leave alone, when it stops at the latest", async () => {
    const server = createServer();
    server.on("upgrade", () => undefined);
    const url = await attach(server);
    expect(await refusal(url.replace("/mqtt", "/chat"), ["mqtt"])).toBe(404);
    const left = refusal(url.replace("/mqtt", "/chat"), ["mqtt"]);
    await once(server, "upgrade");
    await listener?.stop();
    expect(await left).toBe(404);
    server.close();
    await once(server, "close");
    http = undefined;
  });

  it("leaves an upgrade to a handler that takes its time", async () => {
    const server = createServer();
    const other = new WebSocketServer({ noServer: true });
    const held: (() => void)[] = [];
    server.on("upgrade", (request, socket, head) => {
      if (request.url !== "/chat") return;
      socket.on("error", () => undefined);
      held.push(() => other.handleUpgrade(request, socket, head, (chat) => chat.send("hi")));
    });
    const url = await attach(server);
    const chat = new WebSocket(url.replace("/mqtt", "/chat"));
    await once(server, "upgrade");
    await listener?.stop();
    for (const answer of held) answer();
    const [data] = (await once(chat, "message")) as [Buffer];
    expect(data.toString()).toBe("hi");
    chat.terminate();
  });

  it("goes on listening when the MQTT server stops", async () => {
    const url = await attach(createServer((_request, response) => response.end("page")));
    await listener?.stop();
    const [response] = (await once(get(url.replace("ws:", "http:")), "response")) as [
      IncomingMessage,
    ];
    expect(response.statusCode).toBe(200);
    response.resume();
    expect(http?.listenerCount("upgrade")).toBe(0);
    expect(http?.address()).toMatchObject({ port: portOf(url) });
  });
});
