/** In MQTTnet: Samples/Diagnostics/Logger_Samples.cs and PackageInspection_Samples.cs. */
import { connect, MqttClient } from "@anax/client";
import { consoleLogger, MqttServer } from "@anax/server";
import type { Logger } from "@anax/server";
import type { Print } from "../run-example.ts";
import { runSamples } from "./run-samples.ts";

/** Use_Event_Logger: the server's records as lines for people; `jsonLinesLogger` writes them for programs. */
export async function logToConsole(_url: string, print: Print): Promise<void> {
  const output = { write: (line: string) => print(line.replace(/^\S+ /, "").trimEnd()) };
  await serveOneClient(consoleLogger({ output }));
}

/** Create_Custom_Logger: any object with a level and a `write`. */
export async function logToOwnLogger(_url: string, print: Print): Promise<void> {
  await serveOneClient({
    level: "info",
    write: ({ level, source, message }) => print(`${level} of ${source}: ${message}`),
  });
}

async function serveOneClient(logger: Logger): Promise<void> {
  await using server = new MqttServer({ port: 0, systemTopics: false, logger });
  await server.start();
  const client = await connect(server.address().url, { clientId: "sample" });
  await client.disconnect();
}

/** Inspect_Outgoing_Package: every packet of a client, in both directions. */
export async function inspectPackets(url: string, print: Print): Promise<void> {
  const client = new MqttClient(url);
  client.on("packet", ({ direction, packet }) => print(`${direction} ${packet.type}`));
  await client.connect();
  await client.publish("samples/topic", "x", { qos: 1 });
  await client.disconnect();
}

runSamples(import.meta, { logToConsole, logToOwnLogger, inspectPackets });
