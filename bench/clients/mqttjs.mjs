// MQTT.js as it is measured: with its defaults, and without the limits that only it would have.
import { connectAsync } from "mqtt";

export async function connect({ port, protocolVersion }) {
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`, {
    protocolVersion,
    keepalive: 0,
    reconnectPeriod: 0,
    ...(protocolVersion === 5 && { properties: { receiveMaximum: 65_535 } }),
  });
  return {
    publish: (topic, payload, qos, settled) => client.publish(topic, payload, { qos }, settled),
    subscribe: async (topicFilter, onMessage) => {
      client.on("message", (_topic, payload) => onMessage(payload));
      await client.subscribeAsync(topicFilter, { qos: 0 });
    },
  };
}
