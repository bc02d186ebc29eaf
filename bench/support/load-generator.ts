import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PlainError } from "./plain-error.ts";
import { programPath } from "./program-path.ts";

const ROOT = dirname(fileURLToPath(new URL("../../package.json", import.meta.url)));
const sourceOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** One result of the load generator: its JSON line. */
export type LoadResult = Readonly<Record<string, number | string>>;

/** Compiles the load generator unless that has been done. Throws if there is no C compiler. */
export function buildLoadGenerator(): string {
  return compiled([sourceOf("../load/mqttload.c")], "mqttload");
}

/** True if what speaks TLS can be compiled. */
export const HAS_OPENSSL: boolean = existsSync("/usr/include/openssl/ssl.h");

/** The same for the generator of storms; with TLS where that can be compiled. */
export function buildStormGenerator(): string {
  const tls = HAS_OPENSSL ? ["-DWITH_TLS", "-lssl", "-lcrypto"] : [];
  const sources = [sourceOf("../storms/storm.c"), sourceOf("../storms/secured.h")] as const;
  return compiled(sources, "storm", tls);
}

function compiled(
  [source, ...others]: readonly [string, ...string[]],
  name: string,
  more: readonly string[] = [],
): string {
  const binary = join(ROOT, ".cache", name);
  const newestMs = Math.max(...[source, ...others].map((file) => statSync(file).mtimeMs));
  const isFresh = existsSync(binary) && statSync(binary).mtimeMs > newestMs;
  if (isFresh) return binary;
  if (programPath("gcc") === undefined) {
    throw new PlainError(
      "gcc is not installed: it compiles the load generator (Debian: gcc libc6-dev)",
    );
  }
  mkdirSync(dirname(binary), { recursive: true });
  execFileSync("gcc", ["-O2", "-w", "-pthread", "-o", binary, source, ...more], {
    stdio: "inherit",
  });
  return binary;
}

/** Whom to load, and how. */
export interface LoadFields {
  readonly port: number;
  readonly pid: number;
  /** Core of the generator; without one of its own it yields instead of spinning. */
  readonly cpu: string;
  readonly seconds: number;
  /** Seconds of load before the figures begin. Default: 1. */
  readonly warmUpSeconds?: number;
  readonly load: readonly string[];
}

/** Loads the server on `port` for some seconds. */
export async function runLoad(fields: LoadFields): Promise<LoadResult> {
  const { port, pid, cpu, seconds, warmUpSeconds = 1, load } = fields;
  const times = ["-a", String(warmUpSeconds), "-t", String(seconds)];
  const args = [...load, "-p", String(port), "-i", String(pid), ...times, "-j"];
  const program = buildLoadGenerator();
  const [first, ...rest]: [string, ...string[]] =
    cpu === "" ? [program, "-y", ...args] : ["taskset", "-c", cpu, program, ...args];
  const output = await outputOf(first, rest, (seconds + 120) * 1_000);
  const line = output.trim().split("\n").at(-1) ?? "";
  return JSON.parse(line === "" ? '{"error":"no output"}' : line) as LoadResult;
}

function outputOf(program: string, args: readonly string[], timeout: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"], timeout });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.once("error", reject);
    child.once("exit", () => resolve(output));
  });
}
