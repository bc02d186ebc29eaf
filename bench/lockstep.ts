/**
 * How quick the server is to clients that do one thing after the other with Nagle's algorithm on, as most libraries leave it:
 * `npm run bench:lockstep -- --help`. TCP, WebSocket and TLS, each with a client that publishes to itself and with two
 * that answer each other. The servers run side by side and take turns.
 */
import { fileURLToPath } from "node:url";
import { CertificateAuthority } from "../interop/support/certificates.ts";
import type { CarrierKind } from "./lockstep/carrier.ts";
import { runPattern } from "./lockstep/pattern.ts";
import type { PatternName } from "./lockstep/pattern.ts";
import { startServers } from "./lockstep/servers.ts";
import type { CarrierServer } from "./lockstep/servers.ts";
import { median } from "./support/median.ts";
import { anyNumber, choices, core, runProgram, wholeNumber } from "./support/program-arguments.ts";

/** One carrier with one pattern. */
export interface Cell {
  readonly carrier: CarrierKind;
  readonly pattern: PatternName;
}

/** How much is measured. */
export interface LockstepSettings {
  readonly runs: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly serverCpu: string;
  readonly carriers: readonly string[];
}

/** The p50 of a round in microseconds, by server: the median over all runs. */
export interface CellResult extends Cell {
  readonly p50Us: ReadonlyMap<string, number>;
}

const CARRIERS: readonly CarrierKind[] = ["tcp", "ws", "tls"];
const PATTERNS: readonly PatternName[] = ["echo", "ping-pong"];
const CELLS: readonly Cell[] = CARRIERS.flatMap((carrier) =>
  PATTERNS.map((pattern) => ({ carrier, pattern })),
);

/** Measures all cells of the carriers; `said` is told what is going on. */
export async function measureLockstep(
  settings: LockstepSettings,
  said: (line: string) => void = () => undefined,
): Promise<CellResult[]> {
  using authority = new CertificateAuthority("anax-bench");
  const servers = await startServers(authority.issue("server"), settings.serverCpu);
  const times = new Map<Cell, Map<string, number[]>>();
  const cells = CELLS.filter(({ carrier }) => settings.carriers.includes(carrier));
  try {
    for (let run = 1; run <= settings.runs; run += 1) {
      for (const cell of cells) await measureCell(cell, servers, settings, times);
      said(`run ${run} of ${settings.runs}`);
    }
  } finally {
    for (const { running } of servers) await running.stop();
  }
  return cells.map((cell) => {
    const byServer = Array.from(times.get(cell) ?? []);
    return { ...cell, p50Us: new Map(byServer.map(([name, runs]) => [name, median(runs)])) };
  });
}

async function measureCell(
  cell: Cell,
  servers: readonly CarrierServer[],
  settings: LockstepSettings,
  times: Map<Cell, Map<string, number[]>>,
): Promise<void> {
  const byServer = times.get(cell) ?? new Map<string, number[]>();
  times.set(cell, byServer);
  for (const { name, ports } of servers) {
    const rounds = await runPattern(cell.pattern, [cell.carrier, ports], settings);
    byServer.set(name, [...(byServer.get(name) ?? []), median(rounds)]);
  }
}

/** A table in Markdown: microseconds, and the first server's beside the best of the others. */
export function lockstepTable(results: readonly CellResult[]): string {
  const names = Array.from(results[0]?.p50Us.keys() ?? []);
  const rows = results.map(({ carrier, pattern, p50Us }) => {
    const figures = names.map((name) => p50Us.get(name) ?? Number.NaN);
    const [own = Number.NaN, ...others] = figures;
    const ratio = others.length === 0 ? "" : `${(own / Math.min(...others)).toFixed(2)} x`;
    return [carrier, pattern, ...figures.map((us) => us.toFixed(0)), ratio];
  });
  const heads = ["carrier", "pattern", ...names.map((name) => `${name}, us`), "beside the better"];
  const rule = heads.map((_head, index) => (index < 2 ? "---" : "---:"));
  return [heads, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

/** Its command line. */
export const LOCKSTEP_PROGRAM = {
  command: "npm run bench:lockstep --",
  about:
    "How quick the server is to clients with Nagle's algorithm on that do one thing after the other, beside mosquitto.",
  options: {
    runs: wholeNumber("runs of each server, of which the median counts", {
      from: 1,
      to: 1_000,
      byDefault: 9,
    }),
    seconds: anyNumber("seconds of a run", { from: 0.1, to: 60, byDefault: 0.7 }),
    "warm-up": anyNumber("seconds before each run, which do not count", {
      from: 0,
      to: 60,
      byDefault: 0.5,
    }),
    "server-cpu": core("core of the servers", 0),
    carriers: choices("what carries MQTT", CARRIERS),
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runProgram(LOCKSTEP_PROGRAM, async (options) => {
    const { "warm-up": warmUpSeconds, "server-cpu": serverCpu, ...rest } = options;
    const say = (line: string): boolean => process.stderr.write(`${line}\n`);
    const results = await measureLockstep({ ...rest, warmUpSeconds, serverCpu }, say);
    process.stdout.write(lockstepTable(results));
  });
}
