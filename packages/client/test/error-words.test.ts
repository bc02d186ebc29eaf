/** What errors say to people: why it failed, in words, and what to do where that is known. */
import { createServer } from "node:http";
import type { Server } from "node:http";
import { createServer as createTcpServer } from "node:net";
import type { Server as NetServer } from "node:net";
import { once as happens } from "node:events";
import { WebSocket, WebSocketServer } from "ws";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { MqttClient, MqttConnectError, connect } from "@anax/client";
import { openTransport } from "../src/transports/browser.ts";
import { AT_ONCE, connected, disconnectAll, make, once } from "./in-memory-client.ts";
import { ScriptedServer } from "./scripted-server.ts";

afterEach(disconnectAll);

/** What this promise is rejected with. */
async function failureOf(promise: PromiseLike<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("a Reason Code", () => {
  it("is told in words, with those of the server if it sends any", async () => {
    const server = new ScriptedServer();
    server.connack = { reasonCode: 0x87 };
    await expect(make(server).connect()).rejects.toThrow(
      /^the server refused the connection: not authorized \(0x87\)$/,
    );
    server.connack = { reasonCode: 0x97, properties: { reasonString: "10 a day" } };
    await expect(make(server).connect()).rejects.toThrow(
      /^the server refused the connection: 10 a day \(quota exceeded, 0x97\)$/,
    );
  });

  it("of a publish and of a subscription is told in words", async () => {
    const { server, client } = await connected();
    server.script = (packet, connection) => {
      const { packetIdentifier = 0 } = packet as { packetIdentifier?: number };
      if (packet.type === "publish") {
        connection.send({ type: "puback", packetIdentifier, reasonCode: 0x99 });
      } else if (packet.type === "subscribe") {
        connection.send({ type: "suback", packetIdentifier, reasonCodes: [0x9e] });
      } else return false;
      return true;
    };
    await expect(client.publish("a", "", { qos: 1 })).rejects.toThrow(
      "payload format invalid (0x99)",
    );
    await expect(client.subscribe("a", () => 1)).rejects.toThrow(
      "shared subscriptions not supported (0x9e)",
    );
  });
});

describe("a server of MQTT 3.1.1", () => {
  it.each([
    ["that refuses version 5", [0x20, 2, 0, 1], 0x84],
    ["that refuses for another reason", [0x20, 2, 0, 5], 0x87],
    ["that accepts in its own words", [0x20, 2, 0, 0], 0x84],
  ])("%s: the error says which option to set", async (_, connack, reasonCode) => {
    const tcp = createTcpServer((socket) => {
      socket.once("data", () => socket.end(Uint8Array.from(connack)));
    });
    tcp.listen(0, "127.0.0.1");
    await happens(tcp, "listening");
    const address = tcp.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    const client = new MqttClient({ host: "127.0.0.1", port }, { reconnect: false });
    const error = await failureOf(client.connect());
    tcp.close();
    expect(error).toBeInstanceOf(MqttConnectError);
    expect(error).toMatchObject({
      reasonCode,
      message: expect.stringMatching(/answers as MQTT 3\.1\.1.*set protocolVersion: 4/),
    });
  });
});

describe("an address that cannot be reached", () => {
  it("is told with each address that was tried", async () => {
    const server = new ScriptedServer();
    const failures = ["::1", "127.0.0.1"].map(
      (host) => new Error(`connect ECONNREFUSED ${host}:1`),
    );
    // As Node does where a name has several addresses: the error itself has no words.
    server.failure = new AggregateError(failures, "");
    await expect(make(server).connect()).rejects.toThrow(
      /^could not connect to mqtt:\/\/in\.memory:1883: connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127\.0\.0\.1:1$/,
    );
    server.failure = Object.assign(new Error(""), { code: "EPIPE" });
    await expect(make(server).connect()).rejects.toThrow(/1883: EPIPE$/);
    server.failure = new Error("");
    await expect(make(server).connect()).rejects.toThrow(/1883: Error$/);
  });
});

describe("a port where no MQTT is spoken", () => {
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  async function portOf(server: NetServer): Promise<number> {
    server.listen(0, "127.0.0.1");
    await happens(server, "listening");
    ends.push(async () => {
      server.close();
      await happens(server, "close");
    });
    const address = server.address();
    return typeof address === "object" ? (address?.port ?? 0) : 0;
  }

  async function wordsOf(protocol: "mqtt" | "ws", server: NetServer): Promise<string> {
    const port = await portOf(server);
    return String(await failureOf(connect({ protocol, port }, { reconnect: false })));
  }

  it("but HTTP: the error says that it may be one of WebSocket", async () => {
    expect(await wordsOf("mqtt", createServer())).toMatch(
      /before CONNACK: what answers there is HTTP, not MQTT: a server of WebSocket is reached by ws or wss$/,
    );
  });

  it("but TLS: the error says so", async () => {
    const alert = Uint8Array.of(0x15, 3, 1, 0, 2, 2, 10);
    const server = createTcpServer((socket) => socket.once("data", () => socket.end(alert)));
    expect(await wordsOf("mqtt", server)).toMatch(
      /before CONNACK: what answers there is TLS, not MQTT: it is reached by mqtts$/,
    );
  });

  it.each([
    ["text/plain", "on another\u001B[2J\r\npath", /: on another \[2J path$/],
    ["text/plain", "", /404 Not Found in place of a WebSocket$/],
    ["text/plain; charset=utf-8", "x".repeat(100_000), /WebSocket: x{200}$/],
    ["text/html", "<html>", /404 Not Found in place of a WebSocket$/],
  ])("by an HTTP server that answers in %s %j: the error tells it", async (type, text, said) => {
    const server = createServer();
    server.on("upgrade", (_request, socket) => {
      socket.on("error", () => {});
      socket.end(
        `HTTP/1.1 404 Not Found\r\nContent-Type: ${type}\r\nConnection: close\r\n\r\n${text}`,
      );
    });
    expect(await wordsOf("ws", server)).toMatch(said);
  });

  it("by an HTTP server that does not end its answer: it is given up with the attempt", async () => {
    const server = createServer();
    server.on("upgrade", (_request, socket) => {
      socket.on("error", () => {});
      socket.resume().on("end", () => socket.end());
      socket.write("HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\nwait");
    });
    const port = await portOf(server);
    const options = { reconnect: false, connectTimeoutMs: 300 } as const;
    expect(await failureOf(connect({ protocol: "ws", port }, options))).toBeInstanceOf(Error);
  });
});

describe.each(["node", "browser"] as const)("a WebSocket that is closed (%s)", (platform) => {
  const http: Server = createServer();
  const sockets = new WebSocketServer({ server: http, handleProtocols: () => "mqtt" });
  let greet: (socket: WebSocket) => void;
  const CONNACK = Uint8Array.of(0x20, 3, 0, 0, 0);

  class BrowserLikeWebSocket extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      this.on("error", () => {});
    }
  }

  beforeAll(async () => {
    if (platform === "browser") vi.stubGlobal("WebSocket", BrowserLikeWebSocket);
    sockets.on("connection", (socket) => socket.once("message", () => greet(socket)));
    http.listen(0, "127.0.0.1");
    await happens(http, "listening");
  });

  afterAll(() => {
    vi.unstubAllGlobals();
    http.close();
  });

  function open(): Promise<MqttClient> {
    const address = http.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    const transport = platform === "browser" ? { transport: openTransport } : {};
    return connect({ protocol: "ws", port }, { reconnect: AT_ONCE, ...transport });
  }

  it.each([
    [4401, "token expired", "the WebSocket was closed (4401: token expired)"],
    [4000, "", "the WebSocket was closed (4000)"],
    [1008, "no", "the WebSocket was closed (1008: no)"],
    [1000, "bye", "the WebSocket was closed (1000: bye)"],
    [1000, "", "the server closed it"],
  ])("by %i %o before CONNACK says so", async (code, reason, said) => {
    greet = (socket) => socket.close(code, reason);
    const error = await failureOf(open());
    expect(error).toBeInstanceOf(MqttConnectError);
    expect(error).toMatchObject({
      message: `the connection was lost before CONNACK: ${said}`,
    });
  });

  it("later says so, too", async () => {
    greet = (socket) => {
      socket.send(CONNACK);
      greet = () => {};
      socket.once("message", () => socket.close(4401, "token expired"));
    };
    const client = await open();
    const lost = once(client, "disconnected");
    await client.publish("a", "b");
    expect(await lost).toMatchObject({
      error: { message: "the connection was lost: the WebSocket was closed (4401: token expired)" },
    });
    await client.disconnect();
  });
});

it("a long topic is shown by its beginning", async () => {
  const { client } = await connected();
  const message = String(await failureOf(client.publish("#".repeat(60_000), "")));
  expect(message).toContain("(60000 characters) has a wildcard");
  expect(message.length).toBeLessThan(200);
});
