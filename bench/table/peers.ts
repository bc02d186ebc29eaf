import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { isDotnetThere, programPath as mqttnetProgram } from "../../interop/mqttnet/program.ts";
import { onCore } from "../support/on-core.ts";
import { PlainError } from "../support/plain-error.ts";
import { programPath } from "../support/program-path.ts";

/** A server that is measured. */
export interface PeerProgram {
  readonly name: string;
  /** Undefined, and why, if it is not on this machine. */
  readonly missing: string | undefined;
  /** True: measured only where it is named. */
  readonly isOnRequest?: boolean;
  /** What becomes of what it says on stderr. */
  readonly errors: "inherit" | "ignore";
  /** Program and arguments that serve on this port, and by TLS on another if that is given. */
  command(
    port: number,
    directory: string,
    kind: string,
    secured?: SecuredPort,
  ): readonly [string, ...string[]];
}

/** A second port, for TLS, and the files of its certificate. */
export interface SecuredPort {
  readonly port: number;
  readonly cert: string;
  readonly key: string;
}

const MOSQUITTO = programPath("mosquitto");
const FLASHMQ = programPath("flashmq");
const STDERR_TAIL_LENGTH = 1_000;
const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Anax first; the others only if they are installed. */
export const PEERS: readonly PeerProgram[] = [
  {
    name: "anax",
    missing: existsSync(file("../../packages/server/dist/index.js"))
      ? undefined
      : "not built: npm run build",
    errors: "inherit",
    command: (port, _directory, kind, secured) => [
      process.execPath,
      file("../servers/anax.mjs"),
      String(port),
      kind,
      ...(secured === undefined ? [] : [String(secured.port), secured.cert, secured.key]),
    ],
  },
  {
    name: "mosquitto",
    missing: MOSQUITTO === undefined ? "not installed (Debian: mosquitto)" : undefined,
    errors: "ignore", // it complains about root each time
    command: (port, directory, kind, secured) => [
      MOSQUITTO ?? "mosquitto",
      "-c",
      mosquittoConfiguration(port, directory, kind, secured),
    ],
  },
  {
    name: "flashmq",
    missing:
      FLASHMQ === undefined
        ? "not installed: Debian 12 has no package of it (flashmq.org)"
        : undefined,
    isOnRequest: true,
    errors: "ignore",
    command: (port, directory, _kind, secured) => [
      FLASHMQ ?? "flashmq",
      "--config-file",
      flashmqConfiguration(port, directory, secured),
    ],
  },
  {
    name: "aedes",
    missing: existsSync(file("../../node_modules/aedes"))
      ? undefined
      : "not installed (npm: aedes)",
    errors: "inherit",
    command: (port, _directory, kind) => [
      process.execPath,
      file("../servers/aedes.mjs"),
      String(port),
      kind,
    ],
  },
  {
    name: "mqttnet",
    missing: mqttnetMissing(),
    isOnRequest: true,
    errors: "inherit",
    command: (port) => ["dotnet", mqttnetProgram(), "bench-server", String(port)],
  },
];

/** Why MQTTnet's server cannot be started here; undefined if it can. */
function mqttnetMissing(): string | undefined {
  if (!isDotnetThere) return "dotnet is not installed";
  return existsSync(mqttnetProgram()) ? undefined : "not built: npm run build:mqttnet";
}

/** Anonymous, and its queue limits off, or it would drop what the load counts. */
function mosquittoConfiguration(
  port: number,
  directory: string,
  kind: string,
  secured?: SecuredPort,
): string {
  const path = join(directory, "mosquitto.conf");
  const lines = [
    `listener ${port} 127.0.0.1`,
    "allow_anonymous true",
    "max_queued_messages 0",
    "max_queued_bytes 0",
    "max_inflight_messages 0",
    "persistence false",
    "log_type none",
    `set_tcp_nodelay ${kind === "prompt"}`,
    "user root",
    ...(secured === undefined
      ? []
      : [
          `listener ${secured.port} 127.0.0.1`,
          "allow_anonymous true",
          `certfile ${secured.cert}`,
          `keyfile ${secured.key}`,
        ]),
  ];
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

/** As its manual has it: one thread, as the others have, and its queue limits off. */
function flashmqConfiguration(port: number, directory: string, secured?: SecuredPort): string {
  const path = join(directory, "flashmq.conf");
  const listener = (at: number, ...more: readonly string[]): string =>
    ["listen {", "protocol mqtt", `port ${at}`, ...more, "}"].join("\n");
  const lines = [
    "allow_anonymous yes",
    "thread_count 1",
    "max_qos_msg_pending_per_client 65535",
    "max_qos_bytes_pending_per_client 4294967295",
    listener(port),
    ...(secured === undefined
      ? []
      : [listener(secured.port, `fullchain ${secured.cert}`, `privkey ${secured.key}`)]),
  ];
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

/** A server that runs, on a port and a core of its own. */
export class RunningPeer {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #directory: string;
  #taker: (line: string) => void = () => undefined;

  private constructor(fields: { port: number; process: ChildProcess; directory: string }) {
    this.port = fields.port;
    this.#process = fields.process;
    this.#directory = fields.directory;
    const { stdout } = fields.process;
    if (stdout) createInterface({ input: stdout }).on("line", (line) => this.#taker(line));
  }

  /** True if it has ended by itself. */
  get hasEnded(): boolean {
    const { pid, exitCode, signalCode } = this.#process;
    return pid === undefined || exitCode !== null || signalCode !== null;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Starts the program pinned to `cpu` and waits until it accepts connections. */
  static async start(
    peer: PeerProgram,
    kind: string,
    cpu: string,
    secured?: SecuredPort,
  ): Promise<RunningPeer> {
    const directory = mkdtempSync(join(tmpdir(), "anax-bench-"));
    const port = await freePort();
    const [first, ...rest] = onCore(cpu, peer.command(port, directory, kind, secured), {
      hasShortTurns: kind === "timed",
    });
    const child = spawn(first, rest, { stdio: ["ignore", "pipe", "pipe"] });
    const said = tailOf(child, peer.errors);
    const running = new RunningPeer({ port, process: child, directory });
    try {
      await accepting(port, child);
    } catch (error) {
      await running.stop();
      // What it said last may come after its end.
      await new Promise((resolve) => setTimeout(resolve, 100));
      const why = error instanceof Error ? error.message : String(error);
      throw new PlainError(`${[`${peer.name} did not start: ${why}`, said()].join("\n").trim()}`);
    }
    return running;
  }

  /** What a server of the kind "timed" has measured since it was last asked. */
  async figures(): Promise<Record<string, number>> {
    const line = new Promise<string>((resolve, reject) => {
      // It also says when it is ready, which may come late: the port was there before.
      this.#taker = (text) => text.startsWith("{") && resolve(text);
      this.#process.once("exit", () => reject(new Error("the server has ended")));
    });
    this.#process.kill("SIGUSR2");
    return JSON.parse(await line) as Record<string, number>;
  }

  /** Ends it at once, or in order. */
  async stop(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    if (!this.hasEnded) {
      const exited = new Promise((resolve) => this.#process.once("exit", resolve));
      this.#process.kill(signal);
      await exited;
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** What a program has said last on stderr; handed on as well where it is not ignored. */
function tailOf(child: ChildProcess, errors: PeerProgram["errors"]): () => string {
  let tail = "";
  const add = (text: string): void => {
    tail = (tail + text).slice(-STDERR_TAIL_LENGTH);
  };
  child.stderr?.on("data", (chunk: Buffer) => {
    add(chunk.toString());
    if (errors === "inherit") process.stderr.write(chunk);
  });
  child.once("error", ({ message }) => add(message));
  return () => tail.trim();
}

/** A port of 127.0.0.1 that nobody had a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Resolves when the port takes connections; rejects if the program ends or ten seconds pass. */
async function accepting(port: number, child: ChildProcess): Promise<void> {
  const endMs = Date.now() + 10_000;
  const isAlive = (): boolean =>
    child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  while (Date.now() < endMs && isAlive()) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no connection to port ${port}; exit code ${child.exitCode}`);
}
