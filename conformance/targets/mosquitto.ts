/**
 * Mosquitto as Debian packages it, started on a free port with a configuration of its own for each
 * set of needs that its options can meet. It shows whether the suite itself is right.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Target } from "../runner.ts";
import type { ServerNeeds } from "../scenario.ts";
import type { Address } from "../wire/peer.ts";
import { ServerPool, type StartedServer } from "./server-pool.ts";

const PROGRAM = "/usr/sbin/mosquitto";

/** Needs that a line of mosquitto.conf meets. */
const LINES: Readonly<Record<string, (value: unknown) => string>> = {
  alone: () => "",
  maximumQos: (value) => `max_qos ${String(value)}`,
  topicAliasMaximum: (value) => `max_topic_alias ${String(value)}`,
  maximumPacketSize: (value) => `max_packet_size ${String(value)}`,
  receiveMaximum: (value) => `max_inflight_messages ${String(value)}`,
  retainAvailable: () => "retain_available false",
};

/** Starts mosquitto servers as scenarios need them. */
export function mosquittoTarget(): Target {
  const pool = new ServerPool(startMosquitto);
  return {
    name: "mosquitto",
    versions: ["3.1.1", "5.0"],
    provide: (needs) => pool.provide(needs),
    close: () => pool.close(),
  };
}

async function startMosquitto(needs: ServerNeeds): Promise<StartedServer | string> {
  const lines = configurationLines(needs);
  if (typeof lines === "string") return lines;
  const folder = await mkdtemp(join(tmpdir(), "conformance-mosquitto-"));
  const address = { host: "127.0.0.1", port: await freePort() };
  const file = join(folder, "mosquitto.conf");
  const listener = `listener ${address.port} ${address.host}\nallow_anonymous true\nset_tcp_nodelay true\n`;
  await writeFile(file, `${listener}${lines.join("\n")}\n`);
  const child = spawn(PROGRAM, ["-c", file], { stdio: "ignore" });
  await untilItListens(address, child);
  return { address, stop: () => stopMosquitto(child, folder) };
}

function configurationLines(needs: ServerNeeds): readonly string[] | string {
  // Its max_keepalive takes no less than ten seconds, so the short Keep Alive cannot be tried.
  const unmet = Object.keys(needs).filter((name) => !(name in LINES));
  if (unmet.length > 0) return `mosquitto has no option for ${unmet.join(", ")}`;
  return Object.entries(needs).map(([name, value]) => LINES[name]?.(value) ?? "");
}

async function stopMosquitto(child: ChildProcess, folder: string): Promise<void> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill();
  await ended;
  await rm(folder, { recursive: true, force: true });
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = address && typeof address === "object" ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

async function untilItListens(address: Address, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.exitCode !== null) throw new Error(`mosquitto ended with ${child.exitCode}`);
    if (await accepts(address)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("mosquitto does not listen");
}

function accepts(address: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address.port, address.host);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
