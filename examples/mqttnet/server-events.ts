/** In MQTTnet: Server_Intercepting_Samples.cs, Server_Retained_Messages_Samples.cs and Server_Diagnostics_Samples.cs. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@anax/client";
import { MqttServer } from "@anax/server";
import type { ApplicationMessage } from "@anax/server";
import type { Print } from "../run-example.ts";
import { runSamples } from "./run-samples.ts";

/** Intercept_Application_Messages: another payload for one topic, and messages that go nowhere. */
export async function interceptApplicationMessages(_url: string, print: Print): Promise<void> {
  await using server = new MqttServer({ port: 0 });
  server.on("interceptingPublish", (event) => {
    const { applicationMessage: message } = event;
    if (message?.topic === "samples/time") {
      event.applicationMessage = { ...message, payload: new TextEncoder().encode("now") };
    }
    if (event.clientId === "unwanted") event.processPublish = false;
  });
  await server.start();
  const { url } = server.address();
  const [client, unwanted] = [await connect(url), await connect(url, { clientId: "unwanted" })];
  const subscription = client.subscribe("samples/#", { qos: 1 });
  await subscription;
  await unwanted.publish("samples/noise", "?", { qos: 1 });
  await client.publish("samples/time", "what time is it?", { qos: 1 });
  for await (const { topic, text } of subscription) {
    print(`${topic} says ${text}`);
    break;
  }
  await Promise.all([client.disconnect(), unwanted.disconnect()]);
}

/** Persist_Retained_Messages: in a file, by the events. With the option `store` nothing of this is needed. */
export async function persistRetainedMessages(_url: string, print: Print): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "anax-retained-"));
  const path = join(folder, "retained.json");
  for (const round of ["first", "second"]) {
    await using server = new MqttServer({ port: 0, systemTopics: false });
    const kept = new Map<string, ApplicationMessage>();
    server.on("loadingRetainedMessage", async (event) => {
      for (const message of await load(path)) kept.set(message.topic, message);
      event.loadedRetainedMessages = [...kept.values()];
    });
    server.on("retainedMessageChanged", async ({ topic, changedRetainedMessage }) => {
      if (changedRetainedMessage === undefined) kept.delete(topic);
      else kept.set(topic, changedRetainedMessage);
      await save(path, [...kept.values()]);
    });
    server.on("retainedMessagesCleared", () => save(path, []));
    await server.start();
    print(`${round} start: ${server.retainedMessages.count} retained`);
    const client = await connect(server.address().url);
    await client.publish("samples/state", "on", { retain: true, qos: 1 });
    await client.disconnect();
  }
  await rm(folder, { recursive: true });
}

/** A message as a file can have it. */
interface KeptMessage {
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
  readonly payload: string;
}

async function load(path: string): Promise<ApplicationMessage[]> {
  const text = await readFile(path, "utf8").catch(() => "[]");
  const kept: KeptMessage[] = JSON.parse(text);
  return kept.map(({ topic, qos, payload }) => ({
    topic,
    qos,
    retain: true,
    payload: new Uint8Array(Buffer.from(payload, "base64")),
  }));
}

async function save(path: string, messages: readonly ApplicationMessage[]): Promise<void> {
  const kept = messages.map(({ topic, qos, payload }): KeptMessage => ({
    topic,
    qos,
    payload: Buffer.from(payload).toString("base64"),
  }));
  await writeFile(path, JSON.stringify(kept));
}

/** Get_Notified_When_Client_Received_Message: an event for all, a promise for one message to one client. */
export async function getNotifiedWhenClientReceivedMessage(
  _url: string,
  print: Print,
): Promise<void> {
  await using server = new MqttServer({ port: 0, systemTopics: false });
  server.on("clientAcknowledgedPublishPacket", ({ clientId, applicationMessage }) => {
    print(`${clientId} has ${applicationMessage.topic}`);
  });
  await server.start();
  const client = await connect(server.address().url, { clientId: "receiver" });
  const message = { topic: "samples/order", payload: "1", qos: 2 } as const;
  const { reasonCode } = await server.sessions.deliverApplicationMessage("receiver", message);
  print(`delivered, reason code ${reasonCode}`);
  await client.disconnect();
}

runSamples(import.meta, {
  interceptApplicationMessages,
  persistRetainedMessages,
  getNotifiedWhenClientReceivedMessage,
});
