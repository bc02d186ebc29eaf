/**
 * What clients that behave well wait for while thousands of others do the same at the same moment, beside mosquitto: the worst
 * latency of a pair that exchanges a small message each 10 ms.
 *
 *     npm run bench:storms -- --clients 18000
 *
 * Each client is an open file of the server and of the generator (`ulimit -Hn`).
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildStormGenerator } from "./support/load-generator.ts";
import { PlainError } from "./support/plain-error.ts";
import { choice, runProgram, wholeNumber } from "./support/program-arguments.ts";
import { PEERS, RunningPeer } from "./table/peers.ts";

/** A storm, and how many clients take part in it if so many are asked for. */
interface Storm {
  readonly about: string;
  readonly clients: (asked: number) => number;
  readonly arguments?: readonly string[];
}

const all = (asked: number): number => asked;
const half = (asked: number): number => Math.ceil(asked / 2);
const just =
  (count: number) =>
  (asked: number): number =>
    Math.min(count, asked);

/** By the names that the generator has for them. */
export const STORMS: Readonly<Record<string, Storm>> = {
  ready: { about: "bytes come from all, nothing is to be done: the floor", clients: all },
  connect: { about: "all connect", clients: all },
  subscribe: { about: "each subscribes to 100 filters", clients: half },
  unsubscribe: { about: "each unsubscribes from 100 filters", clients: half },
  publish0: { about: "each publishes a QoS 0 message to one subscriber", clients: all },
  publish1: { about: "each publishes a QoS 1 message to one subscriber", clients: all },
  wills: { about: "all are reset, with Wills of QoS 1", clients: all },
  bigwills: { about: "all are reset, with Wills of 60 KB", clients: half },
  fan: { about: "one message of 1 KB to all", clients: all, arguments: ["-b", "1000"] },
  flood: { about: "one client publishes at full speed", clients: just(2) },
  match: {
    about: "64 messages of 8 KB against 9990 filters of 60 levels",
    clients: just(2),
    arguments: ["-b", "8000"],
  },
  groups: { about: "33 messages to 1000 shared groups of each of 100 clients", clients: just(100) },
  away: {
    about: "200 messages of 1 KB to sessions that are away",
    clients: half,
    arguments: ["-b", "1000"],
  },
  long: {
    about: "two clients with 10 000 filters of 128 levels leave",
    clients: just(2),
    arguments: ["-f", "10000"],
  },
  resubscribe: {
    about: "8 clients subscribe to 10 000 filters and leave them, again and again",
    clients: just(8),
    arguments: ["-f", "10000"],
  },
  strangers: { about: "CONNECTs that are never finished end together", clients: half },
};

/** What the generator has measured; times in milliseconds. */
export interface StormResult {
  readonly clients: number;
  /** Latency of the pair's messages. */
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly worst_ms: number;
  /** The longest that a newcomer has waited for CONNACK. */
  readonly connect_ms: number;
  /** Answers or messages that came, of how many. */
  readonly came: number;
  readonly expected: number;
  readonly seconds: number;
  /** Most memory that the server has had, in MB. */
  readonly peakMB: number;
}

/** Puts a server of its own through one storm. */
export async function measureStorm(
  peerName: string,
  name: string,
  asked: number,
): Promise<StormResult> {
  const peer = PEERS.find((known) => known.name === peerName);
  const storm = STORMS[name];
  if (peer === undefined || storm === undefined)
    throw new PlainError(`there is no server "${peerName}", or no storm "${name}"`);
  if (peer.missing !== undefined) throw new PlainError(`${peerName}: ${peer.missing}`);
  const program = buildStormGenerator();
  const server = await RunningPeer.start(peer, "limited", "");
  try {
    const clients = String(storm.clients(asked));
    const given = ["-p", String(server.port), "-s", name, "-n", clients];
    const { stdout } = await promisify(execFile)(program, [...given, ...(storm.arguments ?? [])], {
      timeout: 180_000,
    });
    return { ...(JSON.parse(stdout) as StormResult), peakMB: peakMegabytes(server.pid) };
  } finally {
    await server.stop();
  }
}

function peakMegabytes(pid: number): number {
  const found = /VmHWM:\s+(\d+)/u.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Math.round(Number(found?.[1] ?? Number.NaN) / 1_024);
}

/** One line for people. */
export function stormLine(peer: string, name: string, result: StormResult): string {
  const { clients, p50_ms, p99_ms, worst_ms, connect_ms, came, expected, peakMB } = result;
  const whole = expected === 0 ? "" : `; ${came} of ${expected} came`;
  return (
    `${peer}, ${name}, ${clients} clients: pair p50 ${p50_ms}, p99 ${p99_ms}, worst ${worst_ms} ms; ` +
    `newcomers ${connect_ms} ms${whole}; ${peakMB} MB`
  );
}

/** Its command line. */
export const STORMS_PROGRAM = {
  command: "npm run bench:storms --",
  about: "What others wait for while thousands of clients do the same at once.",
  options: {
    clients: wholeNumber("clients of the large storms", { from: 10, to: 60_000, byDefault: 1_000 }),
    storm: choice("one storm only", ["all", ...Object.keys(STORMS)], "all"),
    peer: choice("the server beside Anax", ["mosquitto", "none"], "mosquitto"),
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runProgram(STORMS_PROGRAM, async ({ clients, storm, peer }) => {
    const isThere = PEERS.some(({ name, missing }) => name === peer && missing === undefined);
    for (const name of storm === "all" ? Object.keys(STORMS) : [storm]) {
      process.stdout.write(`${name}: ${STORMS[name]?.about}\n`);
      for (const server of isThere ? ["anax", peer] : ["anax"]) {
        const result = await measureStorm(server, name, clients);
        process.stdout.write(`  ${stormLine(server, name, result)}\n`);
      }
    }
  });
}
