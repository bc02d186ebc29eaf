/**
 * What durability costs, each line against the same load on a server without a store, in the same minute:
 *
 *     npm run bench:durable                          everything, some minutes
 *     npm run bench:durable -- --messages 100000     smaller queues
 */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { StoreDurability } from "@anax/server";
import { drainSessions, makeSessions, publishAll } from "./durable-clients.ts";
import { DurableServerProcess } from "./durable-server.ts";
import { runLoad } from "./load-generator.ts";
import type { LoadResult } from "./load-generator.ts";

const FOLDER = fileURLToPath(new URL("../node_modules/.cache/", import.meta.url));

/** How much is measured. */
export interface DurableWorkload {
  /** Of each run of the load generator. */
  readonly seconds: number;
  /** Messages that are queued for sessions that are away. */
  readonly messages: number;
  readonly sessions: number;
  /** Sessions and retained messages that a restart finds. */
  readonly restartSessions: number;
  readonly restartRetained: number;
  /** How long the store is waited for to shrink after its queues were drained. */
  readonly shrinkSeconds: number;
}

/** One line of the table. */
export interface DurableFigure {
  readonly name: string;
  readonly measured: string;
  readonly bar: string;
}

/** Does something with a server on a directory of its own, which is removed afterwards. */
async function withServer<Result>(
  durability: StoreDurability,
  use: (server: DurableServerProcess, directory: string) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(FOLDER, "anax-bench-durable-"));
  const directory = join(folder, "data");
  const server = await DurableServerProcess.start({ durability, directory });
  try {
    return await use(server, directory);
  } finally {
    await server.end("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

function load(
  durability: StoreDurability,
  seconds: number,
  args: readonly string[],
): Promise<LoadResult> {
  return withServer(durability, ({ port, pid }) =>
    runLoad({ port, pid, cpu: "", seconds, load: args }),
  );
}

/** The same load with a store and without one. */
async function compare(
  name: string,
  seconds: number,
  args: readonly string[],
): Promise<DurableFigure> {
  const memory = Number((await load("memory", seconds, args))["delivered"]);
  const result = await load("disk", seconds, args);
  const disk = Number(result["delivered"]);
  const share = ((disk / memory) * 100).toFixed(0);
  const { lost = 0, dup = 0, ooo = 0 } = result;
  return {
    name,
    measured: `${share} % (${disk.toFixed(0)} of ${memory.toFixed(0)} messages/s; lost ${lost}, doubled ${dup}, disordered ${ooo})`,
    bar: "60 % of memory",
  };
}

async function addedLatency(seconds: number): Promise<DurableFigure> {
  const args = ["-m", "pair", "-n", "1", "-q", "1", "-w", "1", "-C"];
  const memory = Number((await load("memory", seconds, args))["p50us"]);
  const disk = Number((await load("disk", seconds, args))["p50us"]);
  return {
    name: "one message at a time, p50",
    measured: `${disk.toFixed(0)} µs, ${memory.toFixed(0)} µs in memory`,
    bar: "below 1000 µs over memory",
  };
}

/** QoS 0 alone, and beside a load that keeps the store busy. */
async function beside(seconds: number): Promise<DurableFigure> {
  return withServer("disk", async ({ port, pid }) => {
    const args = ["-m", "pair", "-n", "2", "-w", "50", "-r", "20000"];
    const run = { port, pid, cpu: "", seconds };
    const alone = await runLoad({ ...run, load: args });
    const durable = ["-m", "pair", "-n", "4", "-q", "1", "-w", "20", "-r", "10000", "-C"];
    const [together] = await Promise.all([
      runLoad({ ...run, load: args }),
      runLoad({ ...run, load: durable }),
    ]);
    const share = (Number(together["delivered"]) / Number(alone["delivered"])) * 100;
    return {
      name: "QoS 0 beside a durable load, both at a fixed rate",
      measured: `${share.toFixed(0)} % of alone`,
      bar: "90 %",
    };
  });
}

async function queues(workload: DurableWorkload): Promise<DurableFigure[]> {
  return withServer("disk", async (server) => {
    const { messages, sessions, shrinkSeconds } = workload;
    const each = Math.floor(messages / sessions);
    await makeSessions(server.port, sessions);
    const topic = (index: number): string => `queue/${index % sessions}`;
    await publishAll(server.port, { count: each * sessions, retain: false, topic });
    const memory = server.memory("VmHWM");
    const peak = await server.storeBytes();
    const drained = await drainSessions(server.port, sessions, each);
    const left = await shrunk(server, peak / 20, shrinkSeconds);
    const name = `${each * sessions} messages for ${sessions} sessions`;
    return [
      { name: `${name}: memory`, measured: megabytes(memory), bar: "300 MB" },
      {
        name: `${name}: drained in order`,
        measured: `${drained.messages}, ${drained.outOfOrder} disordered`,
        bar: "all, 0",
      },
      {
        name: `${name}: store afterwards`,
        measured: `${megabytes(left)} of ${megabytes(peak)}`,
        bar: "5 %",
      },
    ];
  });
}

/** Waits until the store has shrunk to `wanted` bytes, at most so long. */
async function shrunk(
  server: DurableServerProcess,
  wanted: number,
  seconds: number,
): Promise<number> {
  const endMs = performance.now() + seconds * 1_000;
  let bytes = await server.storeBytes();
  while (bytes > wanted && performance.now() < endMs) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    bytes = await server.storeBytes();
  }
  return bytes;
}

async function restart(workload: DurableWorkload): Promise<DurableFigure> {
  const { messages, restartSessions, restartRetained } = workload;
  return withServer("disk", async (server, directory) => {
    await makeSessions(server.port, restartSessions);
    const queue = (index: number): string => `queue/${index % restartSessions}`;
    await publishAll(server.port, { count: messages, retain: false, topic: queue });
    const kept = (index: number): string => `retained/${index >> 10}/${index}`;
    await publishAll(server.port, { count: restartRetained, retain: true, topic: kept });
    await server.end("SIGKILL");
    const again = await DurableServerProcess.start({ durability: "disk", directory });
    const measured = `${(again.readyMs / 1_000).toFixed(1)} s, ${megabytes(again.memory("VmHWM"))}`;
    await again.end("SIGKILL");
    return {
      name: `kill -9 and start: ${restartSessions} sessions, ${restartRetained} retained, ${messages} queued`,
      measured,
      bar: "10 s",
    };
  });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** Measures all of the table, and tells each line as soon as it is known. */
export async function measureDurable(
  workload: DurableWorkload,
  tell: (figure: DurableFigure) => void,
): Promise<void> {
  const { seconds } = workload;
  const pairs = ["-m", "pair", "-n", "10", "-q", "1", "-C"];
  tell(await compare("QoS 1, 10 pairs of lasting sessions", seconds, pairs));
  const fanout = ["-m", "fanout", "-n", "1", "-s", "50", "-q", "1", "-C"];
  tell(await compare("QoS 1, one to 50 lasting sessions", seconds, fanout));
  tell(await addedLatency(seconds));
  tell(await beside(seconds));
  for (const figure of await queues(workload)) tell(figure);
  tell(await restart(workload));
}

function workloadOf(args: readonly string[]): DurableWorkload {
  const option = (byDefault: string): { type: "string"; default: string } => ({
    type: "string",
    default: byDefault,
  });
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: option("5"),
      messages: option("1000000"),
      sessions: option("1000"),
      "restart-sessions": option("100000"),
      "restart-retained": option("1000000"),
    },
  });
  return {
    seconds: Number(values.seconds),
    messages: Number(values.messages),
    sessions: Number(values.sessions),
    restartSessions: Number(values["restart-sessions"]),
    restartRetained: Number(values["restart-retained"]),
    shrinkSeconds: 30,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await measureDurable(workloadOf(process.argv.slice(2)), ({ name, measured, bar }) =>
    process.stdout.write(`${name}: ${measured} (bar: ${bar})\n`),
  );
}
