// The Anax server that lets in by tokens: node anax-tokens.mjs port key, which is a secret or a public key in PEM form; empty: everybody.
import { readFileSync } from "node:fs";
import { JwtAuthenticator } from "@anax/access";
import { MqttServer } from "@anax/server";

const [port, file = ""] = process.argv.slice(2);
const key = file === "" ? "" : readFileSync(file, "utf8");
const keyOptions = key.startsWith("-----BEGIN") ? { publicKey: key } : { secret: key };
const server = new MqttServer({
  port: Number(port),
  systemTopics: false,
  ...(key !== "" && { authenticators: [new JwtAuthenticator(keyOptions)] }),
});
await server.start();
console.log("ready");

// Whoever measures may be cut short: nobody is left behind then.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && process.exit(1), 1_000).unref();
