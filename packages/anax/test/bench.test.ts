import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import type { Server } from "node:net";
import { decodePacket, encodePacket, Framer } from "@anax/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reportText } from "../src/bench/bench-report.ts";
import type { BenchReport } from "../src/bench/bench-report.ts";
import { LatencyHistogram } from "../src/bench/latency-histogram.ts";
import {
  MessageBatch,
  payloadStart,
  stampMark,
  stampPublisher,
  stampSequence,
  stampTime,
} from "../src/bench/message-batch.ts";
import { MixedBatch } from "../src/bench/mixed-batch.ts";
import { makeCertificates } from "./support/certificates.ts";
import { runToEnd, start } from "./support/command.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { startTestServer } from "./support/test-server.ts";

const folder = temporaryFolder();
const COUNT = ["--count", "500"];

async function bench(flags: readonly string[], ...args: string[]): Promise<BenchReport> {
  const count = args.includes("--count") ? [] : COUNT;
  const command = ["bench", ...flags, ...count, "--window", "50", "--json", ...args];
  const { exitCode, stdout, stderr } = await runToEnd(command);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return JSON.parse(stdout) as BenchReport;
}

describe("anax bench", () => {
  it.each([
    ["0", "mqttv5"],
    ["1", "mqttv5"],
    ["2", "mqttv5"],
    ["0", "mqttv311"],
    ["1", "mqttv311"],
    ["2", "mqttv31"],
  ])("moves every message once at QoS %s on %s", async (qos, version) => {
    const { flags } = await startTestServer();
    const report = await bench(flags, "-q", qos, "-V", version);
    expect(report).toMatchObject({ sent: 500, lost: 0, duplicates: 0, refused: 0, foreign: 0 });
    expect(report).toMatchObject({ received: 500, qos: Number(qos), connectionsLost: 0 });
    const { p50 = -1, p99 = -1, max = -1 } = report.latencyUs ?? {};
    expect(p50).toBeGreaterThanOrEqual(0);
    expect(p99).toBeGreaterThanOrEqual(p50);
    expect(max).toBeGreaterThanOrEqual(p99);
  });

  it.each([
    ["pairs", ["--publishers", "3", "--subscribers", "3"], 3, 500],
    ["a fan-out", ["--subscribers", "4"], 1, 2_000],
    ["a fan-in", ["--publishers", "4"], 1, 500],
    ["more topics than subscribers", ["--topics", "2"], 2, 500],
    ["topics picked at random", ["--pick", "random", "--topics", "7"], 7, 500],
    [
      "a shared subscription to topics picked at random",
      ["--subscribers", "3", "--share", "g", "--pick", "random"],
      1_000,
      500,
    ],
    ["payloads of random size", ["--size", "16-400", "-q", "2"], 1, 500],
    ["a shared subscription", ["--subscribers", "3", "--share", "g"], 1, 500],
    [
      "both sides on one topic",
      ["--publishers", "2", "--subscribers", "2", "--topics", "1"],
      1,
      1_000,
    ],
    ["properties", ["--user-properties", "2", "--content-type", "x", "-s", "1k"], 1, 500],
    ["a lower QoS of the subscriber", ["-q", "2", "--subscriber-qos", "0"], 1, 500],
  ])("loads a server by %s", async (_name, args, topics, received) => {
    const { flags } = await startTestServer();
    const report = await bench(flags, ...args);
    expect(report).toMatchObject({ topics, sent: 500, received, lost: 0, duplicates: 0 });
  });

  it("measures acknowledgements when nobody subscribes", async () => {
    const { flags } = await startTestServer();
    const report = await bench(flags, "--subscribers", "0", "-q", "1");
    expect(report).toMatchObject({ sent: 500, received: 0, lost: 0 });
    expect(report.latencyUs).toMatchObject({ until: "acknowledgement" });
    expect(await bench(flags, "--subscribers", "0")).toMatchObject({
      latencyUs: null,
      ratePerSecond: null,
    });
  });

  it("keeps to a rate", async () => {
    const { flags } = await startTestServer();
    const args = ["--publishers", "2", "--subscribers", "2", "--rate", "5000"];
    const report = await bench(flags, ...args);
    expect(report).toMatchObject({ ratePerSecond: 5_000, sent: 500, received: 500, lost: 0 });
    // 500 messages have 499 intervals between them, so it cannot have taken less.
    expect(report.seconds).toBeGreaterThanOrEqual(0.0998);
  });

  it("warms up, measures for a while, and prints it for people", async () => {
    const { flags } = await startTestServer();
    const args = ["bench", ...flags, "--duration", "0.1", "--warm-up", "0.05"];
    const { exitCode, stdout } = await runToEnd(args);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^mqtt:\/\/127\.0\.0\.1:\d+: MQTT 5\.0, QoS 0, 1 -> 1 clients, 1 topics, 64 bytes, window 1000\n/,
    );
    expect(stdout).toMatch(/^sent +[\d ]+\/s {2}[\d.]+ MB\/s$/m);
    expect(stdout).toMatch(/^latency +p50 .* p99\.9 .* \(until delivery\)$/m);
    expect(stdout).toMatch(/^lost 0, duplicates 0$/m);
  });

  it("shows progress on a terminal, and clears it away", async () => {
    const { flags } = await startTestServer();
    const command = start(["bench", ...flags, "--warm-up", "0"], { isTTY: true });
    await command.stderr.waitFor(/K1 s {2}sent [\d ]+\/s {2}received [\d ]+\/s$/);
    command.signal("SIGINT");
    expect(await command.exitCode).toBe(0);
    expect(command.stderr.text.endsWith("\r\u001b[K")).toBe(true);
  });

  it("ends early at Ctrl-C, with the result up to then", async () => {
    const { flags, server } = await startTestServer();
    const command = start(["bench", ...flags, "--json"]);
    await expect.poll(() => server.statistics.publishesReceived).toBeGreaterThan(0);
    command.signal("SIGINT");
    expect(await command.exitCode).toBe(0);
    expect(JSON.parse(command.stdout.text)).toMatchObject({ lost: 0 });
  });

  it("goes over WebSocket, with TLS too", async () => {
    const { ca, server: pair } = makeCertificates(folder);
    const secure = { cert: readFileSync(pair.cert), key: readFileSync(pair.key) };
    const plain = await startTestServer({
      port: undefined,
      listeners: [{ type: "websocket", port: 0, path: "/other" }],
    });
    const encrypted = await startTestServer({
      port: undefined,
      listeners: [{ type: "websocket", port: 0, ...secure }],
    });
    const mixed = ["--ws", "--pick", "random", "-q", "1"];
    const report = await bench(plain.flags, ...mixed, "--ws-path", "other");
    expect(report).toMatchObject({ received: 500, lost: 0 });
    expect(report.url).toBe(`ws://127.0.0.1:${plain.port}/other`);
    const second = await bench([...encrypted.flags, "--cafile", ca], ...mixed);
    expect(second).toMatchObject({ received: 500, lost: 0 });
    expect(second.url).toBe(`wss://127.0.0.1:${encrypted.port}/mqtt`);
  });

  it("goes over TLS and unix sockets, and shows user name and password", async () => {
    const { ca, server: pair } = makeCertificates(folder);
    const path = `${folder}/bench.sock`;
    const { server } = await startTestServer({
      port: undefined,
      users: { ann: "secret" },
      listeners: [
        { type: "tls", port: 0, cert: readFileSync(pair.cert), key: readFileSync(pair.key) },
        { type: "unix", path },
      ],
    });
    const credentials = ["-u", "ann", "-P", "secret"];
    const port = String(server.address("tls").port);
    expect((await bench(["-p", port, "--cafile", ca], ...credentials)).received).toBe(500);
    expect((await bench(["--unix", path], ...credentials)).received).toBe(500);
    const refused = await runToEnd(["bench", "--unix", path]);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/^anax bench: [^\n]*Bad User Name or Password\n$/);
  });

  it("reports messages that the server refuses", async () => {
    const { flags } = await startTestServer({
      on: {
        interceptingPublish: (event) => {
          event.processPublish = false;
          event.response.reasonCode = 0x87;
        },
      },
    });
    const report = await bench(flags, "--subscribers", "0", "-q", "1");
    expect(report.refused).toBe(500);
  });

  it("tells what size of packets the server takes, if messages are larger", async () => {
    const { flags } = await startTestServer({ maximumPacketSize: 1_000 });
    const { exitCode, stdout, stderr } = await runToEnd(["bench", ...flags, "-s", "1000"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toMatch(
      /^anax bench: a payload of 1000 bytes makes packets of 10\d\d bytes, and the server takes at most 1000: choose a smaller --size\n$/,
    );
  });

  it("fails when nothing is delivered", async () => {
    const { flags } = await startTestServer({
      on: {
        interceptingPublish: (event) => {
          event.processPublish = false;
        },
      },
    });
    const command = ["bench", ...flags, "--duration", "1", "--warm-up", "0"];
    const { exitCode, stderr } = await runToEnd(command);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^anax bench: of \d+ messages that were published none was delivered\n$/,
    );
  });

  it.each([
    [
      ["--topic-prefix", "a/#"],
      '--topic-prefix "a/#" is not the beginning of a topic, which is not empty and has no + #',
    ],
    [["--share", "a/b"], "is not a ShareName, which is not empty and has no / + #"],
    [["--content-type", "x", "-V", "mqttv311"], "--content-type needs MQTT 5.0: -V mqttv5"],
    [["--user-properties", "1", "-V", "mqttv311"], "--user-properties needs MQTT 5.0: -V mqttv5"],
  ])("refuses %s", async (args, text) => {
    const { exitCode, stderr } = await runToEnd(["bench", ...args]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(text);
  });

  it("does not count what others publish on its topics", async () => {
    const { flags, server } = await startTestServer();
    server.on("interceptingPublish", ({ applicationMessage, clientId }) => {
      if (clientId === "" || applicationMessage === undefined) return;
      void server.injectApplicationMessage({ topic: applicationMessage.topic, payload: "x" });
    });
    expect(await bench(flags, "--count", "5")).toMatchObject({ received: 5, foreign: 5, lost: 0 });
  });

  it("fails when the server closes a connection", async () => {
    const { flags, server } = await startTestServer();
    const command = start(["bench", ...flags]);
    await expect.poll(() => server.statistics.publishesReceived).toBeGreaterThan(0);
    await server.stop({ deadlineMs: 0 });
    expect(await command.exitCode).toBe(1);
    expect(command.stderr.text).toBe("anax bench: the server disconnected: Server shutting down\n");
  });

  it("finds out what a server loses and what it sends twice", async () => {
    const relay = await carelessServer();
    const address = relay.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const args = ["bench", "-p", String(port), "--count", "9", "--window", "9", "--json"];
    const { stdout } = await runToEnd(args);
    relay.close();
    expect(JSON.parse(stdout)).toMatchObject({ sent: 9, duplicates: 3, lost: 3 });
  });

  it.each([
    ["nobody there", 1, ["-p", "1"]],
    ["properties before MQTT 5.0", 2, ["-V", "311", "--user-properties", "1"]],
    ["a payload without room for a stamp", 2, ["-s", "11"]],
    ["no publisher", 2, ["--publishers", "0"]],
    ["a unix socket and a port", 2, ["--unix", "x", "-p", "1"]],
  ])("says in one line that there is %s", async (_name, expected, args) => {
    const { exitCode, stderr } = await runToEnd(["bench", ...args]);
    expect(exitCode).toBe(expected);
    expect(stderr).toMatch(/^anax bench: [^\n]+\n$/);
  });
});

/** Passes messages on to whoever has subscribed; of three, the first arrives, the next is lost, the third comes twice. */
function carelessServer(): Promise<Server> {
  let deliver: (packet: Uint8Array) => void = () => {};
  let count = 0;
  const server = createServer((socket) => {
    const framer = new Framer(65_536);
    socket.on("data", (chunk: Uint8Array) => {
      framer.push(chunk);
      while (framer.next()) {
        const { firstByte, bytes, start: from, bodyStart, end } = framer;
        const packet = decodePacket(firstByte, bytes, bodyStart, end, 5);
        if (packet.type === "connect") {
          socket.write(encodePacket({ type: "connack", sessionPresent: false, reasonCode: 0 }, 5));
        } else if (packet.type === "subscribe") {
          const { packetIdentifier } = packet;
          socket.write(encodePacket({ type: "suback", packetIdentifier, reasonCodes: [0] }, 5));
          deliver = (published) => void socket.write(published);
        } else if (packet.type === "publish") {
          const copies = [1, 0, 2][count % 3] ?? 1;
          count += 1;
          for (let copy = 0; copy < copies; copy += 1) deliver(bytes.slice(from, end));
        }
      }
    });
    socket.on("error", () => socket.destroy());
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

describe("MixedBatch", () => {
  const topics = ["t/0", "t/1/é", "t/22"];

  it.each([
    [0, 4],
    [1, 4],
    [2, 5],
    [0, 5],
  ] as const)("holds PUBLISH packets of QoS %i, protocol level %i, that differ", (qos, version) => {
    const properties = version === 5 ? { properties: { contentType: "x" } } : {};
    const template = { topic: "", payloadBytes: 40, publisher: 3, mark: 9, qos, version };
    const batch = new MixedBatch({ ...template, ...properties }, { topics, payloadBytesMin: 12 });
    for (let slot = 0; slot < 200; slot += 1) {
      batch.stamp(slot, 1_000 + slot, slot);
      if (qos > 0) batch.identify(slot, slot + 1);
    }
    const framer = new Framer(1_000);
    framer.push(batch.first(200));
    const seen = { topics: new Set<string>(), sizes: new Set<number>() };
    for (let slot = 0; slot < 200; slot += 1) {
      expect(framer.next()).toBe(true);
      const { firstByte, bytes, bodyStart, end } = framer;
      const packet = decodePacket(firstByte, bytes, bodyStart, end, version);
      if (packet.type !== "publish") throw new Error(packet.type);
      expect(packet).toMatchObject({ qos, ...(qos === 0 ? {} : { packetIdentifier: slot + 1 }) });
      if (version === 5) expect(packet.properties).toEqual({ contentType: "x" });
      const at = payloadStart(firstByte, bytes, bodyStart, version === 5);
      expect(end - at).toBe(packet.payload.length);
      expect([stampTime(bytes, at), stampSequence(bytes, at)]).toEqual([1_000 + slot, slot]);
      expect([stampPublisher(bytes, at), stampMark(bytes, at)]).toEqual([3, 9]);
      seen.topics.add(packet.topic);
      seen.sizes.add(packet.payload.length);
    }
    expect(framer.next()).toBe(false);
    expect([...seen.topics].toSorted()).toEqual(topics);
    expect(Math.min(...seen.sizes)).toBe(12);
    expect(Math.max(...seen.sizes)).toBe(40);
  });
});

describe("MessageBatch", () => {
  const template = {
    topic: "a/é",
    payloadBytes: 20,
    version: 5,
    publisher: 513,
    mark: 258,
    properties: { contentType: "x" },
  } as const;

  it.each([0, 1, 2] as const)("holds PUBLISH packets of QoS %i as the codec writes them", (qos) => {
    const batch = new MessageBatch({ ...template, qos });
    for (const slot of [0, 1]) {
      batch.stamp(slot, 0xfedc_ba98 + slot, 70_000 + slot);
      if (qos > 0) batch.identify(slot, 4_660 + slot);
    }
    const framer = new Framer(1_000);
    framer.push(batch.first(2));
    for (const slot of [0, 1]) {
      expect(framer.next()).toBe(true);
      const { firstByte, bytes, bodyStart, end } = framer;
      const packet = decodePacket(firstByte, bytes, bodyStart, end, 5);
      expect(packet).toMatchObject({ type: "publish", topic: "a/é", qos });
      expect(packet).toMatchObject({ properties: { contentType: "x" } });
      if (qos > 0) expect(packet).toMatchObject({ packetIdentifier: 4_660 + slot });
      const stampAt = end - template.payloadBytes;
      expect(stampTime(bytes, stampAt)).toBe(0xfedc_ba98 + slot);
      expect(stampSequence(bytes, stampAt)).toBe(70_000 + slot);
      expect(stampPublisher(bytes, stampAt)).toBe(513);
      expect(stampMark(bytes, stampAt)).toBe(258);
    }
    expect(framer.next()).toBe(false);
  });

  it("holds one message that is larger than a batch", () => {
    const batch = new MessageBatch({ ...template, qos: 0, payloadBytes: 100_000 });
    expect(batch.capacity).toBe(1);
    expect(batch.first(1).length).toBe(batch.packetBytes);
  });
});

describe("LatencyHistogram", () => {
  it("knows every percentile to less than one percent", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3_600_000_000 }), { minLength: 1, maxLength: 50 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (values, share) => {
          const histogram = new LatencyHistogram();
          for (const value of values) histogram.record(value);
          const sorted = values.toSorted((a, b) => a - b);
          const exact = sorted[Math.max(1, Math.ceil(values.length * share)) - 1] ?? 0;
          const found = histogram.percentile(share);
          expect(found).toBeGreaterThanOrEqual(exact);
          expect(found).toBeLessThanOrEqual(exact * 1.01 + 1);
          expect(histogram.maximum).toBe(Math.max(...values));
        },
      ),
    );
  });

  it("is empty at first and after it was cleared", () => {
    const histogram = new LatencyHistogram();
    histogram.record(7);
    histogram.clear();
    expect([histogram.count, histogram.maximum, histogram.percentile(0.5)]).toEqual([0, 0, 0]);
  });
});

const REPORT: BenchReport = {
  url: "mqtt://127.0.0.1:1883",
  protocolVersion: 5,
  publishers: 1,
  subscribers: 1,
  topics: 1,
  qos: 0,
  payloadBytes: 64,
  payloadBytesMin: 64,
  pick: "in-turn",
  window: 1_000,
  ratePerSecond: null,
  seconds: 1,
  sent: 1_234_567,
  sentPerSecond: 1_234_567,
  received: 1_000,
  receivedPerSecond: 1_000,
  lost: 1,
  duplicates: 2,
  refused: 3,
  foreign: 4,
  connectionsLost: 5,
  latencyUs: {
    until: "delivery",
    p50: 12,
    p90: 1_234,
    p99: 123_456,
    p999: 5_000_000,
    max: 5_000_000,
  },
  generatorCpu: 0.99,
};

describe("reportText", () => {
  it("tells trouble, and that the generator is the limit", () => {
    const text = reportText(REPORT);
    expect(text.split("\n")).toEqual([
      "sent           1 234 567    1 234 567/s  79.0 MB/s",
      "received           1 000        1 000/s  0.1 MB/s",
      "latency   p50 12 us  p90 1.23 ms  p99 123 ms  p99.9 5000 ms  max 5000 ms  (until delivery)",
      "lost 1, duplicates 2, refused 3, of others 4, connections lost 5",
      "this load generator used a whole core: the server may be able to do more",
      "",
    ]);
  });

  it("does not call a generator busy that has sent nothing", () => {
    expect(reportText({ ...REPORT, sent: 0 })).not.toContain("generator");
  });
});
