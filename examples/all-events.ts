/** In MQTTnet: every event of MqttServer. All 22 are registered, each is caused by a client, and the order is printed. */
import { setImmediate } from "node:timers/promises";
import { connect } from "@anax/client";
import { MqttServer, SERVER_EVENT_NAMES } from "@anax/server";
import type { ServerEventArguments, ServerEventName } from "@anax/server";
import { runExample } from "./run-example.ts";
import type { Print } from "./run-example.ts";

/** Prints each event with what it is about, and headings for what causes them. */
export async function main(
  signal: AbortSignal,
  print: Print,
  port = Number(process.argv[2] ?? 1883),
): Promise<void> {
  // A queue of one message overflows soon. Without $SYS topics, each of which would be a publish of the server's own.
  await using server = new MqttServer({ port, queueMessagesMax: 1, systemTopics: false });
  for (const name of SERVER_EVENT_NAMES) {
    server.on(name, (event) => print(`  ${name} ${subjectOf(event)}`.trimEnd()));
  }
  await server.start();
  const { url } = server.address();
  const lampHasAll = (): boolean => {
    const { queuedMessages, inFlightMessages } = server.sessions.get("lamp") ?? {};
    return queuedMessages === 0 && inFlightMessages === 0;
  };

  print("a lamp connects and subscribes");
  const kept = { cleanStart: false, sessionExpiryIntervalSeconds: 60 };
  const session = { clientId: "lamp", ...kept, reconnect: false, signal };
  const lamp = await connect(url, session);
  await lamp.subscribe("lamps/+", () => undefined, { qos: 1 });

  print("a switch connects and sets the lamp, and something that nobody wants");
  const wall = await connect(url, { clientId: "switch", signal });
  await wall.publish("lamps/1", "on", { qos: 1, retain: true });
  await until(lampHasAll);
  await wall.publish("heaters/1", "on", { qos: 1 });

  print("the lamp goes, and the switch sets it twice");
  await lamp.disconnect();
  await until(() => server.clients.get("lamp") === undefined);
  for (const state of ["off", "on"]) await wall.publish("lamps/1", state, { qos: 1 });

  print("the lamp comes back and unsubscribes");
  const again = await connect(url, session);
  await until(lampHasAll);
  await again.unsubscribe("lamps/+");

  print("the server deletes its session and all retained messages, and stops");
  await server.sessions.delete("lamp");
  await server.retainedMessages.clear();
  await wall.disconnect();
  await until(() => server.clients.count === 0);
  await server.stop();
  await again.disconnect();
}

/** Lets turns pass until something has happened. */
async function until(hasHappened: () => boolean): Promise<void> {
  while (!hasHappened()) await setImmediate();
}

/** What an event is about, in a few words. */
function subjectOf(event: ServerEventArguments[ServerEventName]): string {
  const words: string[] = [];
  if ("clientId" in event) words.push(event.clientId || "the server");
  if ("packet" in event) words.push(event.packet.type);
  if ("topicFilter" in event) words.push(event.topicFilter.topicFilter);
  if ("topic" in event) words.push(event.topic);
  else if ("applicationMessage" in event) words.push(event.applicationMessage?.topic ?? "");
  if ("receiverClientId" in event) words.push(`to ${event.receiverClientId}`);
  return words.join(" ");
}

runExample(import.meta, main);
