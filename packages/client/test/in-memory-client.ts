/** Clients whose connections stay in memory; `disconnectAll` ends them after each test. */
import { setTimeout as afterTimers, setImmediate as nextTurn } from "node:timers/promises";
import { MqttClient } from "@anax/client";
import type { ClientOptions } from "@anax/client";
import { ScriptedServer } from "./scripted-server.ts";

/** No test waits for a back-off. */
export const AT_ONCE = { initialDelayMs: 0, delayMaxMs: 0 };

const clients: MqttClient[] = [];

/** A client of this server that is not connected yet. */
export function make(server: ScriptedServer, options: ClientOptions = {}): MqttClient {
  const client = new MqttClient("mqtt://in.memory", {
    transport: server.transport,
    reconnect: AT_ONCE,
    ...options,
  });
  clients.push(client);
  return client;
}

/** A client that is connected. */
export async function connected(
  options: ClientOptions = {},
  server: ScriptedServer = new ScriptedServer(),
): Promise<{ server: ScriptedServer; client: MqttClient }> {
  const client = make(server, options);
  await client.connect();
  return { server, client };
}

/** The next event of this name. */
export function once<Name extends "connected" | "disconnected" | "message" | "error">(
  client: MqttClient,
  name: Name,
): Promise<unknown> {
  return new Promise((resolve) => {
    const registration = client.on(name, (event: unknown) => {
      registration.dispose();
      resolve(event);
    });
  });
}

/** Lets everything happen that needs no time to pass: also what a client holds back after CONNACK by a timer set before. */
export async function settled(): Promise<void> {
  await afterTimers(0);
  for (let turn = 0; turn < 20; turn += 1) await nextTurn();
}

export async function disconnectAll(): Promise<void> {
  for (const client of clients.splice(0)) await client.disconnect();
}
