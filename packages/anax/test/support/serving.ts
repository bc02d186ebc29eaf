/** Runs `anax serve` inside a test, and clients of it; all of them end with the test. */
import type { Socket } from "node:net";
import { connect } from "@anax/client";
import type { ClientOptions, MqttClient, MqttConnectError } from "@anax/client";
import { afterEach } from "vitest";
import type { RunningCommand } from "./command.ts";
import { start } from "./command.ts";

/** So that no test leaves a directory behind. */
export const IN_MEMORY = ["--durability", "memory"];

/** Commands that end with the test. */
export const running: RunningCommand[] = [];
const clients: MqttClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) await client.disconnect();
  for (const command of running.splice(0)) {
    command.signal("SIGTERM");
    await command.exitCode;
  }
});

/** A server that listens. */
export interface Server {
  readonly command: RunningCommand;
  readonly urls: readonly string[];
}

/** Starts a server with these flags, on a port that the system chooses. */
export async function serve(...args: string[]): Promise<Server> {
  const command = start(["serve", "--port", "0", ...IN_MEMORY, ...args]);
  running.push(command);
  await command.stdout.waitFor(/^ready /m);
  const urls = [...command.stdout.text.matchAll(/^listening on (.+)$/gm)].map(
    ([, url = ""]) => url,
  );
  return { command, urls };
}

/** A client that is connected. */
export async function client(
  url: string | undefined,
  options: ClientOptions = {},
): Promise<MqttClient> {
  const connected = await connect(url ?? "", { reconnect: false, ...options });
  clients.push(connected);
  return connected;
}

/** Reason Code of the refusal; 0 if the client was let in. */
export async function reasonOf(url: string | undefined, options: ClientOptions): Promise<number> {
  try {
    await client(url, options);
    return 0;
  } catch (error) {
    return (error as MqttConnectError).reasonCode ?? -1;
  }
}

/** All that comes until the socket closes. */
export function received(socket: Socket): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    socket.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    socket.on("close", () => resolve(Buffer.concat(chunks)));
  });
}
