/** `mosquitto_pub` and `mosquitto_sub`, told to speak to a server of ours. */
import type { MqttServer } from "@anax/server";
import { words } from "./arguments.ts";
import { runProgram, startProgram } from "./child-program.ts";
import type { ChildProgram } from "./child-program.ts";
import { serverEvent } from "./test-server.ts";
import type { TestServer } from "./test-server.ts";

/** The versions of MQTT as mosquitto names them. */
export const MOSQUITTO_VERSIONS = ["mqttv31", "mqttv311", "mqttv5"] as const;

const HOST = "127.0.0.1";

let clients = 0;

/** A Client Identifier that no other client of this run has; MQTT 3.1 allows 23 characters. */
export function newClientId(): string {
  clients += 1;
  return `mosquitto-${process.pid}-${clients}`;
}

/** Runs `mosquitto_pub` to its good end. */
export function mosquittoPub(
  { port }: Pick<TestServer, "port">,
  args: readonly string[],
  input?: string | Uint8Array,
): Promise<string> {
  return runProgram("mosquitto_pub", words`-h ${HOST} -p ${port} ${args}`, input);
}

/** A `mosquitto_sub` whose subscriptions are in force. */
export async function mosquittoSub(
  { server, port }: Pick<TestServer, "server" | "port">,
  args: readonly string[],
): Promise<ChildProgram> {
  const clientId = clientIdIn(args) ?? newClientId();
  const subscribed = subscribedTopics(server, clientId, args.filter((arg) => arg === "-t").length);
  const program = startProgram(
    "mosquitto_sub",
    words`-h ${HOST} -p ${port} -i ${clientId} -W 15 ${args}`,
  );
  await Promise.race([subscribed, endedTooEarly(program)]);
  return program;
}

function clientIdIn(args: readonly string[]): string | undefined {
  const index = args.indexOf("-i");
  return index === -1 ? undefined : args[index + 1];
}

async function subscribedTopics(
  server: MqttServer,
  clientId: string,
  count: number,
): Promise<void> {
  let seen = 0;
  await serverEvent(server, "clientSubscribedTopic", (event) => {
    if (event.clientId === clientId) seen += 1;
    return seen === count;
  });
}

async function endedTooEarly(program: ChildProgram): Promise<never> {
  const { code, errors } = await program.ended;
  throw new Error(`mosquitto_sub ended with ${code} before it had subscribed: ${errors}`);
}
