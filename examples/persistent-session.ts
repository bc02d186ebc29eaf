/** In MQTTnet: a client with WithCleanSession(false), which gets what came while it was away. */
import { once } from "node:events";
import { connect, MqttClient } from "@anax/client";
import { runExample } from "./run-example.ts";
import type { Print } from "./run-example.ts";

const SESSION = {
  // The session belongs to this identifier.
  clientId: "newspaper-reader",
  cleanStart: false,
  sessionExpiryIntervalSeconds: 86_400,
} as const;

/** A reader subscribes and leaves; news come; the reader comes back to them. */
export async function main(
  signal: AbortSignal,
  print: Print,
  url = process.argv[2] ?? "mqtt://127.0.0.1:1883",
): Promise<void> {
  const reader = await connect(url, SESSION);
  await reader.subscribe("news/#", () => undefined, { qos: 1 });
  await reader.disconnect();
  print("the reader has subscribed to news/# and left");

  const editor = await connect(url);
  for (const text of ["first news", "second news", "third news"]) {
    await editor.publish("news/local", text, { qos: 1 });
    print(`published: ${text}`);
  }
  await editor.disconnect();

  // Messages of the session come right after the connection: the handler has to be there before.
  const returned = new MqttClient(url, SESSION);
  const three = new Promise<void>((resolve) => {
    let count = 0;
    returned.on("message", ({ topic, text }) => {
      print(`the reader gets ${topic}: ${text}`);
      count += 1;
      if (count === 3) resolve();
    });
  });
  const { sessionPresent } = await returned.connect();
  print(`the reader is back, and ${sessionPresent ? "the" : "no"} session was kept`);
  // A server without sessions has nothing for the reader; who stops the program waits no longer.
  if (sessionPresent) await Promise.race([three, signal.aborted || once(signal, "abort")]);
  await returned.disconnect({ sessionExpiryIntervalSeconds: 0 });
}

runExample(import.meta, main);
