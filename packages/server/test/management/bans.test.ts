import { duplexPair } from "node:stream";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { BanFile } from "../../src/index.ts";
import type { BanRequest, BanStore, MqttServer, MqttServerOptions } from "../../src/index.ts";
import { BANS_MAX } from "../../src/bans/ban-list.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { connected, LASTING, startedServer } from "../support/memory-server.ts";
import { MqttPeer } from "../support/mqtt-peer.ts";
import type { ConnectPacket, Packet, ProtocolVersion } from "@anax/protocol";

const running: MqttServer[] = [];
const peers: MqttPeer[] = [];
const folder = mkdtempSync(join(tmpdir(), "anax-bans-"));

afterEach(async () => {
  // A server that stops waits for clients that do not leave.
  for (const peer of peers.splice(0)) peer.end();
  for (const server of running.splice(0)) await server.stop();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function started(options: MqttServerOptions = {}): Promise<MqttServer> {
  const server = await startedServer(options);
  running.push(server);
  return server;
}

/** What a client is answered that comes from this address. */
async function answerTo(
  server: MqttServer,
  fields: Partial<ConnectPacket>,
  remoteAddress = "198.51.100.7",
): Promise<Packet | undefined> {
  const version: ProtocolVersion = fields.protocolVersion ?? 5;
  const [near, far] = duplexPair();
  server.handle(far, { transport: "tcp", remoteAddress });
  // The other end of such a pair is not told.
  if (far.destroyed) return undefined;
  const peer = new MqttPeer(near, version);
  peers.push(peer);
  return peer.connect(fields);
}

const REFUSED = { type: "connack", reasonCode: 0x8a };
const LET_IN = { type: "connack", reasonCode: 0 };

describe("a ban", () => {
  it("keeps out a Client Identifier, and says so in words of each version", async () => {
    const server = await started();
    await server.bans.add({ kind: "clientId", value: "bad" });
    expect(await answerTo(server, { clientId: "bad" })).toMatchObject(REFUSED);
    expect(await answerTo(server, { clientId: "bad", protocolVersion: 4 })).toMatchObject({
      type: "connack",
      // 5 on the wire: not authorized.
      reasonCode: 0x87,
    });
    expect(await answerTo(server, { clientId: "bad2" })).toMatchObject(LET_IN);
    expect(server.statistics.connectionsRefused).toBe(2);
  });

  it("keeps out a user, also one whom a handler gave the name", async () => {
    const server = await started();
    server.on("validatingConnection", (event) => {
      if (event.userName === "alias") event.userName = "bob";
    });
    await server.bans.add({ kind: "userName", value: "bob" });
    expect(await answerTo(server, { userName: "bob" })).toMatchObject(REFUSED);
    expect(await answerTo(server, { userName: "alias" })).toMatchObject(REFUSED);
    expect(await answerTo(server, { userName: "ann" })).toMatchObject(LET_IN);
  });

  it("closes connections of an address or a range before they are read", async () => {
    const server = await started();
    await server.bans.add({ kind: "address", value: "192.0.2.0/24" });
    await server.bans.add({ kind: "address", value: "2001:db8::1" });
    for (const address of ["192.0.2.255", "::ffff:192.0.2.9", "2001:db8:0::1"])
      expect(await answerTo(server, {}, address), address).toBeUndefined();
    for (const address of ["192.0.3.0", "2001:db8::2", "::ffff:192.0.3.9"])
      expect(await answerTo(server, {}, address), address).toMatchObject(LET_IN);
    expect(server.statistics.transportsRefused).toBe(3);
  });

  it("knows an address however it is written", async () => {
    const server = await started();
    await server.bans.add({ kind: "address", value: "2001:DB8:0:0::1" });
    await server.bans.add({ kind: "address", value: "::ffff:192.0.2.1" });
    expect(await server.bans.lift({ kind: "address", value: "2001:db8::2" })).toBe(false);
    for (const address of ["2001:db8::1", "192.0.2.1", "::FFFF:192.0.2.1"])
      expect(await answerTo(server, {}, address), address).toBeUndefined();
    expect(await server.bans.lift({ kind: "address", value: "192.0.2.1" })).toBe(true);
    expect(await answerTo(server, {}, "192.0.2.1")).toMatchObject(LET_IN);
  });

  it("sends away who is there, and leaves the session", async () => {
    const server = await started();
    const bad = await connected(server, "bad", LASTING);
    const good = await connected(server, "good");
    await server.bans.add({ kind: "clientId", value: "bad", reason: "floods" });
    expect(await bad.packet()).toMatchObject({ type: "disconnect", reasonCode: 0x98 });
    expect(server.sessions.get("bad")).toMatchObject({ isConnected: false });
    good.sendPacket({ type: "pingreq" });
    expect(await good.packet()).toEqual({ type: "pingresp" });
  });

  it("ends when its time is over, or when it is lifted", async () => {
    const clock = new ManualClock();
    const server = await started({ clock });
    const ban = await server.bans.add({ kind: "clientId", value: "a", durationMs: 1_000 });
    expect(ban).toEqual({
      kind: "clientId",
      value: "a",
      sinceMs: clock.now(),
      untilMs: clock.now() + 1_000,
    });
    await server.bans.add({ kind: "address", value: "192.0.2.1", durationMs: 1_000 });
    clock.advance(999);
    expect(await answerTo(server, { clientId: "a" })).toMatchObject(REFUSED);
    expect(await answerTo(server, {}, "192.0.2.1")).toBeUndefined();
    clock.advance(1);
    expect([...server.bans]).toEqual([]);
    expect(await answerTo(server, { clientId: "a" })).toMatchObject(LET_IN);
    expect(await answerTo(server, {}, "192.0.2.1")).toMatchObject(LET_IN);

    await server.bans.add({ kind: "clientId", value: "b" });
    expect(await server.bans.lift({ kind: "clientId", value: "b" })).toBe(true);
    expect(await server.bans.lift({ kind: "clientId", value: "b" })).toBe(false);
    expect(await answerTo(server, { clientId: "b" })).toMatchObject(LET_IN);
  });

  it("takes the place of an earlier one of the same subject", async () => {
    const server = await started();
    await server.bans.add({ kind: "clientId", value: "a", durationMs: 1 });
    await server.bans.add({ kind: "clientId", value: "a", reason: "for ever" });
    expect([...server.bans]).toMatchObject([{ value: "a", reason: "for ever" }]);
    expect([...server.bans][0]).not.toHaveProperty("untilMs");
  });

  it("is refused if it cannot be, and beyond ten thousand", async () => {
    const server = await started();
    const wrong: Record<string, unknown>[] = [
      { kind: "name", value: "a" },
      { kind: "clientId", value: "" },
      { kind: "clientId" },
      { kind: "address", value: "somewhere" },
      { kind: "address", value: "192.0.2.0/33" },
      { kind: "address", value: "::1/129" },
      { kind: "clientId", value: "a", durationMs: 0 },
      { kind: "clientId", value: "a", minutes: 5 },
    ];
    for (const ban of wrong) {
      const given = ban as unknown as BanRequest;
      await expect(server.bans.add(given), JSON.stringify(ban)).rejects.toMatchObject({
        code: "ANAX_CONFIGURATION",
      });
    }
    const many = Array.from({ length: BANS_MAX }, (_, index) => `c${index}`);
    await Promise.all(many.map((value) => server.bans.add({ kind: "clientId", value })));
    const oneMore = server.bans.add({ kind: "clientId", value: "more" });
    await expect(oneMore).rejects.toMatchObject({ code: "ANAX_SERVER_BUSY" });
    await server.bans.add({ kind: "clientId", value: "c7", reason: "again" });
    expect([...server.bans].length).toBe(BANS_MAX);
  });
});

describe("BanFile", () => {
  it("keeps bans while the server does not run", async () => {
    const path = join(folder, "bans.json");
    const first = await started({ banStore: new BanFile(path) });
    await Promise.all(
      ["a", "b", "c"].map((value) => first.bans.add({ kind: "clientId", value, reason: "x" })),
    );
    await first.bans.lift({ kind: "clientId", value: "b" });
    await first.stop();
    const second = await started({ banStore: new BanFile(path) });
    expect([...second.bans].map(({ value }) => value)).toEqual(["a", "c"]);
    expect(await answerTo(second, { clientId: "c" })).toMatchObject(REFUSED);
  });

  it("stops a start at a file that holds something else", async () => {
    const path = join(folder, "other.json");
    for (const text of [
      "{",
      "{}",
      '[{"kind":"clientId"}]',
      '[{"kind":"x","value":"a","sinceMs":1}]',
    ]) {
      writeFileSync(path, text);
      await expect(started({ banStore: new BanFile(path) }), text).rejects.toThrow(
        /other\.json has no list of bans/,
      );
      expect(readFileSync(path, "utf8")).toBe(text);
    }
  });

  it("has a twin of the program that never answers: the start ends in time", async () => {
    const banStore: BanStore = {
      load: () => new Promise(() => undefined),
      save: () => Promise.resolve(),
    };
    await expect(started({ banStore, startTimeoutMs: 20 })).rejects.toMatchObject({
      code: "ANAX_HANDLER_TIMEOUT",
      message: "the bans have not loaded after 20 ms",
    });
  });

  it("says so if it cannot save, and the ban is in force all the same", async () => {
    const server = await started({ banStore: new BanFile(join(folder, "none", "bans.json")) });
    await expect(server.bans.add({ kind: "clientId", value: "a" })).rejects.toMatchObject({
      code: "ENOENT",
    });
    expect(await answerTo(server, { clientId: "a" })).toMatchObject(REFUSED);
  });
});
