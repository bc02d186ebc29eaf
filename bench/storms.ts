/**
 * What clients that behave well wait for while thousands of others do the same at the same moment, beside other servers: the worst
 * latency of a pair that exchanges a small message each 10 ms. And what memory and processor time it costs.
 *
 *     npm run bench:storms -- --clients 18000
 *
 * Each client is an open file of the server and of the generator (`ulimit -Hn`). The generator takes source addresses of their own for
 * each 5 000, so ports do not run out.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { makeCertificate } from "./storms/certificate.ts";
import { STORMS } from "./storms/scenarios.ts";
import { buildStormGenerator } from "./support/load-generator.ts";
import { PlainError } from "./support/plain-error.ts";
import { choice, runProgram, wholeNumber } from "./support/program-arguments.ts";
import { freePort, PEERS, RunningPeer } from "./table/peers.ts";
import type { PeerProgram } from "./table/peers.ts";

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
  /** Until the last of them. */
  readonly seconds: number;
  /** Of the crowd, in the storms that connect: the longest that one has waited for CONNACK, and how often one gave up after ten seconds. */
  readonly slowest_ms: number;
  readonly gave_up: number;
  /** How many took up their TLS session by a ticket. */
  readonly resumed: number;
  /** KB that the server had before, at most, and at the end. */
  readonly before_kb: number;
  readonly peak_kb: number;
  readonly after_kb: number;
  /** Milliseconds of the server's processor time. */
  readonly cpu_ms: number;
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
  const tls = storm.key && { port: await freePort(), ...makeCertificate(storm.key) };
  const server = await RunningPeer.start(peer, "limited", "", tls);
  try {
    const clients = String(storm.clients(asked));
    const given = ["-p", String(server.port), "-s", storm.of ?? name, "-n", clients];
    const secured = tls ? ["-q", String(tls.port)] : [];
    const all = [...given, ...secured, "-i", String(server.pid), ...(storm.arguments ?? [])];
    const { stdout } = await promisify(execFile)(program, all, { timeout: 300_000 });
    return JSON.parse(stdout) as StormResult;
  } finally {
    await server.stop();
  }
}

/** One line for people. */
export function stormLine(peer: string, name: string, result: StormResult): string {
  const { clients, p50_ms, p99_ms, worst_ms, connect_ms, came, expected } = result;
  const parts = [
    `${peer}, ${name}, ${clients} clients: pair p50 ${p50_ms}, p99 ${p99_ms}, worst ${worst_ms} ms`,
    `newcomers ${connect_ms} ms`,
    ...(expected === 0 ? [] : [`${came} of ${expected} came in ${result.seconds} s`]),
    memoryOf(result),
    ...(STORMS[name]?.key === undefined ? [] : [connectingOf(result)]),
  ];
  return parts.join("; ");
}

function memoryOf({ before_kb, peak_kb, after_kb }: StormResult): string {
  const megabytes = (kb: number): number => Math.round(kb / 1_024);
  return `${megabytes(before_kb)} MB, at most +${megabytes(peak_kb - before_kb)}, at the end ${signed(megabytes(after_kb - before_kb))}`;
}

function signed(count: number): string {
  return count < 0 ? String(count) : `+${count}`;
}

function connectingOf(result: StormResult): string {
  const { clients, seconds, cpu_ms, before_kb, after_kb, resumed, gave_up, slowest_ms } = result;
  const each = `${(cpu_ms / clients).toFixed(2)} ms of processor time and ${((after_kb - before_kb) / clients).toFixed(1)} KB each`;
  return `${Math.round(clients / seconds)} a second, ${each}, ${resumed} by ticket, slowest ${slowest_ms} ms, ${gave_up} gave up`;
}

/** The servers beside Anax. */
const BESIDE: readonly string[] = ["mosquitto", "flashmq"];

/** Its command line. */
export const STORMS_PROGRAM = {
  command: "npm run bench:storms --",
  about: "What others wait for while thousands of clients do the same at once.",
  options: {
    clients: wholeNumber("clients of the large storms", { from: 10, to: 60_000, byDefault: 1_000 }),
    storm: choice("one storm only", ["all", ...Object.keys(STORMS)], "all"),
    peer: choice("the servers beside Anax", ["all", "mosquitto", "flashmq", "none"], "all"),
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runProgram(STORMS_PROGRAM, async ({ clients, storm, peer }) => {
    const beside = PEERS.filter(
      ({ name }) => BESIDE.includes(name) && [name, "all"].includes(peer),
    );
    for (const { name, missing } of beside) {
      if (missing !== undefined) process.stdout.write(`${name} is not beside Anax: ${missing}\n`);
    }
    for (const name of storm === "all" ? Object.keys(STORMS) : [storm]) {
      process.stdout.write(`${name}: ${STORMS[name]?.about}\n`);
      for (const server of ["anax", ...namesFor(name, beside)]) {
        const result = await measureStorm(server, name, clients);
        process.stdout.write(`  ${stormLine(server, name, result)}\n`);
      }
    }
  });
}

/** Whom a storm is measured with. */
function namesFor(storm: string, peers: readonly PeerProgram[]): readonly string[] {
  const there = peers.filter(({ missing }) => missing === undefined).map(({ name }) => name);
  return STORMS[storm]?.isForAnaxOnly === true ? [] : there;
}
