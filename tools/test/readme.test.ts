/**
 * Runs what README.md shows, on a free port: the server, the client against that server, and the
 * command line against it. An example that has gone stale fails here.
 */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ReadmeExample } from "../readme-examples.ts";
import { bundledProgram } from "../bundled-program.ts";
import { readmeExamples } from "../readme-examples.ts";
import { repositoryRoot } from "../tidy.ts";

const ROOT = repositoryRoot();
const COMMAND = await bundledProgram(join(ROOT, "packages/anax/src/main.ts"));
/** The port that the examples name, or mean when they name none. */
const PORT_IN_README = "1883";
const RETRY_MS = 200;

const examples = readmeExamples(readFileSync(join(ROOT, "README.md"), "utf8"));
const running = new Set<ChildProcess>();
let folder: string;
let port: number;

interface Program {
  readonly process: ChildProcess;
  /** What it has printed so far. */
  output(): string;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
}

beforeAll(async () => {
  // Inside the repository, so that the names of the packages resolve.
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  folder = mkdtempSync(join(ROOT, ".cache/readme-"));
  port = await freePort();
  await startTypeScript(example("server"));
  await accepting(port);
}, 30_000);

afterAll(async () => {
  for (const program of running) program.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

describe("README.md", () => {
  it("has the three examples", () => {
    expect([...examples.keys()]).toEqual(["server", "client", "command"]);
  });

  it("shows a client that ends well and prints what the page says", async () => {
    const client = await startTypeScript(example("client"));
    expect({ code: await client.ended, output: client.output() }).toEqual({
      code: 0,
      output: example("client").output,
    });
  });

  // The server of the page above runs at the port that the client's page names; the server's page has one of its own.
  it.each(["client", "server", "protocol"])(
    "of the package %s shows a program that prints what the page says",
    async (name) => {
      const page = readFileSync(join(ROOT, `packages/${name}/README.md`), "utf8");
      const shown = readmeExamples(page).get(name);
      if (shown === undefined) throw new Error(`packages/${name}/README.md has no example`);
      const ownPort = name === "server" ? await freePort() : port;
      const program = await startTypeScript({ ...shown, name: `package-${name}` }, ownPort);
      expect({ code: await program.ended, output: program.output() }).toEqual({
        code: 0,
        output: shown.output,
      });
      expect(shown.output).toBeTruthy();
    },
  );

  it("shows a command line whose first command prints what its last one causes", async () => {
    const { code, output } = example("command");
    // What waits for nothing but time is not run: the loop below waits for what must have happened.
    const lines = code
      .trim()
      .split("\n")
      .filter((line) => !line.startsWith("sleep "));
    const [first, ...rest] = lines.map(commandLine);
    const listener = startCommand(first ?? []);
    while (!listener.output().includes(output ?? "")) {
      for (const args of rest) expect(await startCommand(args).ended).toBe(0);
      await Promise.race([delay(RETRY_MS), listener.ended]);
    }
    expect(output).toBeTruthy();
  });
});

function example(name: string): ReadmeExample {
  const found = examples.get(name);
  if (found === undefined) throw new Error(`README.md has no example "${name}"`);
  return found;
}

async function startTypeScript(
  { name, code }: ReadmeExample,
  itsPort: number = port,
): Promise<Program> {
  const path = join(folder, `${name}.ts`);
  writeFileSync(path, code.replaceAll(PORT_IN_README, String(itsPort)));
  return start([await bundledProgram(path)]);
}

/** `npx anax sub -t 'a/#' &` as the arguments of the command, with the port of the test. */
function commandLine(line: string): readonly string[] {
  const [command = ""] = line.split(" # ");
  const words = [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain ?? "",
  );
  const [npx, anax, ...args] = words.filter((word) => word !== "&");
  if (npx !== "npx" || anax !== "anax") throw new Error(`not a command of ours: ${line}`);
  const named = args.map((arg) => arg.replaceAll(PORT_IN_README, String(port)));
  return named.includes("-p") || named.includes("--port") ? named : [...named, "-p", `${port}`];
}

function startCommand(args: readonly string[]): Program {
  return start([COMMAND, ...args]);
}

function start(args: readonly string[]): Program {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.add(child);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  void ended.then(() => running.delete(child));
  return { process: child, output: () => output, ended };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("no port"));
      else server.close(() => resolve(address.port));
    });
  });
}

/** Resolves when something accepts connections at the port. */
async function accepting(wanted: number): Promise<void> {
  while (!(await accepts(wanted))) await delay(RETRY_MS);
}

function accepts(wanted: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(wanted, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
