import type { Duplex } from "node:stream";
import { encodePacket } from "@anax/protocol";
import type { Packet } from "@anax/protocol";
import { MqttServer } from "@anax/server";
import type { HoldingResult, HoldingWorkload } from "./workload.ts";

/** Connections that are made before the loop may go round. */
const CONNECTIONS_AT_ONCE = 500;
const PUBLISH = 3;

/** Holds connections over streams inside this process: what is tried is the server, not the system's sockets. */
export async function holdInMemory(workload: HoldingWorkload): Promise<HoldingResult> {
  await using server = new MqttServer({ listeners: [{ type: "memory" }], systemTopics: false });
  await server.start();
  const before = process.memoryUsage().rss;
  const { active, connections } = workload;
  const clients: Duplex[] = [];
  const latenciesMs: number[] = [];
  for (let index = 0; index < connections; index += 1) {
    clients.push(connectClient(server, index));
    if (index % CONNECTIONS_AT_ONCE === 0) await turn();
  }
  const publishers = clients.slice(0, active);
  for (const [index, subscriber] of clients.slice(active, 2 * active).entries()) {
    const request = { topicFilter: `held/${index}`, qos: 0 } as const;
    send(subscriber, {
      type: "subscribe",
      packetIdentifier: 1,
      subscriptions: [{ ...request, noLocal: false, retainAsPublished: false, retainHandling: 0 }],
    });
    subscriber.on("data", (chunk: Uint8Array) => noteLatency(chunk, latenciesMs));
  }
  await turn();
  const after = process.memoryUsage().rss;
  const sent = await publishEachSecond(publishers, workload.seconds);
  const { connectionsCurrent, connectionsTotal, transportsRefused } = server.statistics;
  latenciesMs.sort((left, right) => left - right);
  for (const client of clients) client.destroy();
  return {
    held: connectionsCurrent,
    made: connectionsTotal + transportsRefused,
    sent,
    lost: sent - latenciesMs.length,
    p99Ms: latenciesMs[Math.floor(latenciesMs.length * 0.99)] ?? 0,
    bytesPerConnection: (after - before) / connections,
  };
}

function connectClient(server: MqttServer, index: number): Duplex {
  const client = server.connectInMemory();
  client.resume();
  const clientId = `held-${index}`;
  send(client, {
    type: "connect",
    protocolVersion: 5,
    clientId,
    cleanStart: true,
    keepAliveSeconds: 0,
  });
  return client;
}

function send(client: Duplex, packet: Packet): void {
  client.write(encodePacket(packet, 5));
}

/** The payload of a message is the time of its sending; a subscriber gets one message at a time. */
function noteLatency(chunk: Uint8Array, latenciesMs: number[]): void {
  if ((chunk[0] ?? 0) >> 4 !== PUBLISH) return;
  const view = new DataView(chunk.buffer, chunk.byteOffset + chunk.length - 8, 8);
  latenciesMs.push(performance.now() - view.getFloat64(0));
}

/** One message a second from each, spread over the second; gives how many were sent, when all had time to arrive. */
async function publishEachSecond(publishers: readonly Duplex[], seconds: number): Promise<number> {
  const startedAtMs = performance.now();
  const total = publishers.length * seconds;
  let sent = 0;
  while (sent < total) {
    const due = Math.floor(((performance.now() - startedAtMs) / 1_000) * publishers.length);
    for (; sent < Math.min(due, total); sent += 1) {
      const index = sent % publishers.length;
      const payload = new Uint8Array(8);
      new DataView(payload.buffer).setFloat64(0, performance.now());
      const publisher = publishers[index];
      if (publisher !== undefined) {
        send(publisher, {
          type: "publish",
          topic: `held/${index}`,
          payload,
          qos: 0,
          retain: false,
          duplicate: false,
        });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
  return sent;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
