/**
 * One check of one platform, as a program that its users might write: `probe.mjs CHECK`, in a project where the packed
 * packages are installed. It prints "ok", or "ok: …" with what it has seen, as its last line.
 */
import { channel } from "node:diagnostics_channel";
import { readFileSync } from "node:fs";
import { connect } from "@anax/client";
import { MqttServer } from "@anax/server";

/** @typedef {import("@anax/server").MqttServerOptions} ServerOptions */
/** @typedef {import("@anax/client").ClientOptions} ClientOptions */

/**
 * A message at each QoS, there and back, through a server with these options.
 * @param {ServerOptions} options
 * @param {ClientOptions} [clientOptions]
 */
async function roundTrip(options, clientOptions = {}) {
  const server = new MqttServer(options);
  await server.start();
  const client = await connect(server.address().url, clientOptions);
  const messages = client.subscribe("plants/#", { qos: 2 });
  await messages;
  for (const qos of /** @type {const} */ ([0, 1, 2])) {
    await client.publish("plants/7", "x".repeat(100_000) + qos, { qos });
  }
  const seen = [];
  for await (const { text } of messages) {
    seen.push(text.slice(-1));
    if (seen.length === 3) break;
  }
  if (seen.join("") !== "012") throw new Error(`came as ${seen.join("")}`);
  await client.disconnect();
  await server.stop();
}

/** The certificate that lies in the project. */
function certificate() {
  return { cert: readFileSync("server.pem"), key: readFileSync("server.key") };
}

/** Messages that were acknowledged are there when a server has started again. */
async function store() {
  const { lmdbStore } = await import("@anax/store-lmdb");
  const path = `store-of-${process.pid}`;
  const session = { clientId: "reader", cleanStart: false, sessionExpiryIntervalSeconds: 600 };
  for (const round of [1, 2]) {
    const server = new MqttServer({ port: 0, store: lmdbStore({ path }) });
    await server.start();
    const url = server.address().url;
    if (round === 1) {
      const reader = await connect(url, session);
      await reader.subscribe("kept", { qos: 1 });
      await reader.disconnect();
      const writer = await connect(url);
      await writer.publish("kept", "yes", { qos: 1 });
      await writer.publish("also", "yes", { qos: 1, retain: true });
      await writer.disconnect();
    } else {
      const reader = await connect(url, session);
      if (reader.connectResult?.sessionPresent !== true) throw new Error("the session is gone");
      for await (const { text } of reader.subscribe("also", { qos: 1 })) {
        if (text !== "yes") throw new Error(`stored: ${text}`);
        break;
      }
      await reader.disconnect();
    }
    await server.stop();
  }
}

/** Whether plain connections go past Node's sockets: Node's own channel does not see them then, and the log says nothing. */
async function quickPath() {
  let sockets = 0;
  /** @type {string | undefined} */
  let reason;
  channel("net.server.socket").subscribe(() => (sockets += 1));
  const logger = {
    level: /** @type {const} */ ("info"),
    /** @param {import("@anax/server").LogRecord} record */
    write: ({ message, fields }) => {
      if (message.includes("slower way")) reason = String(fields["reason"]);
    },
  };
  await roundTrip({ port: 0, logger });
  if (sockets === 0 && reason === undefined) return "quick";
  if (reason === undefined)
    throw new Error(`slower, for ${sockets} connections, and the log is silent`);
  return "slower";
}

const tls = { host: "127.0.0.1", port: 0 };

/** @type {Readonly<Record<string, () => Promise<string | void>>>} */
const CHECKS = {
  tcp: () => roundTrip({ port: 0 }),
  unix: () => roundTrip({ listeners: [{ type: "unix", path: `probe-${process.pid}.sock` }] }),
  ws: () => roundTrip({ listeners: [{ type: "websocket", port: 0 }] }),
  tls: () =>
    roundTrip(
      { listeners: [{ type: "tls", ...tls, ...certificate() }] },
      { tls: { ca: readFileSync("server.pem", "utf8") } },
    ),
  wss: () =>
    roundTrip(
      { listeners: [{ type: "websocket", ...tls, ...certificate() }] },
      { tls: { ca: readFileSync("server.pem", "utf8") } },
    ),
  store,
  path: quickPath,
};

const check = CHECKS[process.argv[2] ?? ""];
if (check === undefined) throw new Error(`there is no check ${process.argv[2]}`);
const seen = await check();
console.log(seen === undefined ? "ok" : `ok: ${seen}`);
process.exit(0);
