// The Anax server as it is measured: built, everything in it, queue limits off as for its peers.
import { MqttServer } from "@anax/server";

const [port, kind] = process.argv.slice(2);
const allowed = new Set(["publish"]);
const server = new MqttServer({
  port: Number(port),
  systemTopics: false,
  inFlightMaximum: 65_535,
  queueMessagesMax: 10_000_000,
  queueBytesMax: 10_000_000_000,
  maximumPacketSize: 1_048_576,
  ...(kind === "intercepting" && {
    on: {
      interceptingPublish(event) {
        if (event.clientId === "" || !allowed.has("publish")) event.processPublish = false;
      },
    },
  }),
});
await server.start();
console.log("ready");
process.on("SIGTERM", () => void server.stop({ deadlineMs: 500 }).then(() => process.exit(0)));

// Whoever measures may be cut short: nobody is left behind then.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && process.exit(1), 1_000).unref();
