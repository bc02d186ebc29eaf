// The Anax server with a durable store, or with none: node anax-durable.js port durability directory [checkpointBytes]
import { MqttServer } from "@anax/server";
import { lmdbStore } from "@anax/store-lmdb";

const [port, durability, directory, checkpointBytes] = process.argv.slice(2);
const store = durability === "memory" ? undefined : lmdbStore({ path: directory, durability });
const server = new MqttServer({
  port: Number(port),
  systemTopics: false,
  store,
  inFlightMaximum: 65_535,
  queueMessagesMax: 10_000_000,
  queueBytesMax: 10_000_000_000,
  retainedMessagesMax: 10_000_000,
  retainedBytesMax: 10_000_000_000,
  sessionsMax: 10_000_000,
  checkpointIntervalMs: 5_000,
  ...(checkpointBytes && { checkpointBytes: Number(checkpointBytes) }),
});
const startedAt = performance.now();
await server.start();
console.log(
  JSON.stringify({ port: server.address().port, startMs: performance.now() - startedAt }),
);
process.on("SIGTERM", () => void server.stop({ deadlineMs: 500 }).then(() => process.exit(0)));
process.on("SIGUSR2", () => {
  console.log(JSON.stringify({ storeBytes: server.statistics.storeBytesCurrent }));
});

// Whoever measures may be cut short: nobody is left behind then.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && process.exit(1), 1_000).unref();
