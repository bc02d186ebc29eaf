import cluster from "node:cluster";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { consoleLogger, jsonLinesLogger, MqttServer } from "../../src/index.ts";
import type { LogLevel, LogRecord } from "../../src/index.ts";
import { logFor } from "../../src/system/log.ts";
import { MqttPeer } from "../support/mqtt-peer.ts";
import { until } from "../support/turns.ts";

const AT_MS = Date.UTC(2026, 10, 20, 12, 0, 1, 250);

/** Clients may not publish there. */
const TO_DOLLAR = {
  type: "publish",
  topic: "$foo/bar",
  payload: new Uint8Array(1),
  qos: 1,
  retain: false,
  duplicate: false,
} as const;

let lines: string[];
let records: LogRecord[];
const output = { write: (line: string) => lines.push(line) };

beforeEach(() => {
  lines = [];
  records = [];
});

function recorder(level: LogLevel): { level: LogLevel; write: (record: LogRecord) => void } {
  return { level, write: (record) => void records.push(record) };
}

describe("a log", () => {
  it("has no functions without a logger, and none below the logger's level", () => {
    expect(Object.values(logFor("x", undefined, () => AT_MS))).toEqual([]);
    const log = logFor("x", recorder("warn"), () => AT_MS);
    const levels = Object.entries(log).filter(([, write]) => write !== undefined);
    expect(levels.map(([level]) => level)).toEqual(["warn", "error"]);
  });

  it("never shows secrets, and of bytes only their number", () => {
    const fields = {
      password: "x",
      authenticationData: "y",
      payload: new Uint8Array(3),
      topic: "t",
    };
    logFor("x", recorder("info"), () => AT_MS).info?.("text", fields);
    expect(records[0]?.fields).toEqual({
      password: "[secret]",
      authenticationData: "[secret]",
      payload: "[3 bytes]",
      topic: "t",
    });
  });
});

describe("console logger", () => {
  const log = (): ReturnType<typeof logFor> =>
    logFor("listener", consoleLogger({ output }), () => AT_MS);

  it("writes a line for people", () => {
    log().warn?.("text", { port: 1883, host: "::1" }, new Error("broken"));
    expect(lines).toEqual([
      "2026-11-20T12:00:01.250Z warn  listener: text (port=1883 host=::1): broken\n",
    ]);
  });

  it("lets no stranger write a line or a colour of his own", () => {
    log().info?.("text", { clientId: "a\n12:00 error\u001b[31m" });
    expect(lines).toEqual([
      '2026-11-20T12:00:01.250Z info  listener: text (clientId="a\\n12:00 error\\u001b[31m")\n',
    ]);
  });

  it.each([
    ["a b", '"a b"'],
    ["a=b", '"a=b"'],
    ['a"b', '"a\\"b"'],
    ["a)b", '"a)b"'],
    ["a]b", '"a]b"'],
    ["", '""'],
    ["plain/topic-1", "plain/topic-1"],
    ["a\u202eb", "a\\u202eb"],
    ["a\u{e0041}b", "a\\udb40\\udc41b"],
  ])(
    "quotes what could be taken for another field, and escapes what turns text: %j",
    (clientId, text) => {
      log().info?.("text", { clientId, port: 1 });
      expect(lines).toEqual([
        `2026-11-20T12:00:01.250Z info  listener: text (clientId=${text} port=1)\n`,
      ]);
    },
  );

  it("names Reason Codes by the numbers of the specification", () => {
    log().info?.("text", { reasonCode: 0x8d, reason: "Keep Alive timeout" });
    expect(lines[0]).toContain('(reasonCode=0x8D reason="Keep Alive timeout")');
  });

  it("writes nothing below its level, which is info if nothing is said", () => {
    log().debug?.("text");
    expect(lines).toEqual([]);
  });
});

describe("JSON lines logger", () => {
  it("writes one object to a line", () => {
    const logger = jsonLinesLogger({ output, level: "debug" });
    const error = new Error("outer", { cause: new TypeError("inner") });
    const fields = { time: "mine", big: 1n, items: new Map([["a", 1]]) };
    logFor("driver", logger, () => AT_MS).debug?.("a\nb", fields, error);
    expect(lines).toHaveLength(1);
    expect(lines[0]?.endsWith("}\n")).toBe(true);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      time: "2026-11-20T12:00:01.250Z",
      level: "debug",
      source: "driver",
      message: "a\nb",
      fields: { time: "mine", big: "1", items: { a: 1 } },
      error: {
        name: "Error",
        message: "outer",
        cause: { name: "TypeError", message: "inner" },
      },
    });
  });
});

describe("server", () => {
  it("logs where it listens, and that it has stopped", async () => {
    const server = new MqttServer({ port: 0, systemTopics: false, logger: recorder("info") });
    await server.start();
    const { url } = server.address();
    await server.stop();
    expect(records.map(({ source, message, fields }) => [source, message, fields])).toEqual([
      ["server", "started", { listeners: url }],
      ["server", "stopped", {}],
    ]);
  });

  it("logs who comes and goes, without passwords", async () => {
    const server = new MqttServer({ listeners: [{ type: "memory" }], logger: recorder("info") });
    await server.start();
    const client = new MqttPeer(server.connectInMemory());
    const password = new TextEncoder().encode("s3cret");
    await client.connect({ clientId: "device", userName: "ann", password });
    client.end();
    await until(() => records.some(({ message }) => message === "client disconnected"));
    const connected = records.find(({ message }) => message === "client connected");
    expect(connected?.fields).toMatchObject({ clientId: "device", userName: "ann" });
    expect(JSON.stringify(records)).not.toContain("s3cret");
    await server.stop();
  });

  it.each([
    ["a wrong password", { clientId: "device", userName: "ann" }, 0x86],
    ["a Client Identifier that is too long", { clientId: "x".repeat(100), userName: "ann" }, 0x85],
  ])("logs who is refused for %s, without passwords", async (_name, who, reasonCode) => {
    const server = new MqttServer({
      listeners: [{ type: "memory" }],
      logger: recorder("info"),
      users: { ann: "right" },
      clientIdBytesMax: 50,
    });
    await server.start();
    const client = new MqttPeer(server.connectInMemory(), 5);
    const password = new TextEncoder().encode("s3cret");
    const connack = await client.connect({ ...who, password });
    expect(connack).toMatchObject({ type: "connack", reasonCode });
    const refused = records.filter(({ message }) => message === "client refused");
    expect(refused).toMatchObject([
      { level: "info", source: "connection", fields: { ...who, transport: "memory", reasonCode } },
    ]);
    expect(JSON.stringify(records)).not.toContain("s3cret");
    await server.stop();
  });

  it("logs a CONNECT of 3.1.1 that is malformed, which gets no answer", async () => {
    const server = new MqttServer({ listeners: [{ type: "memory" }], logger: recorder("info") });
    await server.start();
    const stream = server.connectInMemory();
    stream.resume();
    stream.write(Buffer.from("100d00044d5154540401003c000161", "hex"));
    await until(() => records.some(({ message }) => message === "client refused"));
    const refused = records.find(({ message }) => message === "client refused");
    expect(refused?.fields).toMatchObject({
      clientId: "a",
      transport: "memory",
      reasonCode: 0x81,
      reason: "Malformed Packet",
    });
    await server.stop();
  });

  it("warns of what a client of 3.1.1 published in vain, which is acknowledged all the same", async () => {
    const server = new MqttServer({ listeners: [{ type: "memory" }], logger: recorder("warn") });
    await server.start();
    const client = new MqttPeer(server.connectInMemory());
    await client.connect({ clientId: "old" });
    for (const packetIdentifier of [1, 2]) {
      client.sendPacket({ ...TO_DOLLAR, packetIdentifier });
      expect(await client.packet()).toMatchObject({ type: "puback", packetIdentifier });
    }
    await server.stop();
    const message = "a PUBLISH was dropped, and its client cannot be told";
    const fields = { clientId: "old", topic: "$foo/bar", reasonCode: 0x87, count: 1 };
    expect(records).toMatchObject([{ level: "warn", message, fields }]);
  });

  it("warns in a worker of node:cluster, which shares its port and nothing else", async () => {
    Object.assign(cluster, { isWorker: true });
    const server = new MqttServer({ listeners: [], systemTopics: false, logger: recorder("warn") });
    await server.start().finally(() => Object.assign(cluster, { isWorker: false }));
    await server.stop();
    expect(records.map(({ level, message }) => [level, message])).toEqual([
      ["warn", expect.stringContaining("each worker is a server of its own")],
    ]);
    records = [];
    await server.start();
    await server.stop();
    expect(records).toEqual([]);
  });

  it("warns there also where the program has no log", async () => {
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    onTestFinished(() => warned.mockRestore());
    Object.assign(cluster, { isWorker: true });
    const server = new MqttServer({ listeners: [], systemTopics: false });
    await server.start().finally(() => Object.assign(cluster, { isWorker: false }));
    await server.stop();
    const text = expect.stringContaining("each worker is a server of its own") as string;
    expect(warned).toHaveBeenCalledExactlyOnceWith(text, { code: "ANAX_CLUSTER_WORKER" });
  });

  it("registers no handlers for a log that nobody reads", () => {
    const server = new MqttServer({ logger: recorder("warn") });
    expect(records).toEqual([]);
    expect(server.isStarted).toBe(false);
  });
});
