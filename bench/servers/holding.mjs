// The server that is to hold very many connections. It listens on several ports, because a program has only some 28 000
// ports of its own towards one of another's; and it answers each message of its parent with how it is.
import { MqttServer } from "@anax/server";

const [listeners] = process.argv.slice(2);
const server = new MqttServer({
  listeners: Array.from({ length: Number(listeners) }, () => ({ type: "tcp", port: 0 })),
  systemTopics: false,
});
await server.start();

process.on("message", () => {
  const { connectionsCurrent, connectionsTotal, transportsRefused } = server.statistics;
  const { rss } = process.memoryUsage();
  process.send({ connectionsCurrent, connectionsTotal, transportsRefused, rss });
});
process.send({ ports: server.listeners.map(({ address }) => address.port) });
process.once("disconnect", () => process.exit(0));
