import { duplexPair } from "node:stream";
import type { ConnectPacket } from "@anax/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AccessRules, MqttServer, Trace, TraceOptions, TraceRecord } from "../../src/index.ts";
import { ManualClock } from "../support/manual-clock.ts";
import {
  connected,
  LASTING,
  publication,
  startedServer,
  subscribe,
} from "../support/memory-server.ts";
import { turns } from "../support/turns.ts";
import type { MqttPeer } from "../support/mqtt-peer.ts";

const RULES: AccessRules = {
  rules: [
    { deny: "publish", topics: "locked/#", source: "access.yaml:3" },
    { allow: "both", topics: "#", source: "access.yaml:4" },
  ],
};

const clock = new ManualClock();
const logged: object[] = [];
let server: MqttServer;
let names = 0;
const peers: MqttPeer[] = [];

beforeAll(async () => {
  server = await startedServer({
    clock,
    accessRules: RULES,
    queueMessagesMax: 2,
    roomWaitMs: 0,
    logger: { level: "info", write: (record) => void logged.push(record) },
  });
});
afterAll(async () => {
  // A server that stops waits for clients that do not leave.
  for (const peer of peers) peer.end();
  await server.stop();
});

async function come(clientId: string, fields: Partial<ConnectPacket> = {}): Promise<MqttPeer> {
  const peer = await connected(server, clientId, fields);
  peers.push(peer);
  return peer;
}

async function trace(options: TraceOptions): Promise<Trace> {
  return server.traces.begin(options);
}

/** A name that no other case uses. */
function newName(): string {
  names += 1;
  return `c${names}`;
}

/** What is easily compared of records. */
function brief(records: readonly TraceRecord[]): string[] {
  return records.map(({ type, packet, topic, reason, clientId }) =>
    [type, packet?.type ?? reason ?? topic ?? "", clientId].join(" ").trim(),
  );
}

async function all(it: Trace): Promise<TraceRecord[]> {
  const records: TraceRecord[] = [];
  for await (const record of it) records.push(record);
  return records;
}

async function ping(peer: MqttPeer): Promise<void> {
  peer.sendPacket({ type: "pingreq" });
  for (let packet = await peer.packet(); packet?.type !== "pingresp";) packet = await peer.packet();
}

describe("a trace of a client", () => {
  it("tells each packet from CONNECT to the end, and nothing of others", async () => {
    const [name, other] = [newName(), newName()];
    await using it = await trace({ clientId: name });
    const receiver = await come(other);
    await subscribe(receiver, `a/${name}`);
    const peer = await come(name, { userName: "ann", password: new Uint8Array([1]) });
    await subscribe(peer, "a/b");
    for (const qos of [0, 1, 2] as const) peer.sendPacket(publication(`a/${name}`, "secret", qos));
    await ping(receiver);
    await turns();
    peer.sendPacket({ type: "disconnect", reasonCode: 0 });
    await turns();
    expect(brief(it.records)).toEqual(
      [
        "packetReceived connect",
        "packetSent connack",
        "connected ",
        "packetReceived subscribe",
        "packetSent suback",
        "packetReceived publish",
        "packetReceived publish",
        "packetSent puback",
        "packetReceived publish",
        "packetSent pubrec",
        "packetReceived disconnect",
        "disconnected clean",
      ].map((line) => `${line} ${name}`),
    );
    expect(JSON.stringify(it.records)).not.toContain("secret");
    const [connect, , , , , publish] = it.records;
    expect(connect).toMatchObject({
      userName: "ann",
      packet: { clientId: name, passwordBytes: 1, protocolVersion: 5 },
    });
    expect(connect?.packet).not.toHaveProperty("password");
    expect(publish).toMatchObject({ topic: `a/${name}`, packet: { qos: 0, payloadBytes: 6 } });
  });

  it("follows one that is connected already, whose runs are taken apart then, and lets it go after", async () => {
    const name = newName();
    const peer = await come(name);
    const receiver = await come(newName());
    await subscribe(receiver, `r/${name}`, 1);
    const sent = await trace({ clientId: name, payloadBytesMax: 2 });
    const many = Array.from({ length: 3 }, (_, index) => ({
      ...publication(`r/${name}`, "hello", 1),
      packetIdentifier: index + 1,
    }));
    for (const packet of many) peer.sendPacket(packet);
    await ping(peer);
    sent.stop();
    const count = sent.records.length;
    for (const packet of many) peer.sendPacket(packet);
    await ping(peer);
    expect(sent.records.length).toBe(count);
    const payloads = sent.records.filter(({ packet }) => packet?.type === "publish");
    expect(payloads.map(({ packet }) => packet?.["payload"])).toEqual(
      many.map(() => new Uint8Array([0x68, 0x65])),
    );
    expect(payloads.map(({ packet }) => packet?.["packetIdentifier"])).toEqual([1, 2, 3]);
  });

  it("tells what a receiver is sent of the runs of others, and what it acknowledges", async () => {
    const [name, publisherName] = [newName(), newName()];
    const receiver = await come(name);
    await subscribe(receiver, `d/${name}`, 1);
    const publisher = await come(publisherName);
    await using it = await trace({ clientId: name });
    for (let index = 1; index <= 2; index += 1)
      publisher.sendPacket({ ...publication(`d/${name}`, "x", 1), packetIdentifier: index });
    const first = await receiver.packet();
    receiver.sendPacket({ type: "puback", packetIdentifier: 1, reasonCode: 0 });
    await ping(receiver);
    expect(first).toMatchObject({ type: "publish" });
    expect(brief(it.records)).toEqual(
      expect.arrayContaining(
        ["packetSent publish", "packetReceived puback"].map((line) => `${line} ${name}`),
      ),
    );
    expect(it.records.filter(({ packet }) => packet?.type === "publish")).toHaveLength(2);
  });

  it("tells what waits and what is dropped for one that is away", async () => {
    const name = newName();
    const receiver = await come(name, LASTING);
    await subscribe(receiver, `q/${name}`, 1);
    receiver.stream.destroy();
    await turns();
    await using it = await trace({ clientId: name });
    const publisher = await come(newName());
    for (let index = 1; index <= 3; index += 1)
      publisher.sendPacket({ ...publication(`q/${name}`, "x", 1), packetIdentifier: index });
    await ping(publisher);
    const types = it.records.map(({ type, reason }) => `${type} ${reason ?? ""}`.trim());
    expect(types.filter((type) => type === "queued")).toHaveLength(3);
    expect(types).toContain("dropped queue");
    expect(it.records.find(({ type }) => type === "queued")).toMatchObject({
      topic: `q/${name}`,
      payloadBytes: 1,
    });
  });

  it("answers why a message was refused, with the rule and where it is written", async () => {
    const name = newName();
    const peer = await come(name, { protocolVersion: 4 });
    await using it = await trace({ clientId: name });
    peer.sendPacket(publication("locked/x", "", 0));
    await ping(peer);
    const denied = it.records.find(({ type }) => type === "denied");
    expect(denied).toMatchObject({
      action: "publish",
      topic: "locked/x",
      reason: "this rule denies it",
      rule: { deny: "publish", source: "access.yaml:3" },
    });
    expect(it.records.find(({ type }) => type === "publishRefused")).toMatchObject({
      topic: "locked/x",
      reasonCode: 0x87,
      reason: 'not allowed to publish to "locked/x"',
    });
  });

  it("tells of one that breaks the protocol why its connection ended", async () => {
    const name = newName();
    const peer = await come(name);
    await using it = await trace({ clientId: name });
    peer.sendPacket({ type: "pingresp" });
    await peer.packet();
    await turns();
    expect(it.records.at(-1)).toMatchObject({
      type: "disconnected",
      reasonCode: 0x82,
      reason: "a Client sent pingresp, which only Servers send",
    });
  });

  it("tells why one is not let in", async () => {
    const name = newName();
    await server.bans.add({ kind: "clientId", value: name });
    await using it = await trace({ clientId: name });
    await expect(come(name)).rejects.toThrow("was not let in");
    expect(it.records.find(({ type }) => type === "refused")).toMatchObject({ reasonCode: 0x8a });
  });
});

describe("a trace of a topic", () => {
  it("tells who publishes to it, by alias too, and who gets it", async () => {
    const [from, to] = [newName(), newName()];
    const publisher = await come(from);
    const receiver = await come(to);
    await using it = await trace({ topicFilter: `t/${from}/+` });
    await subscribe(receiver, `t/${from}/1`);
    const message = publication(`t/${from}/1`, "x");
    publisher.sendPacket({ ...message, properties: { topicAlias: 1 } });
    publisher.sendPacket({ ...message, topic: "", properties: { topicAlias: 1 } });
    publisher.sendPacket(publication(`t/other`, "x"));
    await ping(publisher);
    await ping(receiver);
    expect(brief(it.records)).toEqual([
      `packetReceived subscribe ${to}`,
      `packetReceived publish ${from}`,
      `packetSent publish ${to}`,
      `packetReceived publish ${from}`,
      `packetSent publish ${to}`,
    ]);
  });
});

describe("a trace of an address", () => {
  it("tells of its clients, those that never say who they are too", async () => {
    await using it = await trace({ address: "192.0.2.0/24" });
    const [near, far] = duplexPair();
    server.handle(far, { transport: "tcp", remoteAddress: "192.0.2.9" });
    near.write("GET / HTTP/1.1\r\n\r\n");
    near.end();
    await turns();
    expect(it.records).toMatchObject([
      {
        type: "refused",
        address: "192.0.2.9",
        reason: "no CONNECT: the first packet is not CONNECT",
      },
    ]);
  });

  it("tells that the address is banned", async () => {
    await server.bans.add({ kind: "address", value: "198.51.100.4" });
    await using it = await trace({ address: "198.51.100.4" });
    const [, far] = duplexPair();
    server.handle(far, { transport: "tcp", remoteAddress: "198.51.100.4" });
    expect(it.records).toMatchObject([{ type: "refused", address: "198.51.100.4" }]);
  });
});

describe("the end of a trace", () => {
  it("comes with its time, and then costs nothing", async () => {
    const it = await trace({ clientId: "x", durationMs: 5_000 });
    clock.advance(4_999);
    expect(it.endReason).toBeUndefined();
    clock.advance(1);
    expect(it.endReason).toBe("time");
    expect(await all(it)).toEqual([]);
  });

  it("comes with its records and bytes", async () => {
    const name = newName();
    const few = await trace({ clientId: name, recordsMax: 2 });
    const small = await trace({ clientId: name, bytesMax: 1_024 });
    const peer = await come(name);
    for (let index = 0; index < 10; index += 1) await ping(peer);
    expect(few).toMatchObject({ endReason: "records", records: { length: 2 } });
    expect(small.endReason).toBe("bytes");
    expect(small.bytes).toBeLessThanOrEqual(1_024);
    const read = await all(few);
    expect(read).toEqual(few.records);
  });

  it("leaves its records for ten minutes, unless it is deleted", async () => {
    const it = await trace({ clientId: "x" });
    it.stop();
    expect(server.traces.get(it.id)).toBe(it);
    clock.advance(600_000);
    expect(server.traces.get(it.id)).toBeUndefined();
    const other = await trace({ clientId: "x" });
    expect(server.traces.delete(other.id)).toBe(true);
    expect(other.endReason).toBe("stopped");
    expect(server.traces.delete(other.id)).toBe(false);
  });
});

describe("begin", () => {
  it("says what is wrong", async () => {
    for (const [options, message] of [
      [{}, "one of clientId, topicFilter and address"],
      [{ topicFilter: "a/#/b" }, '"a/#/b"'],
      [{ address: "here" }, '"here"'],
      [{ clientId: "x", durationMs: 0 }, "durationMs"],
      [{ clientId: "x", payloadBytesMax: 65_537 }, "65536"],
    ] as const)
      await expect(server.traces.begin(options)).rejects.toThrow(message);
  });

  it("is logged with who asked", async () => {
    await using it = await trace({ clientId: "logged", askedBy: "ann" });
    expect(it.endReason).toBeUndefined();
    expect(logged).toContainEqual(
      expect.objectContaining({
        message: "a trace begins",
        fields: expect.objectContaining({ clientId: "logged", askedBy: "ann" }),
      }),
    );
  });

  it("is refused where 16 go on", async () => {
    const all: Trace[] = [];
    const begin = async (): Promise<void> => void all.push(await trace({ clientId: "x" }));
    await expect(
      (async () => {
        for (let count = 0; count <= 16; count += 1) await begin();
      })(),
    ).rejects.toThrow("16 traces go on");
    for (const one of all) one.stop();
    await begin();
    all.at(-1)?.stop();
  });
});
