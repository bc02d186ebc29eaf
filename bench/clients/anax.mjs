// @anax/client as it is measured: built, with its defaults.
import { connect as connectAnax } from "@anax/client";

export async function connect({ port, protocolVersion }) {
  const client = await connectAnax(`mqtt://127.0.0.1:${port}`, {
    protocolVersion,
    keepAliveSeconds: 0,
    reconnect: false,
  });
  return {
    publish: (topic, payload, qos, settled) => {
      void client.publish(topic, payload, { qos }).then(settled, (error) => settled(error));
    },
    subscribe: (topicFilter, onMessage) =>
      client.subscribe(topicFilter, ({ payload }) => onMessage(payload)),
  };
}
