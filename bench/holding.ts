/**
 * Very many connections at a time: are they held, and does the server go on serving while it holds them? Most are idle;
 * some publish one message a second to as many subscribers. The bar: none is dropped, no message is lost.
 *
 *     npm run bench:holding -- --connections 50000 --active 1000 --seconds 60
 *
 * Each connection is an open file of the server: where the system allows fewer (`ulimit -Hn`), `--transport memory` still
 * shows that the server itself holds them, over streams inside one process.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { holdInMemory } from "./holding/in-memory.ts";
import type { HoldingResult, HoldingWorkload } from "./holding/workload.ts";
import { buildLoadGenerator, runLoad } from "./support/load-generator.ts";
import { PlainError } from "./support/plain-error.ts";
import { choice, runProgram, usageError, wholeNumber } from "./support/program-arguments.ts";

interface ServerStatus {
  readonly connectionsCurrent: number;
  readonly connectionsTotal: number;
  readonly transportsRefused: number;
  readonly rss: number;
}

/** Of one generator: below the limits of its ports and open files. */
const CONNECTIONS_PER_GENERATOR = 15_000;

/** Open files of the server that are no connections. */
const OTHER_FILES = 100;

/** Holds connections over TCP, with the server and each generator in a process of its own. */
export async function holdOverTcp(workload: HoldingWorkload): Promise<HoldingResult> {
  const { connections, active, seconds } = workload;
  requireOpenFiles(connections);
  const idle = connections - 2 * active;
  const generators = Math.ceil(idle / CONNECTIONS_PER_GENERATOR);
  const server = await HoldingServer.start(generators + 1);
  const idlers: ChildProcess[] = [];
  try {
    const before = await server.status();
    for (let index = 0; index < generators; index += 1) {
      const count = Math.min(CONNECTIONS_PER_GENERATOR, idle - index * CONNECTIONS_PER_GENERATOR);
      idlers.push(startIdlers(server.ports[index] ?? 0, count));
    }
    const after = await connected(server, idlers, idle);
    const port = server.ports[generators] ?? 0;
    const load = ["-m", "pair", "-n", String(active), "-r", String(active), "-a", "1"];
    const result = await runLoad({ port, pid: server.pid, cpu: "", seconds, load });
    if ("error" in result) throw new Error(String(result["error"]));
    const end = await server.status();
    // The generators would have ended had one of their connections been closed.
    const survived = idlers.every(({ exitCode }) => exitCode === null);
    const figure = (name: string): number => Number(result[name] ?? 0);
    return {
      held: survived ? idle + 2 * active : end.connectionsCurrent,
      made: end.connectionsTotal + end.transportsRefused,
      sent: Math.round(figure("sent") * seconds),
      lost: figure("lost") + figure("gaps"),
      p99Ms: figure("p99us") / 1_000,
      bytesPerConnection: (after.rss - before.rss) / idle,
    };
  } finally {
    for (const idler of idlers) idler.kill("SIGKILL");
    server.stop();
  }
}

/** A clear word instead of a server that cannot accept. Node itself has raised the soft limit to the hard one. */
function requireOpenFiles(connections: number): void {
  const report = process.report.getReport() as {
    userLimits?: { open_files?: { hard: number | string } };
  };
  const hard = Number(report.userLimits?.open_files?.hard ?? Infinity);
  if (Number.isNaN(hard) || hard >= connections + OTHER_FILES) return;
  throw new PlainError(
    `${connections} connections are as many open files, and a process may have ${hard} here: ` +
      "raise ulimit -Hn, or use --transport memory",
  );
}

function startIdlers(port: number, count: number): ChildProcess {
  const load = ["-y", "-m", "conn", "-c", String(count), "-H", "86400", "-p", String(port)];
  return spawn(buildLoadGenerator(), load, { stdio: ["ignore", "ignore", "inherit"] });
}

/** Waits until all idle connections are there. */
async function connected(
  server: HoldingServer,
  idlers: readonly ChildProcess[],
  idle: number,
): Promise<ServerStatus> {
  for (;;) {
    const status = await server.status();
    if (status.connectionsCurrent >= idle) return status;
    if (idlers.some(({ exitCode }) => exitCode !== null)) throw new Error("a generator gave up");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The server in its process. */
class HoldingServer {
  readonly #process: ChildProcess;
  ports: readonly number[] = [];

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  static async start(listeners: number): Promise<HoldingServer> {
    const program = fileURLToPath(new URL("servers/holding.mjs", import.meta.url));
    const stdio = ["ignore", "inherit", "inherit", "ipc"] as const;
    const child = spawn(process.execPath, [program, String(listeners)], { stdio: [...stdio] });
    const server = new HoldingServer(child);
    const { ports } = await server.#answer<{ ports: readonly number[] }>();
    server.ports = ports;
    return server;
  }

  status(): Promise<ServerStatus> {
    this.#process.send("status");
    return this.#answer<ServerStatus>();
  }

  #answer<Answer>(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error("the server has ended"));
      this.#process.once("exit", ended);
      this.#process.once("message", (answer) => {
        this.#process.off("exit", ended);
        resolve(answer as Answer);
      });
    });
  }

  stop(): void {
    this.#process.kill("SIGKILL");
  }
}

/** One line for people. */
export function holdingLine(
  { connections, active }: HoldingWorkload,
  result: HoldingResult,
): string {
  const { held, made, sent, lost, p99Ms, bytesPerConnection } = result;
  return [
    `${connections} connections, ${active} of them sending one message a second: ${held} held,`,
    `${made - held} dropped, ${lost} of ${sent} messages lost, p99 ${p99Ms.toFixed(1)} ms,`,
    `${(bytesPerConnection / 1_024).toFixed(1)} KB a connection`,
  ].join(" ");
}

/** True if nothing was dropped or lost. */
export function isHeld({ connections }: HoldingWorkload, result: HoldingResult): boolean {
  return result.held === connections && result.made === connections && result.lost === 0;
}

/** Its command line. */
export const HOLDING_PROGRAM = {
  command: "npm run bench:holding --",
  about:
    "Very many connections at a time: are they held, and is what some of them send delivered? Ends with 1 if not.",
  options: {
    connections: wholeNumber("connections", { from: 3, to: 1_000_000, byDefault: 50_000 }),
    active: wholeNumber("of them, one that sends to another", {
      from: 1,
      to: 100_000,
      byDefault: 1_000,
    }),
    seconds: wholeNumber("how long they send", { from: 1, to: 86_400, byDefault: 60 }),
    transport: choice("memory needs no open files", ["tcp", "memory"], "tcp"),
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runProgram(HOLDING_PROGRAM, async ({ transport, ...workload }) => {
    const { connections, active } = workload;
    if (connections <= 2 * active) {
      const least = 2 * active + 1;
      throw usageError(`--connections ${connections} is below ${least}, with --active ${active}`);
    }
    const hold = transport === "memory" ? holdInMemory : holdOverTcp;
    const result = await hold(workload);
    process.stdout.write(`${holdingLine(workload, result)}\n`);
    if (!isHeld(workload, result)) process.exitCode = 1;
  });
}
