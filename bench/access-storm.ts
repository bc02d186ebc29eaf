/**
 * A back end that fails while clients come by thousands: who gets in, how long those that are known wait, and what memory it takes.
 *
 *     npm run bench:access-storm -- --rate 5000 --seconds 5
 *
 * Every tenth client was let in before and comes again; all others are strangers with wrong passwords, or tokens of another key.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { BackEnd, BACK_ENDS, FAILURES } from "./access/back-end.ts";
import type { BackEndKind, Failure } from "./access/back-end.ts";
import { connectPacket, sendCrowd } from "./access/crowd.ts";
import type { CrowdResult } from "./access/crowd.ts";
import { median } from "./support/median.ts";
import { PlainError } from "./support/plain-error.ts";
import { processorSeconds } from "./support/processor-seconds.ts";
import { runProgram, wholeNumber } from "./support/program-arguments.ts";
import { freePort } from "./table/peers.ts";

const SERVER = fileURLToPath(new URL("servers/anax-backend.mjs", import.meta.url));
const KNOWN = 100;
const KNOWING_TRIES = 20;
/** Strangers that have a password of their own; they come again when all have come. */
const STRANGERS = 5_000;

/** What came of one storm. */
export interface StormedBackEnd extends CrowdResult {
  readonly failure: Failure;
  /** Megabytes that the server had before all storms, and at most. */
  readonly beforeMb: number;
  readonly peakMb: number;
  /** Seconds of the server's processor time. */
  readonly cpuSeconds: number;
}

/** How it is stormed. */
export interface BackEndStorm {
  readonly perSecond: number;
  readonly seconds: number;
  /** How long the server waits for a back end. */
  readonly timeoutMs: number;
}

/** Has a back end fail in one way after the other, each in a storm. */
export async function* stormBackEnd(
  kind: BackEndKind,
  storm: BackEndStorm,
): AsyncGenerator<StormedBackEnd> {
  const backEnd = await BackEnd.start(kind);
  const port = await freePort();
  const args = [SERVER, String(port), kind, backEnd.source, String(storm.timeoutMs)];
  const server = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(server, "exit");
  try {
    const isReady = await Promise.race([once(server.stdout, "data").then(() => true), ended]);
    if (isReady !== true) throw new PlainError("the server has ended: npm run build");
    const pid = server.pid ?? 0;
    const known = packets(backEnd, KNOWN, true);
    const strangers = packets(backEnd, Math.min(STRANGERS, storm.perSecond), false);
    await makeKnown(port, known);
    const beforeMb = residentMb(pid, "VmRSS");
    for (const failure of failuresOf(kind)) {
      await backEnd.become(failure);
      const cpuBefore = processorSeconds(pid);
      const seen = await sendCrowd({ ...storm, port, known, strangers });
      const peakMb = residentMb(pid, "VmHWM");
      const cpuSeconds = processorSeconds(pid) - cpuBefore;
      yield { ...seen, failure, beforeMb, peakMb, cpuSeconds };
    }
  } finally {
    server.kill("SIGKILL");
    await ended;
    await backEnd.stop();
  }
}

/** A busy machine may let a request time out, so those who were refused come again. */
async function makeKnown(port: number, known: readonly Uint8Array[]): Promise<void> {
  for (let tried = 0; tried < KNOWING_TRIES; tried += 1) {
    const crowd = { port, perSecond: KNOWN * 10, seconds: 1, known, strangers: known };
    const { refusals, unanswered } = await sendCrowd(crowd);
    if (refusals.size === 0 && unanswered === 0) return;
  }
  throw new PlainError("the server did not let in those that are to be known");
}

/** A file is there at once or not at all. One that stalls comes last: what reads it goes on doing so. */
function failuresOf(kind: BackEndKind): readonly Failure[] {
  return kind === "file" ? ["wrong", "absent", "stalled"] : FAILURES;
}

function packets(backEnd: BackEnd, count: number, isKnown: boolean): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `${isKnown ? "known" : "stranger"}-${index}`;
    return connectPacket(name, backEnd.passwordOf(name, isKnown));
  });
}

function residentMb(pid: number, field: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const [, kilobytes] = new RegExp(`${field}:\\s+(\\d+)`).exec(status) ?? [];
  return Math.round(Number(kilobytes) / 1_024);
}

/** One line for people. */
export function backEndLine(kind: BackEndKind, result: StormedBackEnd): string {
  const { failure, known, knownLetIn, strangers, strangersLetIn, unanswered } = result;
  const codes = Array.from(result.refusals, ([code, count]) => `0x${code.toString(16)} ${count}`);
  const sorted = result.knownMs.toSorted((one, other) => one - other);
  const p99 = sorted[Math.floor(sorted.length * 0.99)] ?? 0;
  return [
    `${kind}, ${failure}: ${Math.round(result.perSecond)} CONNECTs a second`,
    `${knownLetIn} of ${known} known let in (p50 ${Math.round(median(sorted))}, p99 ${Math.round(p99)} ms)`,
    `${strangersLetIn} of ${strangers} strangers (${codes.join(", ")}), ${unanswered} unanswered`,
    `${result.beforeMb} MB before, at most ${result.peakMb}, ${result.cpuSeconds.toFixed(1)} s of processor time`,
  ].join("; ");
}

/** Its command line. */
export const ACCESS_STORM_PROGRAM = {
  command: "npm run bench:access-storm --",
  about: "Who gets in while a back end fails and clients come by thousands.",
  options: {
    rate: wholeNumber("CONNECTs a second", { from: 10, to: 50_000, byDefault: 5_000 }),
    seconds: wholeNumber("time of each storm", { from: 1, to: 600, byDefault: 5 }),
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runProgram(ACCESS_STORM_PROGRAM, async ({ rate, seconds }) => {
    for (const kind of BACK_ENDS) {
      const storm = { perSecond: rate, seconds, timeoutMs: 3_000 };
      for await (const result of stormBackEnd(kind, storm))
        process.stdout.write(`${backEndLine(kind, result)}\n`);
    }
  });
}
