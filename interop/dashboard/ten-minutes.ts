/** docs/guide/ten-minutes.md, as a newcomer does it: its files, its commands, and the page in Chromium. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { freePort } from "@anax/testing";
import { run } from "anax";
import type { Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { readmeExamples } from "../../tools/readme-examples.ts";
import type { Browser } from "../support/chromium.ts";

const GUIDE = fileURLToPath(new URL("../../docs/guide/ten-minutes.md", import.meta.url));
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

/** The guide with free ports, and a folder of the test, in place of the reader's. */
class Guide {
  readonly #folder: string;
  readonly #ports: ReadonlyMap<string, number>;

  constructor(folder: string, ports: ReadonlyMap<string, number>) {
    this.#folder = folder;
    this.#ports = ports;
  }

  here(text: string): string {
    return text
      .replace(/\b(1883|8080)\b/g, (port) => String(this.#ports.get(port)))
      .replace(FILES, (file) => join(this.#folder, file));
  }

  example(name: string): string {
    const found = examples.get(name);
    if (found === undefined) throw new Error(`the guide has no example "${name}"`);
    return this.here(found.code);
  }

  save(name: string, file: string): void {
    writeFileSync(join(this.#folder, file), this.example(name));
  }

  /** The arguments of a line of the guide. */
  argumentsOf(line: string): readonly string[] {
    const [npx, anax, ...args] = line.trim().split(" ");
    if (npx !== "npx" || anax !== "anax") throw new Error(`no command of ours: ${line}`);
    return args;
  }
}

async function explained(page: Page, answer: string): Promise<void> {
  await page.getByRole("button", { name: "Explain" }).click();
  await page.getByRole("heading", { name: answer }).waitFor();
}

/** Starts a server, sees a device, learns why it is refused, mends that, reads the number. */
export async function runTenMinutes(browser: Browser): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "anax-ten-minutes-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const ports = new Map([
    ["1883", await freePort()],
    ["8080", await freePort()],
  ]);
  const guide = new Guide(folder, ports);
  guide.save("settings", "anax.yaml");
  guide.save("rules", "access.yaml");
  const [makeToken = "", serve = ""] = guide.example("server").split("\n");
  const token = await start(guide.argumentsOf(makeToken)).printed(/\S+/);
  const server = start(guide.argumentsOf(serve));
  await server.printed(/^ready /m);

  const device = start([
    ...guide.argumentsOf(guide.example("device")),
    "-p",
    String(ports.get("1883")),
  ]);
  const page = await browser.visit(guide.here("http://127.0.0.1:8080/"));
  onTestFinished(() => page.close());
  page.setDefaultTimeout(25_000);
  const go = async (link: string): Promise<void> =>
    page.getByRole("navigation").getByRole("link", { name: link }).click();
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Log in" }).click();
  await go("Clients");
  await page.getByRole("link", { name: "thermometer-7" }).click();
  await page.getByRole("heading", { name: "Connection" }).waitFor();

  await go("Overview");
  device.stdin.write("21.5\n");
  await page.getByText("because a client may not do it").waitFor();
  await go("Who may do what");
  await page.getByLabel("Action").selectOption("publish");
  await page.getByLabel("Topic").fill("rooms/7/temperature");
  await page.getByLabel("User", { exact: true }).fill("thermometer");
  await explained(page, "Refused");

  guide.save("mended-rules", "access.yaml");
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

  const url = /http:\S+/.exec(guide.example("metric"))?.[0] ?? "";
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  expect(await answer.text()).toContain(examples.get("metric")?.output);
}
