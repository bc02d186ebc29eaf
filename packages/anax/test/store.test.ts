/** `anax store`: what it tells about a data directory. */
import { fileURLToPath } from "node:url";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { lmdbStore, STORE_FORMAT } from "@anax/store-lmdb";
import { MqttServer } from "@anax/server";
import { connect } from "@anax/client";
import { beforeAll, describe, expect, it } from "vitest";
import { runToEnd } from "./support/command.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const folder = temporaryFolder();
const directory = join(folder, "data");

/** A server on the directory, for as long as `use` takes. */
async function withServer<Result>(use: (server: MqttServer) => Promise<Result>): Promise<Result> {
  const store = lmdbStore({ path: directory });
  const server = new MqttServer({ port: 0, systemTopics: false, store });
  await server.start();
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

beforeAll(() =>
  withServer(async (server) => {
    const options = { clientId: "s", cleanStart: false, sessionExpiryIntervalSeconds: 100 };
    const subscriber = await connect(server.address().url, { ...options, reconnect: false });
    await subscriber.subscribe("t", () => undefined, { qos: 1 });
    await subscriber.disconnect();
    await server.injectApplicationMessage({ topic: "t", payload: "queued", qos: 1 });
    const payload = new Uint8Array([0xff]);
    await server.injectApplicationMessage({ topic: "r", payload, qos: 1, retain: true });
  }),
);

/** What the command prints as JSON lines. */
async function json(...args: string[]): Promise<unknown[]> {
  const { exitCode, stdout, stderr } = await runToEnd(["store", ...args]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return stdout
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
}

describe("anax store", () => {
  it("checks that all can be read and fits together", async () => {
    expect(await runToEnd(["store", "check", directory])).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(
        /^sessions: 1, messages for them: 1, retained: 1, batches: \d+; all can be read and fits together\n$/,
      ),
      stderr: "",
    });
    expect(await json("check", directory, "--json")).toMatchObject([
      { isWhole: true, faults: [], sessions: 1, subscriptions: 1, queued: 1, retained: 1 },
    ]);
  });

  it("finds a message that is missing", async () => {
    const broken = join(folder, "broken");
    const from = lmdbStore({ path: directory });
    const to = lmdbStore({ path: broken });
    const skip = (): void => undefined;
    await to.open({ session: skip, retained: skip, batch: skip });
    const sessions = new Map<number, Uint8Array>();
    await from.open({
      session: (key, row) => void sessions.set(key, row.slice()),
      retained: skip,
      batch: skip,
    });
    await from.close();
    const nothing = { batch: undefined, deletedBatches: [], retained: new Map() };
    await to.commit({ ...nothing, sessions });
    await to.close();
    const { exitCode, stdout } = await runToEnd(["store", "check", broken]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^message \d+ for s is missing\nsessions: 1, .*; faults: 1\n$/);
  });

  it("counts", async () => {
    const { exitCode, stdout } = await runToEnd(["store", "stats", directory]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`^format +${STORE_FORMAT}$`, "m"));
    expect(stdout).toMatch(/^queued +1$/m);
    expect(stdout).toMatch(/^used bytes +\d+$/m);
    expect(await json("stats", directory, "--json")).toMatchObject([
      { format: STORE_FORMAT, queued: 1 },
    ]);
  });

  it("prints everything as JSON lines", async () => {
    expect(await json("dump", directory)).toMatchObject([
      { type: "session", clientId: "s", expiryIntervalSeconds: 100, queued: 1 },
      { type: "subscription", clientId: "s", topicFilter: "t", qos: 1 },
      { type: "queued", clientId: "s", topic: "t", payload: "queued", qos: 1 },
      { type: "retained", topic: "r", payloadBase64: "/w==", qos: 1, retain: true },
    ]);
  });

  it("reads while a server uses the directory, and does not compact then", () =>
    withServer(async () => {
      expect(await json("check", directory, "--json")).toMatchObject([{ isWhole: true }]);
      expect(await json("dump", directory)).toHaveLength(4);
      expect(await runToEnd(["store", "compact", directory])).toEqual({
        exitCode: 1,
        stdout: "",
        stderr: expect.stringMatching(/^anax store: \S+ is in use by process [^\n]+\n$/),
      });
    }));

  it("compacts, and changes nothing that is stored", async () => {
    const before = await json("dump", directory);
    expect(await json("compact", directory, "--json")).toMatchObject([
      { bytesBefore: expect.any(Number), bytesAfter: expect.any(Number) },
    ]);
    expect(await json("dump", directory)).toEqual(before);
  });

  it.each([
    ["a missing directory", join(folder, "none"), "there is no directory"],
    ["a file", fileURLToPath(import.meta.url), "is not a directory"],
  ])("tells a program by the same fields what is wrong with %s", async (_name, path, text) => {
    const { exitCode, stdout, stderr } = await runToEnd(["store", "check", path, "--json"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining(text) });
    expect(JSON.parse(stdout)).toEqual({
      isWhole: false,
      faults: [expect.stringContaining(text)],
    });
  });

  it.each([
    ["no word", 2, [], "give one of check, stats, dump, compact, and a directory"],
    ["no directory", 2, ["check"], '"check" needs a directory'],
    ["another word", 2, ["destroy", directory], 'there is no "destroy"'],
    ["a missing directory", 1, ["check", join(folder, "none")], "there is no directory"],
    ["nothing to compact", 1, ["compact", join(folder, "none")], "there is no directory"],
    ["a file", 1, ["dump", fileURLToPath(import.meta.url)], "is not a directory"],
  ])("refuses %s in one line", async (_name, expected, args, text) => {
    const { exitCode, stdout, stderr } = await runToEnd(["store", ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: expected, stdout: "" });
    expect(stderr).toMatch(/^anax store: [^\n]+\n$/);
    expect(stderr).toContain(text);
  });

  it("refuses a directory that is no store, and leaves it as it is", async () => {
    const empty = join(folder, "empty");
    mkdirSync(empty);
    expect((await runToEnd(["store", "stats", empty])).exitCode).toBe(1);
  });
});
