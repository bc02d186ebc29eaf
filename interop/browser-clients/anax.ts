/** A page on our own client. */
import { connect } from "@anax/client";
import { pageProgram } from "./exchange.ts";
import type { PageClient, PageConnection } from "./exchange.ts";

async function connectPage({ url, version, will, onMessage }: PageConnection): Promise<PageClient> {
  const client = await connect(url, {
    protocolVersion: version,
    ...(will && { will: { topic: will.topic, payload: will.text, qos: 1 } }),
  });
  client.on("message", ({ topic, text, qos, retain }) => onMessage({ topic, text, qos, retain }));
  return {
    subscribe: async (filter, qos) => {
      await client.subscribe(filter, () => undefined, { qos });
    },
    publish: async (topic, text, qos, retain = false) => {
      await client.publish(topic, text, { qos, retain });
    },
    disconnect: () => client.disconnect(),
  };
}

Object.assign(globalThis, { program: pageProgram(connectPage) });
