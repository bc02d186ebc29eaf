import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { PlainError } from "../bench/support/plain-error.ts";
import { programPath } from "../bench/support/program-path.ts";
import type { ProgramOptions } from "./server-program.ts";
import type { ServerCommand } from "./server-process.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
/** Below the packages that it imports, and where nobody looks for sources. */
const CACHE = join(HERE, "../node_modules/.cache/anax-crash");

/**
 * Our server, from the sources as they are now, in one file: it starts in a fraction of the time that a compiler would
 * take at each start. The file is named after what is in it, and stays for the next time.
 */
export async function anaxCommand(folder: string, options: ProgramOptions): Promise<ServerCommand> {
  const { outputFiles } = await build({
    entryPoints: [join(HERE, "server-program.ts")],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    conditions: ["source"],
    external: ["lmdb", "ws"],
    logLevel: "silent",
  });
  const contents = outputFiles[0]?.contents ?? new Uint8Array(0);
  const name = createHash("sha256").update(contents).digest("hex").slice(0, 16);
  const program = join(CACHE, `server-${name}.mjs`);
  mkdirSync(CACHE, { recursive: true });
  if (!existsSync(program)) {
    writeFileSync(`${program}.${process.pid}`, contents);
    renameSync(`${program}.${process.pid}`, program);
  }
  mkdirSync(folder, { recursive: true });
  return { program: process.execPath, args: [program, JSON.stringify(options)] };
}

/** Mosquitto with its persistence on: another server, to compare with. */
export async function mosquittoCommand(folder: string): Promise<ServerCommand> {
  const program = programPath("mosquitto");
  if (program === undefined) throw new PlainError("mosquitto is not installed");
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const file = join(folder, "mosquitto.conf");
  const lines = [
    `listener ${port} 127.0.0.1`,
    "allow_anonymous true",
    "persistence true",
    `persistence_location ${folder}/`,
    "max_queued_messages 0",
    "max_inflight_messages 0",
    "user root",
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  return { program, args: ["-c", file], port };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
