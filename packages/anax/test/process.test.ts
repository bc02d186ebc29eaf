/** The command as a process of its own: signals, exit codes, pipes that close, and how soon it is ready. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { connect as connectSocket } from "node:net";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { encodePacket } from "@anax/protocol";
import { afterEach, describe, expect, it } from "vitest";
import { bundledProgram } from "../../../tools/bundled-program.ts";
import { startTestServer } from "./support/test-server.ts";

/** So that no test leaves a directory behind. */
const IN_MEMORY = ["--durability", "memory"];

const MAIN = await bundledProgram(fileURLToPath(new URL("../src/main.ts", import.meta.url)));
const children = new Set<ChildProcess>();
const sockets = new Set<Socket>();

afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  for (const socket of sockets) socket.destroy();
  children.clear();
  sockets.clear();
});

interface Program {
  readonly child: ChildProcess;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: Promise<number | string | null>;
}

function anax(...args: string[]): Program {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
  });
  children.add(child);
  const { stdout, stderr } = child;
  const ended = new Promise<number | string | null>((resolve) => {
    child.once("close", (code, signal) => resolve(signal ?? code));
  });
  return { child, stdout: stdout.setEncoding("utf8"), stderr: stderr.setEncoding("utf8"), ended };
}

/** What comes until it matches. */
async function until(stream: Readable, pattern: RegExp): Promise<RegExpExecArray> {
  let text = "";
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    const match = pattern.exec(text);
    if (match !== null) return match;
  }
  throw new Error(`it ended without ${String(pattern)}: ${text}`);
}

async function all(stream: Readable): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}

/** A client that never lets go: it does not close when the server does. */
function frozenClient(port: number): Promise<Socket> {
  const socket = connectSocket({ port, host: "127.0.0.1", allowHalfOpen: true });
  sockets.add(socket);
  socket.on("error", () => undefined);
  socket.write(
    encodePacket(
      {
        type: "connect",
        protocolVersion: 5,
        clientId: "frozen",
        cleanStart: true,
        keepAliveSeconds: 0,
      },
      5,
    ),
  );
  return new Promise((resolve) => socket.once("data", () => resolve(socket)));
}

describe("anax as a process", () => {
  it.each(["SIGINT", "SIGTERM"] as const)("serves until %s and exits with 0", async (signal) => {
    const server = anax("serve", "--port", "0", ...IN_MEMORY);
    await until(server.stdout, /^ready /m);
    server.child.kill(signal);
    expect(await server.ended).toBe(0);
    expect(await all(server.stderr)).toBe("");
  });

  it("ends at once at a second signal, while a client does not let go", async () => {
    const server = anax("serve", "--port", "0", ...IN_MEMORY);
    const [, port] = await until(server.stdout, /:(\d+)\n(?:.*\n)*ready /);
    await frozenClient(Number(port));
    server.child.kill("SIGINT");
    await until(server.stdout, /stopping/);
    // Signals that come together are one key press, so this one has to come later; a third would end it untidily.
    const again = setTimeout(() => server.child.kill("SIGINT"), 500);
    expect(await server.ended).toBe(130);
    clearTimeout(again);
  });

  it("exits with 1 and one line when its port is in use", async () => {
    const { port } = await startTestServer();
    const server = anax("serve", "--port", String(port), ...IN_MEMORY);
    expect(await all(server.stderr)).toMatch(/^anax serve: cannot listen on [^\n]+\n$/);
    expect(await server.ended).toBe(1);
  });

  it("exits with 2 and one line for a flag that there is not", async () => {
    const server = anax("serve", "--prot", "1");
    expect(await all(server.stderr)).toBe(
      "anax serve: there is no flag --prot; did you mean --port?\n",
    );
    expect(await server.ended).toBe(2);
  });

  it("ends quietly when whoever reads its output has gone", async () => {
    const test = await startTestServer();
    const subscribed = test.subscribed("a");
    const { child, stdout, stderr, ended } = anax("sub", ...test.flags, "-t", "a");
    await subscribed;
    await test.server.injectApplicationMessage({ topic: "a", payload: "one" });
    await until(stdout, /one\n/);
    child.stdout?.destroy();
    const more = setInterval(() => {
      void test.server.injectApplicationMessage({ topic: "a", payload: "two" });
    }, 20);
    expect(await ended).toBe(0);
    clearInterval(more);
    expect(await all(stderr)).toBe("");
  });

  it("publishes lines from a pipe and exits with 0", async () => {
    const { flags, published } = await startTestServer();
    const { child, ended } = anax("pub", ...flags, "-t", "a", "-l", "-q", "2");
    child.stdin?.end("one\ntwo\n");
    expect(await ended).toBe(0);
    expect(published.map(({ payload }) => Buffer.from(payload).toString())).toEqual(["one", "two"]);
  });
});
