/** What `pub` and `sub` tell on standard error about the connection. */
import { MqttServerFaultError } from "@anax/client";
import type { MqttClient, PacketEvent } from "@anax/client";
import type { Output } from "../io.ts";
import { visibleJson, visibleText } from "../visible-text.ts";

/** Whose lines they are, and how many are wanted. */
export interface ClientLogOptions {
  readonly commandName: string;
  readonly debug: boolean;
  readonly quiet: boolean;
}

/** Reports on a client until it ends. */
export function logClient(client: MqttClient, output: Output, options: ClientLogOptions): void {
  const { debug, quiet, commandName } = options;
  const say = (line: string): void =>
    void output.write(`anax ${commandName}: ${visibleText(line)}\n`);
  if (debug) {
    client.on("packet", (event) => void output.write(`${packetLine(event)}\n`));
  }
  client.on("error", (error) => {
    if (debug || (!quiet && error instanceof MqttServerFaultError)) say(error.message);
  });
  if (quiet) return;
  let isLost = false;
  client.on("disconnected", (event) => {
    if (!event.willReconnect || isLost) return;
    isLost = true;
    say(`${event.error?.message ?? "the connection was lost"}; trying to reconnect`);
  });
  client.on("connected", () => {
    if (isLost) say("connected again");
    isLost = false;
  });
}

/** `> PUBLISH {"topic":"a","qos":0,…}`: what is long is told by its size, what is secret not at all. */
function packetLine({ direction, packet }: PacketEvent): string {
  const { type, ...fields } = packet;
  const arrow = direction === "out" ? ">" : "<";
  return `${arrow} ${type.toUpperCase()} ${visibleJson(JSON.stringify(fields, shown))}`;
}

function shown(name: string, value: unknown): unknown {
  if (name === "password" || name === "authenticationData") return "***";
  return value instanceof Uint8Array ? `${value.length} bytes` : value;
}
