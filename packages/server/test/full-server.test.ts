import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { MqttServer } from "../src/index.ts";
import type { LogRecord } from "../src/index.ts";
import { LoopDelay } from "../src/driver/loop-delay.ts";
import { connectionsThatFilesAllow, openFiles } from "../src/driver/open-files.ts";

const CONNECT_4 = Buffer.from("100c00044d5154540402003c0000", "hex");
const CONNECT_5 = Buffer.from("100d00044d5154540502003c000000", "hex");

let server: MqttServer | undefined;
const records: LogRecord[] = [];

afterEach(async () => {
  await server?.stop();
  server = undefined;
  records.length = 0;
});

async function startFull(): Promise<number> {
  server = new MqttServer({
    listeners: [{ type: "tcp", host: "127.0.0.1", port: 0 }],
    connectionsMax: 1,
    logger: { level: "info", write: (record) => void records.push(record) },
  });
  await server.start();
  const { port = 0 } = server.address();
  await answer(open(port), CONNECT_4);
  return port;
}

function open(port: number): Socket {
  return connect({ host: "127.0.0.1", port }).on("error", () => undefined);
}

async function answer(socket: Socket, packet: Uint8Array): Promise<Buffer> {
  socket.write(packet);
  const [first] = (await once(socket, "data")) as [Buffer];
  return first;
}

describe("a server whose places are taken", () => {
  it("says so in CONNACK, and closes", async () => {
    const port = await startFull();
    const [one, other] = [open(port), open(port)];
    expect((await answer(one, CONNECT_5)).subarray(0, 4).at(3)).toBe(0x97);
    expect((await answer(other, CONNECT_4)).toString("hex")).toBe("20020003");
    if (!one.destroyed) await once(one, "close");
    expect(server?.statistics).toMatchObject({ transportsRefused: 2, transportsCurrent: 1 });
  });

  it("warns once, with the limit", async () => {
    const port = await startFull();
    for (let index = 0; index < 3; index += 1) await answer(open(port), CONNECT_4);
    const warnings = records.filter(({ level }) => level === "warn");
    const full = warnings.filter(({ message }) => message.includes("the server is full"));
    expect(full).toHaveLength(1);
    expect(full[0]?.fields).toMatchObject({
      reason: "there are 1 connections, which is connectionsMax",
      count: 1,
    });
    expect(records.filter(({ message }) => message === "client refused")).toEqual([]);
  });
});

describe("files that a process may have", () => {
  const warn = (message: string, fields?: object): void => void warned.push({ message, ...fields });
  let warned: object[] = [];

  it("are enough: no word is said", () => {
    warned = [];
    const files = { current: 50, maximum: 1_048_576 };
    expect(connectionsThatFilesAllow(100_000, { warn }, files)).toBe(100_000);
    expect(connectionsThatFilesAllow(100_000, { warn }, undefined)).toBe(
      openFiles() === undefined ? 100_000 : connectionsThatFilesAllow(100_000, {}),
    );
  });

  it("are fewer than connections may be: both numbers are in the warning, and fewer are let in", () => {
    warned = [];
    const files = { current: 22, maximum: 1_024 };
    expect(connectionsThatFilesAllow(100_000, { warn }, files)).toBe(874);
    expect(warned).toMatchObject([
      { openFilesMaximum: 1_024, connectionsMax: 100_000, connectionsAllowed: 874 },
    ]);
  });

  it("are many, and fewer than were asked for: that is a warning only if somebody has asked", () => {
    warned = [];
    const files = { current: 22, maximum: 20_000 };
    expect(connectionsThatFilesAllow(100_000, { warn }, files)).toBe(19_850);
    expect(warned).toEqual([]);
    expect(connectionsThatFilesAllow(30_000, { warn }, files)).toBe(19_850);
    expect(warned).toMatchObject([{ openFilesMaximum: 20_000, connectionsMax: 30_000 }]);
  });

  it.skipIf(process.platform !== "linux")("are counted", () => {
    const files = openFiles();
    expect(files?.current).toBeGreaterThan(2);
    expect(files?.maximum).toBeGreaterThan(files?.current ?? Infinity);
  });
});

describe("the delay of the event loop", () => {
  /** A loop in which each timer is late by what `delays` says next. */
  function loopWith(delays: number[]): { delay: LoopDelay; look: () => void } {
    let nowMs = 0;
    let due: { atMs: number; look: () => void } | undefined;
    const delay = new LoopDelay({
      now: () => nowMs,
      after: (ms, look) => {
        due = { atMs: nowMs + ms, look };
        return () => (due = undefined);
      },
    });
    const look = (): void => {
      nowMs = (due?.atMs ?? 0) + (delays.shift() ?? 0);
      due?.look();
    };
    return { delay, look };
  }

  it("is the largest of the last 10 to 20 seconds", () => {
    const { delay, look } = loopWith([1, 350, 2]);
    delay.start();
    expect(delay.maximumMs).toBe(0);
    for (let count = 0; count < 3; count += 1) look();
    expect(delay.maximumMs).toBe(350);
    for (let count = 0; count < 110; count += 1) look();
    expect(delay.maximumMs).toBe(350);
    for (let count = 0; count < 110; count += 1) look();
    expect(delay.maximumMs).toBe(0);
    delay.stop();
  });

  it("is told by statistics and health", async () => {
    await startFull();
    expect(server?.statistics.loopDelayMaximumMs).toBeGreaterThanOrEqual(0);
    expect(server?.health).toMatchObject({ loopDelayMaximumMs: expect.any(Number) });
  });
});
