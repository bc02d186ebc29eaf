/** Checks what the program gives to a server: its own listeners, streams, and arguments too many. */
import { MqttConfigurationError, typeName } from "@anax/protocol";
import type { Duplex } from "node:stream";
import type { RulesFor } from "@anax/protocol";
import type { Peer } from "./core/wire.ts";
import type { ListenerOptions } from "./listeners/create-listener.ts";
import type { Listener } from "./ports/listener.ts";

/** A `Listener` of the program's own, not the options of one that comes with the server. */
export function isOwnListener(listener: ListenerOptions | Listener): listener is Listener {
  if (!("start" in listener || "stop" in listener)) return false;
  const { start, stop } = listener as Partial<Listener>;
  if (typeof start === "function" && typeof stop === "function") return true;
  throw new MqttConfigurationError("a listener of your own needs the methods start and stop");
}

/** What may be said of the peer of a stream. */
export const PEER_RULES: RulesFor<Peer> = {
  transport: "string",
  secure: "boolean",
  remoteAddress: "string",
  proxyAddress: "string",
  remotePort: [0, 65_535],
  localAddress: "string",
  localPort: [0, 65_535],
  tls: "Object",
  certificate: "unknown",
  certificateName: "string",
  unverifiedCertificate: "unknown",
  certificateFault: "string",
};

/** A logger beside the options, as other libraries take it, would be one that never hears anything. */
export function requireNoMore(others: readonly unknown[]): void {
  if (others.every((other) => (other ?? undefined) === undefined)) return;
  throw new MqttConfigurationError("a server takes one argument: its logger is an option");
}

/** Throws `MqttConfigurationError` for what is no stream. */
export function requireStream(stream: unknown): void {
  const { on, write, destroy }: Partial<Record<keyof Duplex, unknown>> = Object(stream);
  if ([on, write, destroy].every((method) => typeof method === "function")) return;
  throw new MqttConfigurationError(`what is to be handled is no stream, but ${typeof stream}`);
}

/** Throws `MqttConfigurationError` for options of a publish that are no object, or name what its arguments say. */
export function requireNoTopic(options: unknown): void {
  const type = typeName(options);
  if (type !== "Object") throw new MqttConfigurationError(`options must be an object, not ${type}`);
  for (const name of ["topic", "payload"]) {
    if (Object.hasOwn(Object(options) as object, name))
      throw new MqttConfigurationError(`${name} is an argument of publish, not an option`);
  }
}
