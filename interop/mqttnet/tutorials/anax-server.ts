/** The servers of the tutorials on Anax: line by line what `TutorialServers.cs` has. */
import { MqttServer } from "@anax/server";
import type { MqttServerOptions } from "@anax/server";
import { portOf } from "../../support/test-server.ts";
import type { Tutorial, TutorialServer } from "./tutorials.ts";

type Say = (text: string) => void;

export async function startAnaxServer(tutorial: Tutorial): Promise<TutorialServer> {
  const lines: string[] = [];
  const options: MqttServerOptions = { port: 0, systemTopics: false };
  // Sessions end with their connections, as in MQTTnet without WithPersistentSessions.
  const lasting = tutorial === "persistent session" ? {} : { sessionExpiryMaxSeconds: 0 };
  const server = new MqttServer({ ...options, ...lasting });
  (HANDLERS[tutorial] ?? tellMessages)(server, (text) => void lines.push(text));
  await server.start();
  return {
    port: portOf(server, "tcp"),
    lines,
    sayStatuses: async () => sayStatuses(server, (text) => void lines.push(text)),
    stop: async () => void (await server.stop({ deadlineMs: 1_000 })),
  };
}

const HANDLERS: { readonly [Name in Tutorial]?: (server: MqttServer, say: Say) => void } = {
  "five events": tellFiveEvents,
  "user and password": guard,
  "server push": push,
  "persistent session": tellSessions,
  retained: tellRetained,
  "cloud client": tellCloud,
};

const textOf = (payload: Uint8Array): string => new TextDecoder().decode(payload);

function tellMessages(server: MqttServer, say: Say): void {
  server.on("interceptingPublish", ({ clientId, applicationMessage }) => {
    if (applicationMessage === undefined) return;
    const { topic, payload } = applicationMessage;
    say(`${clientId} publishes ${topic}: ${textOf(payload)}`);
  });
}

function tellFiveEvents(server: MqttServer, say: Say): void {
  server.on("validatingConnection", ({ clientId, userName }) =>
    say(`${clientId} wants to connect, user ${userName ?? "none"}`),
  );
  server.on("clientConnected", ({ clientId, protocolVersion }) =>
    say(`${clientId} is connected, version ${protocolVersion}`),
  );
  server.on("clientSubscribedTopic", ({ clientId, topicFilter }) =>
    say(`${clientId} has subscribed to ${topicFilter.topicFilter}, QoS ${topicFilter.qos}`),
  );
  server.on("clientUnsubscribedTopic", ({ clientId, topic }) =>
    say(`${clientId} has unsubscribed from ${topic}`),
  );
  server.on("clientDisconnected", ({ clientId, disconnectType }) =>
    say(`${clientId} is gone: ${disconnectType}`),
  );
}

function guard(server: MqttServer, say: Say): void {
  server.on("validatingConnection", (event) => {
    const isKnown = event.userName === "ann" && event.passwordText === "secret";
    if (!isKnown) event.reasonCode = 0x86;
    say(`${event.userName} is answered ${event.reasonCode}`);
  });
  server.on("interceptingSubscription", (event) => {
    const { topicFilter } = event.topicFilter;
    const isAllowed = topicFilter.startsWith("open/");
    event.processSubscription = isAllowed;
    if (!isAllowed) event.response.reasonCode = 0x87;
    say(`${event.clientId} asks for ${topicFilter}: ${isAllowed ? "yes" : "no"}`);
  });
  server.on("interceptingPublish", (event) => {
    const isAllowed = event.topic.startsWith("open/");
    event.processPublish = isAllowed;
    if (!isAllowed) event.response.reasonCode = 0x87;
    say(`${event.clientId} publishes to ${event.topic}: ${isAllowed ? "yes" : "no"}`);
  });
}

function push(server: MqttServer, say: Say): void {
  server.on("clientSubscribedTopic", async ({ clientId }) => {
    for (const number of [1, 2, 3]) {
      const message = { topic: `news/${number}`, payload: `number ${number}`, qos: 1 } as const;
      await server.injectApplicationMessage(message, { clientId: "server" });
    }
    say(`pushed to ${clientId}`);
  });
}

function tellSessions(server: MqttServer, say: Say): void {
  server.on("sessionDeleted", ({ clientId }) => say(`the session of ${clientId} is deleted`));
  server.on("clientDisconnected", async ({ clientId }) => {
    const message = { topic: "waiting", payload: "for you", qos: 1 } as const;
    await server.injectApplicationMessage(message, { clientId: "server" });
    say(`${clientId} is gone; a message for it`);
  });
  server.on("applicationMessageNotConsumed", ({ applicationMessage }) =>
    say(`${applicationMessage.topic} went to nobody`),
  );
}

function tellRetained(server: MqttServer, say: Say): void {
  server.on("retainedMessageChanged", ({ topic }) => {
    const kept = [...server.retainedMessages].map((message) => message.topic).toSorted();
    say(`${topic} changed; kept: ${kept.join(", ")}`);
  });
}

function tellCloud(server: MqttServer, say: Say): void {
  tellMessages(server, say);
  server.on("clientDisconnected", ({ clientId, disconnectType }) =>
    say(`${clientId} is gone: ${disconnectType}`),
  );
  server.on("clientAcknowledgedPublishPacket", ({ clientId, applicationMessage }) =>
    say(`${clientId} has acknowledged ${applicationMessage.topic}`),
  );
}

function sayStatuses(server: MqttServer, say: Say): void {
  const inOrder = <Item extends { readonly clientId: string }>(items: Iterable<Item>): Item[] =>
    [...items].toSorted((one, other) => (one.clientId < other.clientId ? -1 : 1));
  for (const client of inOrder(server.clients)) {
    const { clientId, protocolVersion, messagesReceived, messagesSent } = client;
    say(`client ${clientId}, version ${protocolVersion}`);
    // The client's side in MQTTnet, the server's here.
    say(`counters of ${clientId}: ${messagesReceived} sent, ${messagesSent} received`);
  }
  for (const { clientId, queuedMessages } of inOrder(server.sessions))
    say(`session ${clientId}, ${queuedMessages} pending`);
}
