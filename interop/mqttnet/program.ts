/**
 * The C# program of this folder, on MQTTnet: built once for its sources, kept in `.cache`, and driven over lines of JSON. Where
 * there is no `dotnet`, its tests are left out with a line that says so.
 */
import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { findProgram } from "@anax/testing";

const SOURCES = fileURLToPath(new URL("program/", import.meta.url));
const CACHE = fileURLToPath(new URL("../../.cache/mqttnet/", import.meta.url));
const DOTNET = findProgram("dotnet");

/** MQTTnet as it is pinned. */
export const MQTTNET_VERSION = "5.2.0.1603";

/** No `dotnet` is no failure, in continuous integration either: this is said, and the rest is run. */
export const isDotnetThere: boolean = DOTNET !== undefined;

/** Says that the tests are left out, where they are. */
export function sayIfLeftOut(): void {
  if (isDotnetThere) return;
  process.stderr.write("Left out: the tests with MQTTnet, for dotnet is not installed\n");
}

/** Quiet, and nothing of it goes anywhere but into the cache. */
const ENVIRONMENT: NodeJS.ProcessEnv = {
  ...process.env,
  DOTNET_CLI_TELEMETRY_OPTOUT: "1",
  DOTNET_NOLOGO: "1",
  DOTNET_SKIP_FIRST_TIME_EXPERIENCE: "1",
};

/** Where the program is, once it is built for these sources. */
export function programPath(): string {
  return join(CACHE, hashOfSources(), "Peer.dll");
}

/** Path of the built program for these sources. Builds it if it is not there, which takes ten seconds. */
export async function builtProgram(): Promise<string> {
  const program = programPath();
  const folder = dirname(program);
  if (existsSync(program)) return program;
  mkdirSync(CACHE, { recursive: true });
  const temporary = mkdtempSync(join(CACHE, "building-"));
  try {
    await build(temporary);
    renameSync(join(temporary, "out"), folder);
  } catch (error) {
    // Another test file may have been quicker.
    if (!existsSync(program)) throw error;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return program;
}

async function build(folder: string): Promise<void> {
  const args = ["build", SOURCES, "--configuration", "Release", "--nologo", "-v", "quiet"];
  const paths = [`-p:BaseIntermediateOutputPath=${join(folder, "obj")}/`];
  const locked = ["-p:RestoreLockedMode=true", "-p:UseSharedCompilation=false", "-nodeReuse:false"];
  try {
    await promisify(execFile)(
      DOTNET ?? "dotnet",
      [...args, "--output", join(folder, "out"), ...paths, ...locked],
      { env: ENVIRONMENT },
    );
  } catch (error) {
    const { stdout = "" } = error as { stdout?: string };
    throw new Error(`the C# program could not be built: ${stdout.trim()}`, { cause: error });
  }
}

function hashOfSources(): string {
  const hash = createHash("sha256");
  for (const name of readdirSync(SOURCES).toSorted()) {
    if (!/\.(cs|csproj|json)$/u.test(name)) continue;
    hash.update(name).update(readFileSync(join(SOURCES, name)));
  }
  return hash.digest("hex").slice(0, 16);
}

/** Program and arguments of a part of the program. */
export async function commandOf(...args: readonly string[]): Promise<readonly [string, string[]]> {
  return [DOTNET ?? "dotnet", [await builtProgram(), ...args]];
}

/** A call of the C# program failed, with the exception that it had. */
export class DotnetError extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(`${type}: ${message}`);
    this.name = "DotnetError";
    this.type = type;
  }
}

/** A line that is no answer. */
export interface DotnetEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

interface Calling {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/** A running part of the program. */
export class DotnetPart implements AsyncDisposable {
  /** Events so far, oldest first. */
  readonly events: DotnetEvent[] = [];
  /** Called with each event as it comes. */
  onEvent: (event: DotnetEvent) => void = () => undefined;
  readonly #process: ChildProcess;
  readonly #calls = new Map<number, Calling>();
  readonly #ended: Promise<void>;
  #waiting: (() => void)[] = [];
  #number = 0;
  #errors = "";

  private constructor(process_: ChildProcess) {
    this.#process = process_;
    const { stdout, stderr } = process_;
    if (stdout !== null) createInterface({ input: stdout }).on("line", (line) => this.#take(line));
    stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
    });
    this.#ended = new Promise((resolve) => {
      process_.once("close", () => {
        this.#failAll();
        resolve();
      });
    });
  }

  static async start(
    part: "client" | "server" | "tutorial-servers" | "tutorial-clients",
  ): Promise<DotnetPart> {
    const [command, args] = await commandOf(part);
    return new DotnetPart(spawn(command, args, { stdio: "pipe", env: ENVIRONMENT }));
  }

  /** Has the program do something; rejects with `DotnetError` if that throws there. */
  call<Result = unknown>(what: string, command: object = {}): Promise<Result> {
    this.#number += 1;
    const number = this.#number;
    this.#process.stdin?.write(`${JSON.stringify({ number, do: what, ...command })}\n`);
    return new Promise<Result>((resolve, reject) => {
      this.#calls.set(number, { resolve, reject });
    });
  }

  /** The events that are wanted, as soon as there are so many of them. */
  async eventsWhere(
    isWanted: (event: DotnetEvent) => boolean,
    count = 1,
  ): Promise<readonly DotnetEvent[]> {
    for (;;) {
      const found = this.events.filter(isWanted);
      if (found.length >= count) return found;
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #take(line: string): void {
    const said = JSON.parse(line) as Record<string, unknown>;
    if (typeof said["number"] !== "number") {
      const event = said as unknown as DotnetEvent;
      this.events.push(event);
      this.onEvent(event);
      for (const resolve of this.#waiting.splice(0)) resolve();
      return;
    }
    const call = this.#calls.get(said["number"]);
    this.#calls.delete(said["number"]);
    if (typeof said["error"] === "string") {
      call?.reject(new DotnetError(said["error"], String(said["message"])));
    } else call?.resolve(said["result"] as never);
  }

  #failAll(): void {
    for (const { reject } of this.#calls.values()) {
      reject(new Error(`the C# program has ended: ${this.#errors.trim()}`));
    }
    this.#calls.clear();
  }
}
