import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DurableWorkload } from "./figure.ts";
import { DurableServerProcess } from "./server.ts";
import type { DurableServerOptions } from "./server.ts";
import { runLoad } from "../support/load-generator.ts";
import type { LoadResult } from "../support/load-generator.ts";
import { leastDisturbed } from "../table/measuring.ts";
import { median } from "../support/median.ts";

/** On the disk of the repository: a temporary folder may be memory. */
const FOLDER = fileURLToPath(new URL("../../node_modules/.cache/", import.meta.url));

/** Does something with a server on a directory of its own, which is removed afterwards. */
export async function withServer<Result>(
  options: Omit<DurableServerOptions, "directory">,
  use: (server: DurableServerProcess, directory: string) => Promise<Result>,
): Promise<Result> {
  mkdirSync(FOLDER, { recursive: true });
  const folder = mkdtempSync(join(FOLDER, "anax-bench-durable-"));
  const directory = join(folder, "data");
  try {
    const server = await DurableServerProcess.start({ ...options, directory });
    try {
      return await use(server, directory);
    } finally {
      await server.end("SIGKILL");
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a server is called, and how it is started. */
export type Contenders<Name extends string> = Readonly<
  Record<Name, Omit<DurableServerOptions, "directory" | "cpu">>
>;

/** Results of runs in turn, by contender. */
export type Results<Name extends string> = Readonly<Record<Name, LoadResult[]>>;

/**
 * Loads several servers in turn on one core. All but the one that is loaded are held still: the checkpoint of one must
 * not be paid by the next.
 */
export async function inTurn<Name extends string>(
  workload: DurableWorkload,
  contenders: Contenders<Name>,
  load: readonly string[],
): Promise<Results<Name>> {
  const names = Object.keys(contenders) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Results<Name>;
  const servers = new Map<Name, DurableServerProcess>();
  const startAll = async (left: readonly Name[]): Promise<void> => {
    const [name, ...others] = left;
    if (name === undefined) return takeTurns(workload, { servers, results, load });
    await withServer({ ...contenders[name], cpu: workload.serverCpu }, async (server) => {
      server.sleep();
      servers.set(name, server);
      await startAll(others);
      server.wake();
    });
  };
  await startAll(names);
  return results;
}

async function takeTurns<Name extends string>(
  workload: DurableWorkload,
  fields: {
    readonly servers: ReadonlyMap<Name, DurableServerProcess>;
    readonly results: Results<Name>;
    readonly load: readonly string[];
  },
): Promise<void> {
  const { seconds, warmUpSeconds, loadCpu: cpu, runs, tries } = workload;
  const { servers, results, load } = fields;
  const noise = (result: LoadResult): number => Number(result["noise"] ?? 0);
  for (let run = 0; run < runs; run += 1) {
    for (const [name, server] of servers) {
      const { port, pid } = server;
      server.wake();
      const one = (): Promise<LoadResult> =>
        runLoad({ port, pid, cpu, seconds, warmUpSeconds, load });
      results[name].push(await leastDisturbed(tries, noise, one));
      server.sleep();
    }
  }
}

/** Median of a figure over the runs that did not fail; NaN of none. */
export function medianOf(results: readonly LoadResult[], key: string): number {
  return median(
    results
      .filter((result) => !("error" in result))
      .map((result) => Number(result[key]))
      .filter(Number.isFinite),
  );
}

/** What went wrong in any of the runs, in words, a comma before; empty if nothing. */
export function faultsOf(results: readonly LoadResult[]): string {
  const kinds = {
    lost: "lost",
    dup: "doubled",
    ooo: "disordered",
    gaps: "gaps",
    unacked: "unacknowledged",
  };
  const found = Object.entries(kinds).flatMap(([key, word]) => {
    const count = results.reduce((sum, result) => sum + Math.max(0, Number(result[key] ?? 0)), 0);
    return count > 0 ? [`, ${count} ${word}`] : [];
  });
  const errors = results.flatMap((result) => ("error" in result ? [`, ${result["error"]}`] : []));
  return [...found, ...errors].join("");
}
