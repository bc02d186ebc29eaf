// The Anax server as it is measured: built, everything in it. node anax.mjs port kind [port of TLS, certificate, key]
import { readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { MqttServer } from "@anax/server";
import { ACCESS_RULES } from "../access/rules.mjs";

const [port, kind, tlsPort, cert, key] = process.argv.slice(2);
const allowed = new Set(["publish"]);

/** Limits of queues off as for its peers, unless it is measured what they are good for. */
const noLimits = {
  inFlightDefault: 65_535,
  inFlightMax: 65_535,
  queueMessagesMax: 10_000_000,
  queueBytesMax: 10_000_000_000,
};
const plain = { type: "tcp", port: Number(port) };
const secured = () => ({
  type: "tls",
  port: Number(tlsPort),
  cert: readFileSync(cert),
  key: readFileSync(key),
});
const server = new MqttServer({
  listeners: tlsPort === undefined ? [plain] : [plain, secured()],
  systemTopics: false,
  ...(kind !== "limited" && noLimits),
  ...(Object.hasOwn(ACCESS_RULES, kind) && { accessRules: { rules: ACCESS_RULES[kind] } }),
  ...(kind === "intercepting" && {
    on: {
      interceptingPublish(event) {
        if (event.clientId === "" || !allowed.has("publish")) event.processPublish = false;
      },
    },
  }),
});
// A timer of a millisecond that is late is a turn that was long: all that the loop does counts, the collector too.
const RESOLUTION_MS = 1;
const turns = kind === "timed" && monitorEventLoopDelay({ resolution: RESOLUTION_MS });
if (turns) turns.enable();
process.on("SIGUSR2", () => {
  if (!turns) return;
  console.log(JSON.stringify({ longestturnms: Math.max(0, turns.max / 1e6 - RESOLUTION_MS) }));
  turns.reset();
});

await server.start();
console.log("ready");
process.on("SIGTERM", () => void server.stop({ deadlineMs: 500 }).then(() => process.exit(0)));

// Whoever measures may be cut short: nobody is left behind then.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && process.exit(1), 1_000).unref();
