import { MqttServer } from "../../src/index.ts";
import type { MqttServerOptions } from "../../src/index.ts";
import { MqttPeer } from "./mqtt-peer.ts";
import { turns } from "./turns.ts";
import type { ConnectPacket, Packet, ProtocolVersion, QoS } from "@anax/protocol";

/** A started server that listens in memory only and publishes no `$SYS`. */
export async function startedServer(options: MqttServerOptions = {}): Promise<MqttServer> {
  const server = new MqttServer({
    listeners: [{ type: "memory" }],
    systemTopics: false,
    ...options,
  });
  await server.start();
  return server;
}

/** A client that was let in. */
export async function connected(
  server: MqttServer,
  clientId: string,
  fields: Partial<ConnectPacket> = {},
): Promise<MqttPeer> {
  const version: ProtocolVersion = fields.protocolVersion ?? 5;
  const peer = new MqttPeer(server.connectInMemory(), version);
  const connack = await peer.connect({ clientId, ...fields });
  if (connack?.type !== "connack" || connack.reasonCode !== 0) {
    throw new Error(`${clientId} was not let in: ${JSON.stringify(connack)}`);
  }
  return peer;
}

/** CONNECT fields of an MQTT 5.0 session that outlives its connection. */
export const LASTING: Partial<ConnectPacket> = {
  cleanStart: false,
  properties: { sessionExpiryIntervalSeconds: 3_600 },
};

/** Subscribes at a QoS and gives the SUBACK. */
export function subscribe(
  peer: MqttPeer,
  topicFilter: string,
  qos: QoS = 2,
): Promise<Packet | undefined> {
  const options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  peer.sendPacket({
    type: "subscribe",
    packetIdentifier: 1,
    subscriptions: [{ topicFilter, qos, ...options }],
  });
  return peer.packet();
}

/** Makes a session "s" with a subscription to "t" at QoS 1, whose client is away. */
export async function awaySession(server: MqttServer): Promise<void> {
  const peer = await connected(server, "s", LASTING);
  await subscribe(peer, "t", 1);
  peer.stream.destroy();
  await turns();
}

/** A PUBLISH with a text as payload. */
export function publication(
  topic: string,
  text = "",
  qos: QoS = 0,
): Extract<Packet, { type: "publish" }> {
  const identifier = qos === 0 ? {} : { packetIdentifier: 7 };
  const payload = new TextEncoder().encode(text);
  return { type: "publish", topic, payload, qos, ...identifier, retain: false, duplicate: false };
}

/** Text of a payload. */
export function text(payload: Uint8Array | undefined): string {
  return new TextDecoder().decode(payload);
}
