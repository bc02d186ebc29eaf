/**
 * What access control costs: messages per second of the server's processor time with 1000 rules, beside those without; and CONNECTs with tokens.
 *
 *     npm run bench:access -- --runs 5 --seconds 2 --connects 3000
 */
import { fileURLToPath } from "node:url";
import { connectCost, connectLine, TOKEN_KINDS } from "./access/connects.ts";
import { runLoad } from "./support/load-generator.ts";
import { CORE_OPTIONS } from "./support/load-options.ts";
import { median } from "./support/median.ts";
import { PlainError } from "./support/plain-error.ts";
import { runProgram, wholeNumber } from "./support/program-arguments.ts";
import { PEERS, RunningPeer } from "./table/peers.ts";

/** The load of the line `mix-q0-10p`: ten pairs, each with 1000 topics of which each message has another. */
const LOAD = ["-m", "pair", "-n", "10", "-w", "100", "-M", "1000"];

/** Kinds of server, and what stands behind them. The first one is what the others are held against. */
const KINDS: Readonly<Record<string, string>> = {
  plain: "no rules",
  "rules-tree": "1000 rules, of which one allows a whole tree",
  "rules-filter": "1000 rules, of which one allows a filter with +",
  "rules-topics": "1000 rules, each about one topic",
};

/** How much is measured. */
export interface AccessBenchSettings {
  readonly runs: number;
  readonly seconds: number;
  readonly "server-cpu": string;
  readonly "load-cpu": string;
}

/** Messages per second of processor time, of each run by the kind of server. */
export type RuleCosts = ReadonlyMap<string, readonly number[]>;

/** Loads a server of each kind in turn, so that a machine that drifts drifts for all. */
export async function measureRules(settings: AccessBenchSettings): Promise<RuleCosts> {
  const { runs, seconds, "server-cpu": serverCpu, "load-cpu": cpu } = settings;
  const [anax] = PEERS;
  if (anax === undefined || anax.missing !== undefined)
    throw new PlainError(`anax is ${anax?.missing}`);
  const servers: RunningPeer[] = [];
  const costs = new Map(Object.keys(KINDS).map((kind) => [kind, new Array<number>()]));
  try {
    for (const kind of costs.keys()) servers.push(await RunningPeer.start(anax, kind, serverCpu));
    for (let run = 0; run < runs; run += 1) {
      for (const [index, found] of [...costs.values()].entries()) {
        const { port = 0, pid = 0 } = servers[index] ?? {};
        const result = await runLoad({ port, pid, cpu, seconds, load: LOAD });
        if (result["error"] !== undefined) throw new PlainError(String(result["error"]));
        found.push(Number(result["msg_per_cpusec"]));
      }
    }
  } finally {
    for (const server of servers) await server.stop();
  }
  return costs;
}

/** One line for each kind: the median, its share of that without rules, and from where to where the runs went. */
export function ruleLines(costs: RuleCosts): string[] {
  const [plain = []] = costs.values();
  return Array.from(costs, ([kind, found]) => {
    const share = (median(found) / median(plain)) * 100;
    const range = `${Math.min(...found)} to ${Math.max(...found)}`;
    return `${KINDS[kind]}: ${median(found)} messages per second of processor time, ${share.toFixed(0)} % (${range})`;
  });
}

/** Its command line. */
export const ACCESS_PROGRAM = {
  command: "npm run bench:access --",
  about:
    "What 1000 rules of access cost: messages per second of processor time beside those without.",
  options: {
    runs: wholeNumber("runs of each server, of which the median counts", {
      from: 1,
      to: 1_000,
      byDefault: 5,
    }),
    seconds: wholeNumber("time of a run", { from: 1, to: 3_600, byDefault: 2 }),
    connects: wholeNumber("CONNECTs with each kind of token", {
      from: 1,
      to: 100_000,
      byDefault: 3_000,
    }),
    ...CORE_OPTIONS,
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runProgram(ACCESS_PROGRAM, async (settings) => {
    for (const line of ruleLines(await measureRules(settings))) process.stdout.write(`${line}\n`);
    for (const kind of TOKEN_KINDS) {
      const cost = await connectCost(kind, settings.connects, settings["server-cpu"]);
      process.stdout.write(`${connectLine(cost)}\n`);
    }
  });
}
