/** `anax serve` and the directory that it keeps its data in. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "@anax/client";
import { lmdbStore, STORE_FORMAT } from "@anax/store-lmdb";
import { afterEach, describe, expect, it } from "vitest";
import type { RunningCommand } from "./support/command.ts";
import { asNobody } from "./support/as-nobody.ts";
import { runToEnd, start } from "./support/command.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const folder = temporaryFolder();
const running: RunningCommand[] = [];
let directories = 0;

afterEach(async () => {
  for (const command of running.splice(0)) {
    command.signal("SIGTERM");
    await command.exitCode;
  }
});

/** A directory that is not there yet. */
function unused(): string {
  directories += 1;
  return join(folder, `data-${directories}`);
}

async function serve(...args: string[]): Promise<{ command: RunningCommand; url: string }> {
  const command = start(["serve", "--port", "0", ...args]);
  running.push(command);
  await command.stdout.waitFor(/^ready /m);
  const [, url = ""] = await command.stdout.waitFor(/^listening on (.+)$/m);
  return { command, url };
}

async function stop({ command }: { command: RunningCommand }): Promise<void> {
  command.signal("SIGTERM");
  expect(await command.exitCode).toBe(0);
  running.splice(running.indexOf(command), 1);
}

const OPTIONS = {
  clientId: "s",
  cleanStart: false,
  sessionExpiryIntervalSeconds: 100,
  reconnect: false,
};

describe("the data directory of anax serve", () => {
  it("brings sessions, their messages and retained messages back", async () => {
    const directory = unused();
    const first = await serve("--data-dir", directory);
    const subscriber = await connect(first.url, OPTIONS);
    await subscriber.subscribe("t", () => undefined, { qos: 1 });
    await subscriber.disconnect();
    const publisher = await connect(first.url, { reconnect: false });
    await publisher.publish("t", "queued", { qos: 1 });
    await publisher.publish("r", "kept", { qos: 1, retain: true });
    await publisher.disconnect();
    await stop(first);

    const second = await serve("--data-dir", directory);
    const texts: string[] = [];
    const again = await connect(second.url, OPTIONS);
    expect(again.connectResult?.sessionPresent).toBe(true);
    const both = new Promise<void>((resolve) => {
      const take = ({ text }: { text: string }): void => {
        texts.push(text);
        if (texts.length === 2) resolve();
      };
      again.on("message", take);
    });
    await again.subscribe("r", () => undefined, { qos: 1 });
    await both;
    expect(texts.toSorted()).toEqual(["kept", "queued"]);
    await again.disconnect();
  });

  it("is made for its owner only, and named at the start", async () => {
    const directory = join(unused(), "inner");
    const { command } = await serve("--data-dir", directory);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(command.stdout.text).toContain(
      `storing in ${directory}: what is acknowledged survives a loss of power (level disk)\n`,
    );
  });

  it("survives less if it is told so, and says that too", async () => {
    const directory = unused();
    const json = ["--log-format", "json"];
    const command = start(
      ["serve", "--port", "0", "--data-dir", directory, "--durability", "process"].concat(json),
    );
    running.push(command);
    const [line] = await command.stdout.waitFor(/^.*"storage".*$/m);
    expect(JSON.parse(line)).toEqual({
      event: "storage",
      store: "lmdb",
      directory,
      durability: "process",
      durable: true,
    });
  });

  it("has no directory in memory", async () => {
    const before = readdirSync(".");
    await serve("--durability", "memory");
    expect(readdirSync(".")).toEqual(before);
  });
});

describe("anax serve, refusing a data directory", () => {
  it("in use by another server", async () => {
    const directory = unused();
    await serve("--data-dir", directory);
    expect(await refusal("--data-dir", directory)).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(/^anax serve: \S+ is in use by process \d+ on [^\n]+\n$/),
    });
  });

  it("of a newer format", async () => {
    const directory = unused();
    await stop(await serve("--data-dir", directory));
    const file = join(directory, "anax-1.mdb");
    // Name and value of the row that says the format lie side by side.
    const bytes = readFileSync(file, "latin1").replaceAll(`format${STORE_FORMAT}`, "format9");
    writeFileSync(file, bytes, "latin1");
    expect(await refusal("--data-dir", directory)).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(/^anax serve: \S+ has format 9, [^\n]+\n$/),
    });
  });

  it("that is a file", async () => {
    const path = unused();
    writeFileSync(path, "");
    const { exitCode, stderr } = await refusal("--data-dir", path);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: `anax serve: ${path} is not a directory\n`,
    });
  });

  it("below a file", async () => {
    const path = unused();
    writeFileSync(path, "");
    const { exitCode, stderr } = await refusal("--data-dir", join(path, "data"));
    expect(exitCode).toBe(1);
    expect(stderr).toBe(`anax serve: ${path} is not a directory\n`);
  });

  it("that it cannot write", async () => {
    const path = unused();
    mkdirSync(path, { mode: 0o755 });
    chmodSync(folder, 0o755);
    expect(await asNobody(() => refusal("--data-dir", path))).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(
        new RegExp(`^anax serve: ${path} cannot be written: [^\n]+\n$`),
      ),
    });
    expect(readdirSync(path)).toEqual([]);
  });

  it("that it cannot make", async () => {
    chmodSync(folder, 0o755);
    const path = unused();
    expect(await asNobody(() => refusal("--data-dir", path))).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(
        new RegExp(`^anax serve: ${path} cannot be written: [^\n]+\n$`),
      ),
    });
  });

  it("whose file it cannot write", async () => {
    const path = unused();
    await stop(await serve("--data-dir", path));
    chmodSync(folder, 0o755);
    chmodSync(path, 0o777);
    for (const name of readdirSync(path)) chmodSync(join(path, name), 0o644);
    expect(await asNobody(() => refusal("--data-dir", path))).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(
        new RegExp(`^anax serve: ${path} cannot be written: [^\n]+\n$`),
      ),
    });
  });

  it.each([
    ["garbage", Buffer.alloc(50_000, 0x5a), "is not a file of LMDB"],
    ["nothing", Buffer.alloc(0), "is not a file of LMDB"],
  ])("with %s in place of the data", async (_name, bytes, text) => {
    const path = unused();
    mkdirSync(path);
    const file = join(path, "anax-1.mdb");
    writeFileSync(file, bytes);
    const stderr = `anax serve: ${file} ${text}\n`;
    expect(await refusal("--data-dir", path)).toEqual({ exitCode: 1, stderr });
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  it("that cannot be understood", async () => {
    const path = unused();
    const store = lmdbStore({ path });
    const skip = (): void => undefined;
    await store.open({ session: skip, retained: skip, batch: skip });
    const batch = { position: 1, bytes: Uint8Array.of(99, 1, 2, 3, 4) };
    await store.commit({ batch, deletedBatches: [], sessions: new Map(), retained: new Map() });
    await store.close();
    const { exitCode, stderr } = await refusal("--data-dir", path);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^anax serve: [^\n]*batch 1 cannot be understood: [^\n]+\n$/);
  });

  it("that nothing would be kept in", async () => {
    const { exitCode, stderr } = await refusal("--data-dir", "x", "--durability", "memory");
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^anax serve: --data-dir [^\n]+\n$/);
  });
});

async function refusal(...args: string[]): Promise<{ exitCode: number; stderr: string }> {
  const { exitCode, stderr } = await runToEnd(["serve", "--port", "0", ...args]);
  return { exitCode, stderr };
}
