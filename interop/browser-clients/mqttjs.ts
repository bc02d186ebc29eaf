/** A page on MQTT.js. */
import mqtt from "mqtt";
import { pageProgram } from "./exchange.ts";
import type { PageClient, PageConnection } from "./exchange.ts";

async function connectPage({ url, version, will, onMessage }: PageConnection): Promise<PageClient> {
  const client = await mqtt.connectAsync(url, {
    protocolVersion: version,
    ...(will && { will: { topic: will.topic, payload: will.text, qos: 1, retain: false } }),
  });
  client.on("message", (topic, payload, { qos, retain }) => {
    onMessage({ topic, text: new TextDecoder().decode(payload), qos, retain });
  });
  return {
    subscribe: async (filter, qos) => {
      await client.subscribeAsync(filter, { qos });
    },
    publish: async (topic, text, qos, retain = false) => {
      await client.publishAsync(topic, text, { qos, retain });
    },
    disconnect: () => client.endAsync(),
  };
}

Object.assign(globalThis, { program: pageProgram(connectPage) });
