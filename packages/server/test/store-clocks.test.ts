import { MemoryMedium, MemoryStore } from "@anax/server/contracts";
import { inspectStore } from "@anax/server/journal";
import { afterEach, describe, expect, it } from "vitest";
import type { LogRecord, MqttServer } from "../src/index.ts";
import { Machine } from "./support/machine.ts";
import { connected, publication, startedServer, subscribe, text } from "./support/memory-server.ts";
import { turns } from "./support/turns.ts";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;

const servers: MqttServer[] = [];
let machine = new Machine();
let records: LogRecord[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    const stopped = server.stop({ deadlineMs: 1 });
    await turns();
    machine.steady.advance(1);
    await stopped;
  }
  machine = new Machine();
  records = [];
});

/** A new process on this machine. */
async function started(medium: MemoryMedium): Promise<MqttServer> {
  const server = await startedServer({
    store: new MemoryStore(medium),
    clock: machine.clock(),
    logger: { level: "info", write: (record) => void records.push(record) },
  });
  servers.push(server);
  return server;
}

/** Everything with a time: it ends after half an hour to a day. */
async function leaveThings(server: MqttServer): Promise<void> {
  const will = { topic: "will", payload: new Uint8Array([1]), qos: 1, retain: true } as const;
  const peer = await connected(server, "s", {
    cleanStart: false,
    properties: { sessionExpiryIntervalSeconds: 3_600 },
    will: { ...will, properties: { willDelayIntervalSeconds: 1_800 } },
  });
  await subscribe(peer, "t", 1);
  peer.stream.destroy();
  await turns();
  const message = { ...publication("t", "queued", 1) };
  const p = await connected(server, "p");
  p.sendPacket({ ...message, properties: { messageExpiryIntervalSeconds: 3_000 } });
  await p.packet();
  p.sendPacket({
    ...publication("r", "kept", 1),
    retain: true,
    properties: { messageExpiryIntervalSeconds: 86_400 },
  });
  await p.packet();
  p.stream.destroy();
  await turns();
}

/** What is left of these things, in words. */
function left(server: MqttServer): string[] {
  const session = server.sessions.get("s");
  return [
    ...(session === undefined ? [] : ["session", `${session.queuedMessages} queued`]),
    ...(server.retainedMessages.get("r") === undefined ? [] : ["retained"]),
    ...(server.retainedMessages.get("will") === undefined ? [] : ["will"]),
  ];
}

const ALL = ["session", "1 queued", "retained"];

/** Ends the process, gently or not, and gives what the next one finds. */
async function ended(server: MqttServer, medium: MemoryMedium, how: string): Promise<MemoryMedium> {
  if (how === "kill") return medium.copy();
  servers.splice(0);
  await server.stop({ deadlineMs: 0 });
  return medium;
}

describe.each(["stop", "kill"])("a wall clock that is wrong, at a %s", (how) => {
  it.each([
    ["behind", -5 * DAY],
    ["ahead", 5 * DAY],
  ])("that was days %s when the server started does nothing to what it keeps", async (_, off) => {
    machine.wallAheadMs = off;
    const first = new MemoryMedium();
    const before = await started(first);
    await leaveThings(before);
    const medium = await ended(before, first, how);
    machine.wallAheadMs = 0;
    machine.steady.advance(1.5 * SECOND);
    const server = await started(medium);
    expect(left(server)).toEqual(ALL);
    // And an hour lasts an hour, half an hour half an hour.
    machine.steady.advance(1_790 * SECOND);
    expect(left(server)).toEqual(ALL);
    machine.steady.advance(10 * SECOND);
    expect(left(server)).toEqual([...ALL, "will"]);
    machine.steady.advance(HOUR / 2);
    expect(left(server)).toEqual(["retained", "will"]);
    machine.steady.advance(DAY);
    expect(left(server)).toEqual(["will"]);
  });

  it("that is set while the server runs does nothing either, at once or at the next start", async () => {
    const first = new MemoryMedium();
    const before = await started(first);
    await leaveThings(before);
    machine.wallAheadMs = 5 * DAY;
    machine.steady.advance(20 * SECOND);
    await turns();
    expect(left(before)).toEqual(ALL);
    const medium = await ended(before, first, how);
    expect(left(await started(medium))).toEqual(ALL);
    expect(records.filter(({ message }) => message.includes("wall clock"))).toMatchObject([
      { level: "info", fields: { seconds: 432_000 } },
    ]);
  });

  it("that was set while the server ran is told from a long stop, also if the machine starts anew", async () => {
    machine.wallAheadMs = -5 * DAY;
    const first = new MemoryMedium();
    const before = await started(first);
    await leaveThings(before);
    machine.wallAheadMs = 0;
    machine.steady.advance(10 * SECOND);
    machine.steady.advance(20);
    await turns();
    const medium = await ended(before, first, how);
    machine.reboot(60 * SECOND);
    expect(left(await started(medium))).toEqual(ALL);
  });
});

describe("the time that a server was down", () => {
  it("is told by the machine, if it ran on, and by the wall clock, if it was started anew", async () => {
    const first = new MemoryMedium();
    const before = await started(first);
    await leaveThings(before);
    await ended(before, first, "stop");
    machine.steady.advance(2_000 * SECOND);
    const server = await started(first);
    expect(left(server)).toEqual([...ALL, "will"]);
    await ended(server, first, "stop");
    machine.reboot(HOUR);
    expect(left(await started(first))).toEqual(["retained", "will"]);
  });

  it("is as long as the new machine runs at least, if the wall clock went back", async () => {
    const medium = new MemoryMedium();
    const before = await started(medium);
    await leaveThings(before);
    await ended(before, medium, "stop");
    machine.reboot(0);
    machine.wallAheadMs = -300 * DAY;
    machine.steady.advance(1_000 * SECOND);
    const server = await started(medium);
    expect(left(server)).toEqual(ALL);
    machine.steady.advance(800 * SECOND);
    expect(left(server)).toEqual([...ALL, "will"]);
  });

  it("counts by the wall clock, and never backwards, where nothing else is known", async () => {
    const medium = new MemoryMedium();
    const before = await started(medium);
    await leaveThings(before);
    await ended(before, medium, "stop");
    const { steady } = machine;
    const plain = (aheadMs: number): Promise<MqttServer> =>
      startedServer({
        store: new MemoryStore(medium),
        clock: {
          now: () => steady.now() + aheadMs,
          callAfter: (delayMs, callback) => steady.callAfter(delayMs, callback),
        },
      });
    const back = await plain(-5 * DAY);
    expect(left(back)).toEqual(ALL);
    await back.stop({ deadlineMs: 0 });
    const later = await plain(-5 * DAY + 2 * HOUR);
    expect(left(later)).toEqual(["retained", "will"]);
    await later.stop({ deadlineMs: 0 });
  });
});

describe("a machine that sleeps", () => {
  it("does not end what would have ended meanwhile, now or at the next start", async () => {
    const medium = new MemoryMedium();
    const before = await started(medium);
    await leaveThings(before);
    machine.sleep(2 * HOUR);
    machine.steady.advance(10 * SECOND);
    await turns();
    expect(left(before)).toEqual(ALL);
    expect(records.filter(({ message }) => message.includes("asleep"))).toMatchObject([
      { fields: { seconds: 7_200 } },
    ]);
    await ended(before, medium, "stop");
    expect(left(await started(medium))).toEqual(ALL);
  });
});

describe("times that people read", () => {
  it("follow the wall clock: of records, sessions, clients, and what is read from the store", async () => {
    machine.wallAheadMs = -5 * DAY;
    const medium = new MemoryMedium();
    const server = await started(medium);
    await leaveThings(server);
    machine.wallAheadMs = 0;
    machine.steady.advance(10 * SECOND);
    const before = machine.wallMs - 10 * SECOND;
    records = [];
    await connected(server, "new");
    await turns();
    expect(records[0]?.timeMs).toBe(machine.wallMs);
    expect(server.sessions.get("s")).toMatchObject({
      createdAtMs: before,
      disconnectedAtMs: before,
      expiresAtMs: before + HOUR,
    });
    expect(server.clients.get("new")?.connectedAtMs).toBe(machine.wallMs);
    await ended(server, medium, "stop");
    const contents = inspectStore((visitor) => {
      for (const [key, row] of medium.sessions) visitor.session(key, row);
    });
    expect(Array.from(contents.sessions())).toMatchObject([
      { clientId: "s", createdAtMs: before, disconnectedAtMs: before },
    ]);
  });

  it("are those of the message that is sent, too: seconds left count the server's own time", async () => {
    machine.wallAheadMs = -5 * DAY;
    const medium = new MemoryMedium();
    const before = await started(medium);
    await leaveThings(before);
    await ended(before, medium, "stop");
    machine.wallAheadMs = 0;
    machine.steady.advance(100 * SECOND);
    const server = await started(medium);
    const peer = await connected(server, "s", { cleanStart: false });
    const packet = await peer.packet();
    expect(packet?.type === "publish" && text(packet.payload)).toBe("queued");
    expect(packet).toMatchObject({ properties: { messageExpiryIntervalSeconds: 2_900 } });
  });
});
