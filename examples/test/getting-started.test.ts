/** Runs what the guide shows, block by block, in the order in which a reader meets it. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { areInstalled, freePort } from "@anax/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { ChildProgram } from "../../interop/support/child-program.ts";
import { bundleForBrowsers, startBrowser } from "../../interop/support/chromium.ts";
import { bundledProgram } from "../../tools/bundled-program.ts";
import { readmeExamples } from "../../tools/readme-examples.ts";
import type { ReadmeExample } from "../../tools/readme-examples.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const COMMAND = await bundledProgram(join(ROOT, "packages/anax/src/main.ts"));
const PORTS_IN_GUIDE = /\b(1883|8083|8883)\b/g;

const examples = readmeExamples(readFileSync(join(ROOT, "docs/guide/getting-started.md"), "utf8"));

let folder: string;
/** Free ports in place of those that the guide names. */
let ports: ReadonlyMap<string, number>;

beforeAll(async () => {
  // Inside the repository, so that the names of the packages resolve.
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  folder = mkdtempSync(join(ROOT, ".cache/guide-"));
  ports = new Map([
    ["1883", await freePort()],
    ["8083", await freePort()],
    ["8883", await freePort()],
  ]);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Each block is a process of its own, which takes its time on a busy machine.
describe("the guide", { timeout: 60_000 }, () => {
  it("shows what this test runs, and no more", () => {
    expect([...examples.keys()]).toEqual([
      "command",
      "server",
      "client",
      "loop",
      "websocket-server",
      "page",
      "certificate",
      "tls-server",
      "tls-client",
      "password-server",
      "password-client",
      "scram-client",
    ]);
  });

  it("shows a server, clients for it, and the command line", async () => {
    const server = await start("server");
    await server.printed(/listening at/);
    const [client, loop] = [await start("client"), await start("loop")];
    expect(await client.succeeded()).toBe(outputOf("client"));
    expect(await loop.succeeded()).toBe(outputOf("loop"));
    // The other program comes and goes at the same time: its lines may stand between these.
    await server.printed(/gardener is here\n[^]*gardener is gone/);

    // It waits as long as it takes: a limit of its own would run while this machine starts the publisher.
    const [subscribe = [], publish = []] = commandsOf("command");
    const subscriber = runNode([COMMAND, ...subscribe, "-C", "1", "-i", "reader"]);
    await server.printed(/reader is here/);
    // The subscription follows the connection on the wire; a message may come between the two.
    const heard = subscriber.printed(/\n/);
    let isHeard = false;
    void heard.then(() => (isHeard = true));
    while (!isHeard) await Promise.race([heard, runNode([COMMAND, ...publish]).succeeded()]);
    expect(await subscriber.succeeded()).toBe("plants/7/soil dry\n");
  });

  it.runIf(areInstalled("chromium"))("shows WebSocket, and a page that uses it", async () => {
    const server = await start("websocket-server");
    await server.printed(/ws:.*\n/);
    expect(withPortsOfGuide(server.output)).toBe(outputOf("websocket-server"));

    const script = await bundleForBrowsers(pathToFileURL(write("page")));
    const browser = await startBrowser(new Map([["empty", ""]]));
    onTestFinished(() => browser[Symbol.asyncDispose]());
    const page = await browser.open("empty");
    const printed = page.waitForEvent("console", (message) => message.type() === "log");
    await page.addScriptTag({ type: "module", content: script });
    expect(`${(await printed).text()}\n`).toBe(outputOf("page"));
  });

  it("shows how to make a certificate, and TLS with it", async () => {
    const [program = "", ...args] = example("certificate").code.trim().split(" ");
    execFileSync(program, args, { cwd: folder, stdio: "ignore" });
    await (await start("tls-server")).printed(/listening at mqtts:/);
    expect(await (await start("tls-client")).succeeded()).toBe(outputOf("tls-client"));
  });

  it("shows who is let in with a password", async () => {
    await (await start("password-server")).printed(/listening at/);
    expect(await (await start("password-client")).succeeded()).toBe(outputOf("password-client"));
    expect(await (await start("scram-client")).succeeded()).toBe(outputOf("scram-client"));
  });
});

function example(name: string): ReadmeExample {
  const found = examples.get(name);
  if (found === undefined) throw new Error(`the guide has no example "${name}"`);
  return found;
}

/** What the guide says that an example prints. */
function outputOf(name: string): string {
  const { output } = example(name);
  if (output === undefined) throw new Error(`the guide does not say what "${name}" prints`);
  return output;
}

/** Writes the code of an example to a file of its own. */
function write(name: string): string {
  const path = join(folder, `${name}.ts`);
  writeFileSync(path, withRealPorts(example(name).code));
  return path;
}

async function start(name: string): Promise<ChildProgram> {
  return runNode([await bundledProgram(write(name))]);
}

/** Runs a program; it is ended with the test. */
function runNode(args: readonly string[]): ChildProgram {
  const program = new ChildProgram(process.execPath, args, { cwd: folder });
  onTestFinished(async () => {
    await program.stop("SIGKILL");
  });
  return program;
}

/** The arguments of each `npx anax …` of an example, with the port of the test. */
function commandsOf(name: string): readonly (readonly string[])[] {
  const port = ["-p", `${ports.get("1883")}`];
  return example(name)
    .code.trim()
    .split("\n")
    .map((line) => {
      const [npx, anax, ...args] = line.replaceAll("'", "").split(" ");
      if (npx !== "npx" || anax !== "anax") throw new Error(`not a command of ours: ${line}`);
      return [...args, ...port];
    });
}

function withRealPorts(text: string): string {
  return text.replace(PORTS_IN_GUIDE, (port) => String(ports.get(port)));
}

function withPortsOfGuide(text: string): string {
  let result = text;
  for (const [inGuide, real] of ports) result = result.replaceAll(`:${real}`, `:${inGuide}`);
  return result;
}
