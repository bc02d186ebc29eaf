/** Does a server keep what it has, when the wall clock of its machine was days wrong? With libfaketime, and a real process. */
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connect, MqttClient } from "@anax/client";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { anaxCommand } from "../crash/server-command.ts";
import { ServerProcess } from "../crash/server-process.ts";
import type { ServerCommand } from "../crash/server-process.ts";

const LIBRARY = libraryPath();
const DEVICE = {
  clientId: "device",
  cleanStart: false,
  sessionExpiryIntervalSeconds: 3_600,
  reconnect: false,
} as const;
const WILL = {
  topic: "will",
  payload: "gone",
  retain: true,
  willDelayIntervalSeconds: 1_800,
} as const;

/** libfaketime for programs with threads, as Debian has it; undefined if it is not installed. */
function libraryPath(): string | undefined {
  const root = "/usr/lib";
  return (existsSync(root) ? readdirSync(root) : [])
    .map((name) => join(root, name, "faketime/libfaketimeMT.so.1"))
    .find((path) => existsSync(path));
}

/** The same program, for which the wall clock is off by so much, such as "-5d". */
function withClock({ program, args }: ServerCommand, off: string): ServerCommand {
  const variables = [`LD_PRELOAD=${LIBRARY ?? ""}`, `FAKETIME=${off}`];
  return { program: "/usr/bin/env", args: [...variables, program, ...args] };
}

describe.runIf(LIBRARY !== undefined)(
  "a wall clock that was days wrong when the server started",
  () => {
    let folder = "";
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "anax-wrong-clock-"));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    it.each([
      ["-5d", "stop"],
      ["-5d", "kill"],
      ["+5d", "stop"],
    ] as const)("%s, and is right at the next start, after %s, loses nothing", async (off, how) => {
      const directory = join(folder, `${off}-${how}`);
      const command = await anaxCommand(directory, {
        directory: join(directory, "data"),
        durability: "process",
        gate: "on",
        checkpointBytes: 1_000_000,
        checkpointIntervalMs: 10_000,
        residentBytesMax: 1_000_000,
      });
      const first = new ServerProcess(withClock(command, off));
      onTestFinished(() => first.kill());
      await leaveThings(await first.listening);
      await (how === "stop" ? first.stop() : first.kill());
      await delay(100);

      const second = new ServerProcess(command);
      onTestFinished(() => second.kill());
      expect(await found(await second.listening)).toEqual({
        sessionPresent: true,
        messages: ["commands run", "state kept"],
      });
    });
  },
);

/** A session for an hour with a message and a Will for later, and a retained message for a day. */
async function leaveThings(port: number): Promise<void> {
  const url = `mqtt://127.0.0.1:${port}`;
  const device = await connect(url, { ...DEVICE, will: WILL });
  await device.subscribe("commands", () => undefined, { qos: 1 });
  await device.disconnect({ reasonCode: 0x04 });
  const publisher = await connect(url, { reconnect: false });
  await publisher.publish("commands", "run", { qos: 1 });
  const expiry = { messageExpiryIntervalSeconds: 86_400 };
  await publisher.publish("state", "kept", { qos: 1, retain: true, ...expiry });
  await publisher.disconnect();
}

async function found(port: number): Promise<{ sessionPresent: boolean; messages: string[] }> {
  const device = new MqttClient(`mqtt://127.0.0.1:${port}`, DEVICE);
  const messages: string[] = [];
  const isThere = new Promise<void>((resolve) => {
    device.on("message", ({ topic, text }) => {
      messages.push(`${topic} ${text}`);
      if (topic === "end") resolve();
    });
  });
  const { sessionPresent } = await device.connect();
  // What is retained comes first; what comes behind the last one is no more.
  await device.subscribe(["state", "will"], () => undefined, { qos: 1 });
  await device.subscribe("end", () => undefined, { qos: 1 });
  await device.publish("end", "", { qos: 1 });
  await isThere;
  await device.disconnect({ sessionExpiryIntervalSeconds: 0 });
  return { sessionPresent, messages: messages.filter((text) => text !== "end ") };
}
