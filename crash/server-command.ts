import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PlainError } from "../bench/support/plain-error.ts";
import { programPath } from "../bench/support/program-path.ts";
import { bundledProgram } from "../tools/bundled-program.ts";
import type { ProgramOptions } from "./server-program.ts";
import type { ServerCommand } from "./server-process.ts";

/** Our server, from the sources as they are now. */
export async function anaxCommand(folder: string, options: ProgramOptions): Promise<ServerCommand> {
  const entry = fileURLToPath(new URL("server-program.ts", import.meta.url));
  const program = await bundledProgram(entry);
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
