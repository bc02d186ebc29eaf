// The Anax server that asks a back end who comes: node anax-backend.mjs port kind source milliseconds, where kind is http, jwks or file.
import { HttpAuthenticator, JwtAuthenticator } from "@anax/access";
import { MqttServer } from "@anax/server";

const [port, kind, source = "", milliseconds] = process.argv.slice(2);
const timeoutMs = Number(milliseconds);
const authenticator = {
  http: () => new HttpAuthenticator({ url: source, timeoutMs, cacheSeconds: 3_600 }),
  // Keys are old at once: they are fetched again as often as can be.
  jwks: () =>
    new JwtAuthenticator({ keyUrl: source, timeoutMs, cacheSeconds: 0, cooldownSeconds: 0 }),
  file: () => new JwtAuthenticator({ keyFile: source }),
}[kind]();
const server = new MqttServer({
  port: Number(port),
  systemTopics: false,
  authenticators: [authenticator],
});
await server.start();
console.log("ready");

// Whoever measures may be cut short: nobody is left behind then.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && process.exit(1), 1_000).unref();
