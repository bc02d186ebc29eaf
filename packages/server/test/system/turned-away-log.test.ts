import { once } from "node:events";
import { connect } from "node:net";
import { connect as connectSecurely } from "node:tls";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { ClientOptions } from "ws";
import { MqttServer } from "../../src/index.ts";
import type { LogLevel, LogRecord, MqttServerOptions } from "../../src/index.ts";
import { PEER_LEFT } from "../../src/core/connection/stranger.ts";
import type { Stranger } from "../../src/core/connection/stranger.ts";
import { logFor } from "../../src/system/log.ts";
import { TurnedAwayLog } from "../../src/system/turned-away-log.ts";
import { BytePeer } from "../support/byte-peer.ts";
import { makeCertificates } from "../support/certificates.ts";
import type { Certificates } from "../support/certificates.ts";
import { CoreHarness } from "../support/core-harness.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { until } from "../support/turns.ts";

let certificates: Certificates;
let records: LogRecord[];
let server: MqttServer | undefined;

beforeAll(() => {
  certificates = makeCertificates();
});

beforeEach(() => {
  records = [];
});

afterEach(async () => {
  await server?.stop({ deadlineMs: 100 });
  server = undefined;
});

const TLS_HELLO = "16030100c8010000c40303";
const HTTP = Buffer.from("GET /mqtt HTTP/1.1\r\nHost: x\r\n\r\n").toString("hex");
const PROXY = Buffer.from("PROXY TCP4 192.0.2.1 192.0.2.2 5 6\r\n").toString("hex");
const PROXY_V2 = "0d0a0d0a000d0a515549540a2111000c";
const CONNECT = "100d00044d51545404020000000174";

async function start(options: MqttServerOptions = {}, level: LogLevel = "info"): Promise<void> {
  server = new MqttServer({
    systemTopics: false,
    listeners: [
      { type: "tcp", port: 0 },
      { type: "tls", port: 0, ...certificates.server, ca: certificates.ca, requestCert: true },
      { type: "websocket", port: 0 },
      { type: "websocket", port: 0, ...certificates.server },
    ],
    logger: { level, write: (record) => void records.push(record) },
    ...options,
  });
  await server.start();
  records = [];
}

const portOf = (type: string): number => server?.address(type).port ?? 0;

/** The next record of this message. */
async function logged(message: string): Promise<LogRecord> {
  await until(() => records.some((record) => record.message === message));
  return records.find((record) => record.message === message) as LogRecord;
}

/** Sends bytes to the listener of this type, and leaves when all of them are there. */
async function send(type: string, hex: string): Promise<BytePeer> {
  const peer = new BytePeer(connect(portOf(type), "127.0.0.1"));
  await once(peer.stream, "connect");
  if (hex === "") peer.end();
  else peer.send(hex);
  return peer;
}

describe("a connection that ends before CONNECT is told in one line:", () => {
  const ENDED = "connection ended before CONNECT";
  const cases: readonly (readonly [string, string, () => string])[] = [
    ["TLS", TLS_HELLO, () => `this looks like TLS; the TLS port is ${portOf("tls")}`],
    ["HTTP", HTTP, () => `this looks like HTTP; the WebSocket port is ${portOf("ws")}`],
    ["PROXY", PROXY, () => "this looks like the PROXY protocol of a load balancer"],
    ["PROXY, version 2", PROXY_V2, () => "this looks like the PROXY protocol of a load balancer"],
    ["SSH", Buffer.from("SSH-2.0-x\r\n").toString("hex"), () => "this looks like SSH"],
    ["another packet", "c000", () => "the first packet is not CONNECT"],
    ["a packet that is too long", "10ffffff7f", () => "exceeds Maximum Packet Size"],
  ];
  it.each(cases)("%s", async (_name, hex, reason) => {
    await start();
    const peer = await send("tcp", hex);
    const { level, source, fields } = await logged(ENDED);
    expect({ level, source }).toEqual({ level: "info", source: "connection" });
    expect(fields).toMatchObject({ transport: "tcp", remoteAddress: "127.0.0.1" });
    expect(fields["remotePort"]).toBeGreaterThan(0);
    expect(fields["reason"]).toContain(reason());
    expect(fields["bytesReceived"]).toBe(hex.length / 2);
    expect(server?.statistics.connectionsWithoutConnect).toBe(1);
    await peer.closed;
    expect(records.filter(({ message }) => message === ENDED)).toHaveLength(1);
  });

  it("half of one, whose client leaves; nothing of it is shown", async () => {
    await start();
    const peer = await send("tcp", CONNECT.slice(0, 20));
    peer.end();
    const { fields } = await logged(ENDED);
    expect(fields).toMatchObject({ reason: PEER_LEFT, bytesReceived: 10 });
    expect(fields["firstBytes"]).toBeUndefined();
  });

  it("half of one by TLS and by WebSocket, which are spoken rightly", async () => {
    await start();
    const host = "127.0.0.1";
    const tls = { host, port: portOf("tls"), rejectUnauthorized: false, ...certificates.client };
    const secure = connectSecurely(tls, () => secure.end(Buffer.from(CONNECT.slice(0, 20), "hex")));
    secure.resume();
    expect((await logged(ENDED)).fields).toMatchObject({ transport: "tls", reason: PEER_LEFT });
    for (const type of ["ws", "wss"] as const) {
      records = [];
      const url = `${type}://${host}:${portOf(type)}/mqtt`;
      const socket = new WebSocket(url, ["mqtt"], { rejectUnauthorized: false });
      await once(socket, "open");
      socket.send(Buffer.from(CONNECT.slice(0, 20), "hex"), () => socket.close());
      const { fields } = await logged(ENDED);
      expect(fields).toMatchObject({ transport: type, bytesReceived: 10 });
      expect(fields["reason"]).not.toContain("without");
    }
  });

  it("HTTP by TLS, with the port that takes it so", async () => {
    await start();
    const tls = { port: portOf("tls"), rejectUnauthorized: false, ...certificates.client };
    const secure = connectSecurely(tls, () => secure.end(Buffer.from(HTTP, "hex")));
    secure.resume();
    expect((await logged(ENDED)).fields["reason"]).toBe(
      `this looks like HTTP; the WebSocket port is ${portOf("wss")}`,
    );
  });

  it("none in time", () => {
    const strangers: Stranger[] = [];
    const harness = new CoreHarness({}, {}, undefined, { stranger: (one) => strangers.push(one) });
    harness.open().send(CONNECT.slice(0, 8));
    harness.advance(15_000);
    expect(strangers).toMatchObject([{ reason: "no CONNECT within 15000 ms", bytesReceived: 4 }]);
    expect(harness.core.statistics.connectionsWithoutConnect).toBe(1);
  });

  it("and not if it is what a health check does, but at debug", async () => {
    await start({}, "debug");
    await send("tcp", "");
    const { level } = await logged(ENDED);
    expect(level).toBe("debug");
  });

  it("and not of a client that comes in", async () => {
    await start();
    const peer = await send("tcp", CONNECT);
    expect(await peer.receive(4)).toBe("20020000");
    peer.end();
    await logged("client disconnected");
    expect(records.map(({ message }) => message)).not.toContain(ENDED);
    expect(server?.statistics.connectionsWithoutConnect).toBe(0);
  });

  it("a server without such a port says that it has none", async () => {
    await start({ listeners: [{ type: "tcp", port: 0 }] });
    await send("tcp", TLS_HELLO);
    expect((await logged(ENDED)).fields["reason"]).toBe(
      "this looks like TLS; there is no TLS port",
    );
  });
});

describe("a TLS handshake that fails is told in one line:", () => {
  const FAILED = "TLS handshake failed";
  const NO_TLS =
    "this is no TLS, but MQTT without it or the PROXY protocol of a load balancer, which this listener does not expect (proxyProtocolFrom)";

  it.each([
    ["HTTP", HTTP, () => `this looks like HTTP without TLS; the WebSocket port is ${portOf("ws")}`],
    ["MQTT", CONNECT, () => `${NO_TLS}; the MQTT port is ${portOf("tcp")}`],
    ["PROXY", PROXY, () => `${NO_TLS}; the MQTT port is ${portOf("tcp")}`],
    ["a message of TLS that is not the first", "16030300040e000000", () => "unexpected message"],
  ])("%s", async (_name, hex, reason) => {
    await start();
    await send("tls", hex);
    const { level, fields } = await logged(FAILED);
    expect(level).toBe("info");
    expect(fields).toMatchObject({ transport: "tls", remoteAddress: "127.0.0.1" });
    expect(fields["reason"]).toBe(reason());
    expect(server?.statistics.handshakesFailed).toBe(1);
  });

  it("a certificate of another authority, with the address and what is wrong", async () => {
    await start();
    const other = makeCertificates().client;
    const options = { host: "127.0.0.1", port: portOf("tls"), rejectUnauthorized: false };
    const peer = new BytePeer(connectSecurely({ ...options, ...other }));
    const { level, fields } = await logged(FAILED);
    expect(level).toBe("info");
    expect(fields["remoteAddress"]).toBe("127.0.0.1");
    expect(fields["remotePort"]).toBeGreaterThan(0);
    expect(fields["reason"]).toMatch(/^the certificate of the client is not accepted: [A-Z_]+$/);
    await peer.closed;
  });

  it("no certificate, which the client is told by an alert too", async () => {
    await start();
    const options = { host: "127.0.0.1", port: portOf("tls"), rejectUnauthorized: false };
    const socket = connectSecurely(options);
    socket.on("data", () => undefined);
    const [error] = (await once(socket, "error")) as [Error];
    expect(error).toMatchObject({ code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" });
    expect((await logged(FAILED)).fields["reason"]).toBe("the client showed no certificate");
  });
});

describe("a WebSocket handshake that fails is told in one line, and answered with the reason:", () => {
  const FAILED = "WebSocket handshake failed";

  async function answerTo(
    path: string,
    protocols: string[],
    options: ClientOptions = {},
  ): Promise<{ status: number; text: string }> {
    const socket = new WebSocket(`ws://127.0.0.1:${portOf("ws")}${path}`, protocols, options);
    socket.on("error", () => undefined);
    const [, response] = (await once(socket, "unexpected-response")) as [
      unknown,
      NodeJS.ReadableStream & { statusCode: number },
    ];
    let text = "";
    for await (const chunk of response) text += String(chunk);
    return { status: response.statusCode, text };
  }

  const refused: readonly (readonly [string, string, string[], ClientOptions, number, string])[] = [
    ["a path", "/a?token=1", ["mqtt"], {}, 404, 'MQTT is served at /mqtt, not at "/a"'],
    [
      "no subprotocol",
      "/mqtt",
      [],
      {},
      400,
      "must be mqtt or mqttv3.1, and the client offers none",
    ],
    ["another subprotocol", "/mqtt", ["a", "b"], {}, 400, 'the client offers "a,b"'],
    [
      "a page of elsewhere",
      "/mqtt",
      ["mqtt"],
      { origin: "https://evil.example" },
      403,
      'pages of "https://evil.example" may not connect to this machine',
    ],
  ];
  it.each(refused)("%s", async (_name, path, protocols, options, status, text) => {
    await start();
    const answer = await answerTo(path, protocols, options);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(text);
    const { level, fields } = await logged(FAILED);
    expect(level).toBe("info");
    expect(fields).toMatchObject({ transport: "ws", remoteAddress: "127.0.0.1" });
    expect(fields["reason"]).toContain(text);
    expect(JSON.stringify(fields)).not.toContain("token");
    expect(server?.statistics.handshakesFailed).toBe(1);
  });

  it.each([
    [
      "MQTT",
      CONNECT,
      () => `this looks like MQTT without WebSocket; the MQTT port is ${portOf("tcp")}`,
    ],
    ["TLS", TLS_HELLO, () => `this looks like TLS; the TLS port is ${portOf("wss")}`],
    ["a page", HTTP, () => "plain HTTP, which asks for no WebSocket"],
    ["half a request", Buffer.from("GET /").toString("hex"), () => "the peer left"],
  ])("%s", async (_name, hex, reason) => {
    await start();
    const peer = await send("ws", hex);
    if (hex.length === 10) peer.end();
    expect((await logged(FAILED)).fields["reason"]).toContain(reason());
    await peer.closed;
  });
});

describe("a transport that is refused is told in one line", () => {
  it("with the limit that was met", async () => {
    await start({ connectionsMax: 1 });
    const first = await send("tcp", CONNECT);
    await first.receive(4);
    await (
      await send("tcp", "")
    ).closed;
    const { fields } = await logged("connection refused");
    expect(fields).toMatchObject({
      remoteAddress: "127.0.0.1",
      reason: "there are 1 connections, which is connectionsMax",
    });
  });
});

describe("one address", () => {
  it("fills no log: ten lines at once, one each ten seconds, and how many were left out", () => {
    const clock = new ManualClock();
    const write = (record: LogRecord): void => void records.push(record);
    const log = logFor("connection", { level: "info", write }, () => 0);
    const turnedAway = new TurnedAwayLog({ log, clock, listeners: () => [] });
    for (let index = 0; index < 100; index += 1) turnedAway.transportRefused("192.0.2.1", "full");
    turnedAway.transportRefused("192.0.2.2", "full");
    expect(records).toHaveLength(11);
    clock.advance(10_000);
    turnedAway.transportRefused("192.0.2.1", "full");
    expect(records.at(-1)?.fields).toMatchObject({ linesLeftOut: 90 });
  });
});
