// The Anax server with a durable store, or with none: node anax-durable.js durability directory [options as JSON]
import { MqttServer } from "@anax/server";
import { lmdbStore } from "@anax/store-lmdb";

const [durability, directory, options = "{}"] = process.argv.slice(2);
const store = durability === "memory" ? undefined : lmdbStore({ path: directory, durability });
const server = new MqttServer({
  port: 0,
  systemTopics: false,
  store,
  inFlightDefault: 65_535,
  inFlightMax: 65_535,
  queueMessagesMax: 10_000_000,
  queueBytesMax: 10_000_000_000,
  retainedMessagesMax: 10_000_000,
  retainedBytesMax: 10_000_000_000,
  sessionsMax: 10_000_000,
  checkpointIntervalMs: 5_000,
  ...JSON.parse(options),
});

// The row of key 0 is the one that ends the first part of a checkpoint: it is written once in each.
const CHECKPOINT_KEY = 0;
let checkpoints = 0;
if (store !== undefined) {
  const commit = store.commit.bind(store);
  store.commit = (transaction) => {
    if (transaction.sessions.has(CHECKPOINT_KEY)) checkpoints += 1;
    return commit(transaction);
  };
}

process.on("SIGUSR2", () => {
  const { storeBytesCurrent: storeBytes, storeCommits: commits } = server.statistics;
  console.log(JSON.stringify({ storeBytes, checkpoints, commits }));
});
process.on("SIGTERM", () => void server.stop({ deadlineMs: 500 }).then(() => process.exit(0)));
await server.start();
console.log(JSON.stringify({ port: server.address().port }));

// Whoever measures may be cut short: nobody is left behind then.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && process.exit(1), 1_000).unref();
