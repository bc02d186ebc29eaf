/** In MQTTnet: ClientConnectedAsync, InterceptingPublishAsync and other events of MqttServer. */
import { once } from "node:events";
import { MqttServer } from "@anax/server";
import { runExample } from "./run-example.ts";
import type { Print } from "./run-example.ts";

/** A server that says who comes, goes, publishes, subscribes and unsubscribes. */
export async function main(
  signal: AbortSignal,
  print: Print,
  port = Number(process.argv[2] ?? 1883),
): Promise<void> {
  // Without $SYS topics, which the server itself would publish every ten seconds.
  await using server = new MqttServer({ port, systemTopics: false });

  server.on("clientConnected", ({ clientId, userName = "nobody", protocolVersion }) => {
    print(`${clientId} connected as ${userName}, protocol version ${protocolVersion}`);
  });
  server.on("clientDisconnected", ({ clientId, disconnectType }) => {
    print(`${clientId} disconnected (${disconnectType})`);
  });
  server.on("interceptingPublish", ({ clientId, applicationMessage }) => {
    if (applicationMessage === undefined) return;
    const { topic, payload, qos } = applicationMessage;
    print(`${clientId} published to ${topic} at QoS ${qos}: ${new TextDecoder().decode(payload)}`);
  });
  server.on("clientSubscribedTopic", ({ clientId, topicFilter, grantedQos }) => {
    print(`${clientId} subscribed to ${topicFilter.topicFilter} at QoS ${grantedQos}`);
  });
  server.on("clientUnsubscribedTopic", ({ clientId, topic }) => {
    print(`${clientId} unsubscribed from ${topic}`);
  });

  await server.start();
  print(`listening at ${server.address().url}`);
  await once(signal, "abort");
}

runExample(import.meta, main);
