/** Next to the programs whose flags we share: the same command line has the same effect. */
import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { connect as connectSocket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { areInstalled, freePort, programPath } from "@anax/testing";
import { afterEach, describe, expect, it } from "vitest";
import { makeCertificates } from "./support/certificates.ts";
import { runToEnd, start } from "./support/command.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import type { TestServer } from "./support/test-server.ts";
import { startTestServer } from "./support/test-server.ts";

const folder = temporaryFolder();
const brokers = new Set<ChildProcess>();

afterEach(() => {
  for (const broker of brokers) broker.kill();
  brokers.clear();
});

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
}

function mosquitto(program: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, [...args], (error, stdout) => {
      const code = error === null ? 0 : error.code;
      // One that was not started, or was killed, has none.
      resolve({ exitCode: typeof code === "number" ? code : -1, stdout });
    });
  });
}

/** Starts both subscribers with the same flags, publishes to them, and gives what both have printed. */
async function printedByBoth(
  test: TestServer,
  flags: readonly string[],
  publish: () => Promise<unknown>,
): Promise<{ readonly ours: string; readonly theirs: string }> {
  const args = [...test.flags, "-V", "mqttv5", "-t", "a/#", ...flags];
  const ours = start(["sub", ...args]);
  const theirs = mosquitto("mosquitto_sub", args);
  const subscriptions = (): number => test.server.statistics.subscriptionsCurrent;
  await expect.poll(subscriptions, { timeout: 15_000 }).toBe(2);
  await publish();
  await ours.exitCode;
  return { ours: ours.stdout.text, theirs: (await theirs).stdout };
}

const withoutTimes = (text: string): string => text.replace(/"tst":"[^"]*"/g, '"tst":""');

describe.runIf(areInstalled("mosquitto_pub", "mosquitto_sub"))(
  "anax beside mosquitto_pub and mosquitto_sub",
  () => {
    it.each([
      ["payloads", []],
      ["topics and payloads", ["-v"]],
      ["no line feed", ["-N"]],
      ["a format", ["-F", "%t|%p|%q|%r|%l|%x|%X|%m|%C|%E|%F|%R|%D|%S|%%|\\t|@@|@Y"]],
      ["fields", ["-F", "%10t|%-10t|%.2t|%5l|%05l|%-5l|%6.4C|"]],
      ["JSON", ["-F", "%j"]],
      ["JSON in JSON", ["-F", "%J"]],
    ])("prints %s as mosquitto_sub does", async (_name, flags) => {
      const test = await startTestServer();
      const both = await printedByBoth(test, ["-C", "2", "-q", "2", ...flags], async () => {
        await test.server.injectApplicationMessage({ topic: "a/b", payload: "7", qos: 1 });
        await test.server.injectApplicationMessage({
          topic: "a/c",
          payload: '{"é":"\\u00e9"}',
          qos: 1,
          contentType: "text/plain",
          responseTopic: "answers",
          correlationData: Buffer.from("c1"),
          messageExpiryIntervalSeconds: 100,
          payloadFormatIndicator: 1,
          userProperties: [["k", "v"]],
        });
      });
      if (flags.includes("%j") || flags.includes("%J")) {
        // The order of fields and zone of the clock are no part of what JSON says.
        const parsed = (text: string): unknown[] =>
          withoutTimes(text)
            .trim()
            .split("\n")
            .map((line): unknown => JSON.parse(line));
        expect(parsed(both.ours)).toEqual(parsed(both.theirs));
      } else expect(both.ours).toBe(both.theirs);
    });

    it("ends as mosquitto_sub does when time is up, and when nobody is there", async () => {
      const { flags } = await startTestServer();
      const timeout = [...flags, "-t", "a", "-W", "1"];
      const theirs = mosquitto("mosquitto_sub", timeout);
      expect((await runToEnd(["sub", ...timeout])).exitCode).toBe((await theirs).exitCode);
      const nobody = ["-p", "1", "-t", "a"];
      expect((await runToEnd(["sub", ...nobody])).exitCode).toBe(
        (await mosquitto("mosquitto_sub", nobody)).exitCode,
      );
    });

    it.each([
      ["text", ["-m", "hi", "-q", "1", "-r"]],
      [
        "properties",
        [
          ..."-V mqttv5 -m x -D publish content-type c".split(" "),
          "-D",
          "publish",
          "user-property",
          "k",
          "v v",
        ],
      ],
      ["a file", ["-f", import.meta.filename]],
      ["nothing", ["-n", "-r"]],
      ["three times", ["-m", "x", "--repeat", "3", "--repeat-delay", "0.01"]],
      ["by URL", ["-m", "x"]],
    ])("publishes %s as mosquitto_pub does", async (name, flags) => {
      const { port, published } = await startTestServer();
      const where =
        name === "by URL"
          ? ["-L", `mqtt://127.0.0.1:${port}/a/b`]
          : ["-p", String(port), "-t", "a/b"];
      expect((await mosquitto("mosquitto_pub", [...where, ...flags])).exitCode).toBe(0);
      const wanted = name === "three times" ? 3 : 1;
      await expect.poll(() => published.length).toBe(wanted);
      const theirs = published.splice(0);
      expect((await runToEnd(["pub", ...where, ...flags])).exitCode).toBe(0);
      await expect.poll(() => published).toEqual(theirs);
    });
  },
);

describe.runIf(areInstalled("mosquitto"))("anax with the mosquitto server", () => {
  it.each(["mqttv5", "mqttv311", "mqttv31"])("publishes and subscribes on %s", async (version) => {
    const port = await startMosquitto("allow_anonymous true\n");
    const where = ["-p", String(port), "-V", version, "-t", "a/b", "-q", "2"];
    await runToEnd(["pub", ...where, "-r", "-m", "kept"]);
    expect(await runToEnd(["sub", ...where, "-C", "1", "-F", "%t %p %q %r"])).toEqual({
      exitCode: 0,
      stdout: "a/b kept 2 1\n",
      stderr: "",
    });
  });

  it("goes over TLS with a certificate of its own", async () => {
    const { ca, server, client } = makeCertificates(folder);
    const port = await startMosquitto(
      `allow_anonymous true\ncafile ${ca}\ncertfile ${server.cert}\nkeyfile ${server.key}\nrequire_certificate true\n`,
    );
    const where = ["-p", String(port), "--cafile", ca, "-t", "a", "-q", "1"];
    const own = ["--cert", client.cert, "--key", client.key];
    expect((await runToEnd(["pub", ...where, ...own, "-m", "x"])).exitCode).toBe(0);
    expect((await runToEnd(["pub", ...where, "-m", "x"])).exitCode).toBe(1);
    expect(
      (await runToEnd(["pub", "-p", String(port), ...own, "-t", "a", "-m", "x"])).exitCode,
    ).toBe(1);
    const trusting = ["-p", String(port), ...own, "--insecure", "-t", "a", "-m", "x"];
    expect((await runToEnd(["pub", ...trusting])).exitCode).toBe(0);
  });

  it("loads it, and nothing is lost", async () => {
    const port = await startMosquitto("allow_anonymous true\n");
    const args = [
      "bench",
      "-p",
      String(port),
      "--count",
      "200",
      "--window",
      "10",
      "-q",
      "1",
      "--json",
    ];
    const { stdout, exitCode } = await runToEnd(args);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ sent: 200, received: 200, lost: 0, duplicates: 0 });
  });
});

/** Starts mosquitto on a port that was free a moment ago; resolves when it accepts connections. */
async function startMosquitto(settings: string): Promise<number> {
  const port = await freePort();
  // As root it would change to a user of its own, who cannot read our files.
  const file = join(folder, `mosquitto-${port}.conf`);
  writeFileSync(file, `user root\nlistener ${port} 127.0.0.1\n${settings}`);
  const broker = spawn(programPath("mosquitto"), ["-c", file], { stdio: "ignore" });
  brokers.add(broker);
  let hasEnded = false;
  broker.once("exit", () => (hasEnded = true));
  while (!(await accepts(port))) {
    if (hasEnded) throw new Error("mosquitto has ended");
    await delay(20);
  }
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}
