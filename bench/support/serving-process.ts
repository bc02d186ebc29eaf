import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PlainError } from "./plain-error.ts";

const MAIN = fileURLToPath(new URL("../../packages/anax/dist/main.js", import.meta.url));

/** `anax serve` as a process of its own, in memory. */
export interface ServingProcess extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  /** Of its admin API; undefined without one. */
  readonly adminUrl: string | undefined;
  /** Bytes of memory now, in MB. */
  residentMb(): number;
}

/** Starts it; `adminTokens`: lines of a file of tokens. With an admin API `/metrics` needs none. */
export async function startServing(adminTokens?: readonly string[]): Promise<ServingProcess> {
  const folder = mkdtempSync(join(tmpdir(), "anax-bench-serving-"));
  const tokens = join(folder, "tokens.txt");
  writeFileSync(tokens, (adminTokens ?? []).join("\n"));
  const admin = ["--admin-port", "0", "--admin-tokens", tokens, "--admin-open-metrics"];
  const hasAdmin = adminTokens !== undefined;
  const args = [MAIN, "serve", "--port", "0", "--durability", "memory", ...(hasAdmin ? admin : [])];
  const server = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(server, "exit");
  const end = async (): Promise<void> => {
    server.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const said = await Promise.race([firstWords(server.stdout), ended]);
  if (typeof said !== "string") {
    await end();
    throw new PlainError("anax serve has ended: build it first");
  }
  const pid = server.pid ?? 0;
  return {
    pid,
    port: Number(/^listening on mqtt:\/\/.+:(\d+)$/m.exec(said)?.[1]),
    adminUrl: /^admin API on (.+)$/m.exec(said)?.[1],
    residentMb: () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024,
    [Symbol.asyncDispose]: end,
  };
}

/** What it says until it serves. It is read on: a server that nothing listens to may wait for that. */
function firstWords(output: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  return new Promise((resolve) => {
    output.on("data", (chunk) => {
      text += String(chunk);
      if (/^ready /m.test(text)) resolve(text);
    });
  });
}
