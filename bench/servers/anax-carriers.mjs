// The Anax server with all its carriers: node anax-carriers.mjs tcp-port ws-port tls-port cert-file key-file
import { readFileSync } from "node:fs";
import { MqttServer } from "@anax/server";

const [tcpPort, wsPort, tlsPort, certFile, keyFile] = process.argv.slice(2);
const server = new MqttServer({
  listeners: [
    { type: "websocket", port: Number(wsPort) },
    {
      type: "tls",
      port: Number(tlsPort),
      cert: readFileSync(certFile),
      key: readFileSync(keyFile),
    },
    // Last: whoever starts this waits until this port takes connections.
    { type: "tcp", port: Number(tcpPort) },
  ],
  systemTopics: false,
});
await server.start();

// Whoever measures may be cut short: nobody is left behind then.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && process.exit(1), 1_000).unref();
