/** docs/guide/ten-minutes.md, as a newcomer does it: its files, its commands, and the page in Chromium. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { areInstalled, freePort } from "@anax/testing";
import { run } from "anax";
import type { Page } from "playwright-core";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { buildDashboard } from "../tools/build-dashboard.mjs";
import { readmeExamples } from "../tools/readme-examples.ts";
import { startBrowser } from "./support/chromium.ts";

const GUIDE = fileURLToPath(new URL("../docs/guide/ten-minutes.md", import.meta.url));
const examples = readmeExamples(readFileSync(GUIDE, "utf8"));
/** Files that the guide names in a command or in another file. */
const FILES = /\b(anax\.yaml|access\.yaml|tokens\.txt)\b|\.\/anax-data\b/g;

/** A command of ours that runs inside the test, until the test ends. */
function start(args: readonly string[]) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  let output = "";
  stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  let interrupt: () => void = () => undefined;
  const exitCode = run(args, {
    stdin,
    stdout: Object.assign(stdout, { isTTY: false, columns: 100 }),
    stderr: Object.assign(stderr, { isTTY: false, columns: 100 }),
    environment: {},
    onSignal: (names, listener) => {
      if (names.includes("SIGTERM")) interrupt = () => listener("SIGTERM");
      return () => undefined;
    },
  });
  onTestFinished(async () => {
    stdin.end();
    interrupt();
    await exitCode;
  });
  /** Waits until its output matches. */
  const printed = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const [match] = pattern.exec(output) ?? [];
      if (match !== undefined) return match;
      const code = await Promise.race([once(stdout, "data"), exitCode]);
      if (typeof code === "number") throw new Error(`${args[0]}: ${code}, ${stderr.read()}`);
    }
  };
  return { stdin, printed };
}

describe.runIf(areInstalled("chromium"))("the guide of ten minutes", { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "anax-ten-minutes-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let ports: ReadonlyMap<string, number> = new Map();

  /** With free ports, and a folder of the test, in place of the reader's. */
  function here(text: string): string {
    return text
      .replace(/\b(1883|8080)\b/g, (port) => String(ports.get(port)))
      .replace(FILES, (file) => join(folder, file));
  }

  function example(name: string): string {
    const found = examples.get(name);
    if (found === undefined) throw new Error(`the guide has no example "${name}"`);
    return here(found.code);
  }

  function save(name: string, file: string): void {
    writeFileSync(join(folder, file), example(name));
  }

  /** The arguments of a line of the guide. */
  function argumentsOf(line: string): readonly string[] {
    const [npx, anax, ...args] = line.trim().split(" ");
    expect(`${npx} ${anax}`).toBe("npx anax");
    return args;
  }

  async function explained(page: Page, answer: string): Promise<void> {
    await page.getByRole("button", { name: "Explain" }).click();
    await page.getByRole("heading", { name: answer }).waitFor();
  }

  it("starts a server, sees a device, learns why it is refused, mends that, reads the number", async () => {
    ports = new Map([
      ["1883", await freePort()],
      ["8080", await freePort()],
    ]);
    await buildDashboard();
    save("settings", "anax.yaml");
    save("rules", "access.yaml");
    const [makeToken = "", serve = ""] = example("server").split("\n");
    const token = await start(argumentsOf(makeToken)).printed(/\S+/);
    const server = start(argumentsOf(serve));
    await server.printed(/^ready /m);

    const port = String(ports.get("1883"));
    const device = start([...argumentsOf(example("device")), "-p", port]);
    const browser = await startBrowser(new Map());
    onTestFinished(() => browser[Symbol.asyncDispose]());
    const page = await browser.visit(here("http://127.0.0.1:8080/"));
    page.setDefaultTimeout(10_000);
    const go = async (link: string): Promise<void> =>
      page.getByRole("navigation").getByRole("link", { name: link }).click();
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", { name: "Log in" }).click();
    await go("Clients");
    await page.getByRole("link", { name: "thermometer-7" }).click();
    await page.getByRole("heading", { name: "Connection" }).waitFor();

    await go("Overview");
    device.stdin.write("21.5\n");
    await page.getByText("things that clients may not do").waitFor();
    await go("Who may do what");
    await page.getByLabel("Action").selectOption("publish");
    await page.getByLabel("Topic").fill("rooms/7/temperature");
    await page.getByLabel("User", { exact: true }).fill("thermometer");
    await explained(page, "Refused");

    save("mended-rules", "access.yaml");
    await server.printed(/access rules read again \(1\)/);
    await explained(page, "Allowed");
    await page
      .getByRole("definition")
      .getByText(/access\.yaml:2$/)
      .waitFor();

    await go("Clients");
    await page.getByRole("link", { name: "thermometer-7" }).click();
    const published = page.getByRole("list", { name: "Published lately" });
    // The page sees what is published after it has asked: the device measures until then.
    const measuring = setInterval(() => device.stdin.write("22.5\n"), 100);
    onTestFinished(() => clearInterval(measuring));
    await published.getByText("rooms/7/temperature").first().waitFor();
    clearInterval(measuring);
    expect(await published.getByText("22.5").count()).toBeGreaterThan(0);

    const url = /http:\S+/.exec(example("metric"))?.[0] ?? "";
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    expect(await answer.text()).toContain(examples.get("metric")?.output);
  });
});
