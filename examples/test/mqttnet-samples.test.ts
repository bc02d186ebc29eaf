/** MQTTnet's samples on Anax: each is run, and says what it should. */
import { createServer } from "node:net";
import { MqttServer } from "@anax/server";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import * as connection from "../mqttnet/client-connection.ts";
import * as publishing from "../mqttnet/client-publish.ts";
import * as subscribing from "../mqttnet/client-subscribe.ts";
import * as diagnostics from "../mqttnet/diagnostics.ts";
import { whatIsAsked } from "../mqttnet/run-samples.ts";
import type { Sample } from "../mqttnet/run-samples.ts";
import * as serverEvents from "../mqttnet/server-events.ts";
import * as serverListeners from "../mqttnet/server-listeners.ts";
import * as serverSimple from "../mqttnet/server-simple.ts";

const server = new MqttServer({
  listeners: [
    { type: "tcp", port: 0 },
    { type: "websocket", port: 0 },
  ],
  systemTopics: false,
});
let url: string;

beforeAll(async () => {
  await server.start();
  ({ url } = server.address("tcp"));
});

afterAll(() => server.stop());

async function said(sample: Sample, at = url): Promise<string[]> {
  const lines: string[] = [];
  await sample(at, (line) => lines.push(line));
  return lines;
}

it("one sample or all of them run at any URL", () => {
  const server = "mqtt://127.0.0.1:1883";
  const there = "mqtt://there:1884";
  expect(whatIsAsked([])).toEqual({ wanted: undefined, server });
  expect(whatIsAsked(["pingServer"])).toEqual({ wanted: "pingServer", server });
  expect(whatIsAsked([there])).toEqual({ wanted: undefined, server: there });
  expect(whatIsAsked(["pingServer", there])).toEqual({ wanted: "pingServer", server: there });
});

describe("client connection", () => {
  it.each([
    [connection.connectClient, ["connected, session present: false"]],
    [connection.disconnectClean, ["disconnected, and no Will"]],
    [connection.disconnectNonClean, ["the Will says: gone"]],
    [
      connection.connectClientUsingVersions,
      [5, 4, 3].map((version) => `version ${version}: QoS up to 2, keep alive 60 s`),
    ],
    [connection.pingServer, ["answered after some milliseconds"]],
  ])("%o", async (sample, lines) => {
    expect(await said(sample)).toEqual(lines);
  });

  it("over WebSocket", async () => {
    const { url: webSocketUrl } = server.address("ws");
    const lines = await said(connection.connectClientUsingWebSockets, webSocketUrl);
    expect(lines).toEqual(["connected to ws"]);
  });

  it("gives up in time", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void silent.close());
    await new Promise((resolve) => silent.once("listening", resolve));
    const address = silent.address();
    const port = typeof address === "object" ? address?.port : 0;
    const lines = await said(connection.connectClientTimeout, `mqtt://127.0.0.1:${port}`);
    expect(lines).toEqual(["not connected: MqttTimeoutError"]);
  });

  it("comes back by itself", async () => {
    const lines: string[] = [];
    const loseIt = (): Promise<boolean> =>
      server.clients.disconnect("reconnects", { reasonCode: 0x89 });
    await connection.reconnect(url, (line) => lines.push(line), loseIt);
    expect(lines).toEqual([
      "connection 1",
      "lost, and coming back",
      "connection 2",
      "disconnected",
    ]);
  });
});

describe("client publish and subscribe", () => {
  it.each([
    [publishing.publishApplicationMessage, ["published"]],
    [publishing.publishMultipleApplicationMessages, ["published 3, all taken: true"]],
    [subscribing.subscribeTopic, ["granted QoS 1"]],
    [subscribing.subscribeMultipleTopics, ["granted 1, 1, 0, 0"]],
    [subscribing.sendResponses, ["refused broken"]],
    [subscribing.processConcurrently, ["3 jobs done"]],
    [subscribing.processConcurrentlyWithLimit, ["6 jobs done, never more than 2 at a time"]],
    [subscribing.subscribeTopicWithTemplate, ["kitchen is warm"]],
    [
      subscribing.handleReceivedApplicationMessage,
      ["a message came to samples/topic/2", "it says hello"],
    ],
  ])("%o", async (sample, lines) => {
    expect(await said(sample)).toEqual(lines);
  });
});

describe("diagnostics", () => {
  it("logs to the console", async () => {
    const lines = await said(diagnostics.logToConsole);
    expect(lines.some((line) => line.includes("connection: client connected"))).toBe(true);
  });

  it("logs to a logger of one's own", async () => {
    const lines = await said(diagnostics.logToOwnLogger);
    expect(lines).toContain("info of connection: client connected");
  });

  it("inspects packets", async () => {
    const lines = await said(diagnostics.inspectPackets);
    const types = lines.map((line) => line.split(" ")[1]);
    expect(types).toEqual(["connect", "connack", "publish", "puback", "disconnect"]);
  });
});

describe("server", () => {
  it.each([
    [serverSimple.runMinimalServer, ["listening: true"]],
    [serverSimple.forceDisconnectingClient, ["sent away: maintenance"]],
    [serverSimple.publishMessageFromBroker, ["matched 1, queued 1", "the client got Test"]],
    [serverSimple.validatingConnections, ["let in", "refused with 0x85", "refused with 0x86"]],
    [serverEvents.interceptApplicationMessages, ["samples/time says now"]],
    [serverEvents.persistRetainedMessages, ["first start: 0 retained", "second start: 1 retained"]],
    [
      serverEvents.getNotifiedWhenClientReceivedMessage,
      ["receiver has samples/order", "delivered, reason code 0"],
    ],
    [serverListeners.runServerWithSelfSignedCertificate, ["connected with TLSv1.3"]],
    [
      serverListeners.startServerWithWebSockets,
      ["a client came over tcp", "a client came over ws"],
    ],
  ])("%o", async (sample, lines) => {
    expect(new Set(await said(sample))).toEqual(new Set(lines));
  });

  it("logs", async () => {
    const lines = await said(serverSimple.runServerWithLogging);
    expect(lines.length).toBeGreaterThan(0);
  });

  it("with a certificate that nobody vouches for is trusted by who knows it", async () => {
    const { key, cert } = serverListeners.selfSigned();
    const listeners = [{ type: "tls", port: 0, key, cert }] as const;
    await using secure = new MqttServer({ listeners, systemTopics: false });
    await secure.start();
    const at = secure.address("tls").url;
    const lines = await said(connection.inspectCertificateErrors, at);
    const print = (line: string): void => void lines.push(line);
    await connection.connectClientWithTls(at, print, { ca: cert });
    expect(lines).toEqual(["not trusted: DEPTH_ZERO_SELF_SIGNED_CERT", "connected over TLS"]);
  });
});
