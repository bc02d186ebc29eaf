/** A page on paho-mqtt. */
import { Client, Message } from "paho-mqtt";
import type { Outcome } from "paho-mqtt";
import { pageProgram } from "./exchange.ts";
import type { PageClient, PageConnection } from "./exchange.ts";

let clients = 0;

async function connectPage({ url, version, will, onMessage }: PageConnection): Promise<PageClient> {
  clients += 1;
  const client = new Client(url, `paho-${Date.now()}-${clients}`);
  const delivered = new Map<Message, () => void>();
  client.onMessageDelivered = (message) => delivered.get(message)?.();
  client.onMessageArrived = ({ destinationName, payloadString, qos, retained }) => {
    onMessage({ topic: destinationName, text: payloadString, qos, retain: retained });
  };
  if (version === 5) throw new Error("paho-mqtt does not speak MQTT 5.0");
  await settled((outcome) =>
    client.connect({
      ...outcome,
      mqttVersion: version,
      ...(will && { willMessage: messageOf(will.topic, will.text, 1, false) }),
    }),
  );
  return {
    subscribe: (filter, qos) => settled((outcome) => client.subscribe(filter, { ...outcome, qos })),
    publish: (topic, text, qos, retain = false) =>
      new Promise((resolve) => {
        const message = messageOf(topic, text, qos, retain);
        delivered.set(message, resolve);
        client.send(message);
      }),
    disconnect: async () => client.disconnect(),
  };
}

function messageOf(topic: string, text: string, qos: number, retain: boolean): Message {
  const message = new Message(text);
  message.destinationName = topic;
  message.qos = qos;
  message.retained = retain;
  return message;
}

function settled(begin: (outcome: Outcome) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    begin({
      onSuccess: () => resolve(),
      onFailure: ({ errorMessage }) => reject(new Error(errorMessage)),
    });
  });
}

Object.assign(globalThis, { program: pageProgram(connectPage) });
