/** What `clientAcknowledgedPublishPacket` tells of a delivery that has come to its end. */
import { afterEach, expect, it } from "vitest";
import type { MqttServer, ServerEventHandlers } from "../../src/index.ts";
import { MemoryStore } from "../../src/stores/memory-store.ts";
import { connected, LASTING, startedServer, subscribe } from "../support/memory-server.ts";
import type { MqttPeer } from "../support/mqtt-peer.ts";
import { until } from "../support/turns.ts";

let server: MqttServer;

afterEach(() => server.stop());

it.each([{}, { store: new MemoryStore() }])(
  "says how this subscriber was sent the message, %o",
  async (options) => {
    const told: unknown[] = [];
    const on: ServerEventHandlers = {
      clientAcknowledgedPublishPacket: ({ publishPacket, applicationMessage }) => {
        const { packetIdentifier: _number, ...packet } = publishPacket;
        told.push({ ...packet, published: applicationMessage.qos });
      },
    };
    server = await startedServer({ on, ...options });
    const request = (client: MqttPeer): Promise<unknown> => {
      client.sendPacket({
        type: "subscribe",
        packetIdentifier: 9,
        subscriptions: [
          { topicFilter: "a", qos: 1, noLocal: false, retainAsPublished: true, retainHandling: 0 },
        ],
        properties: { subscriptionIdentifier: 77 },
      });
      return client.packet();
    };
    const acknowledge = async (client: MqttPeer): Promise<void> => {
      const packet = await client.packet();
      if (packet?.type !== "publish") throw new Error(`got ${packet?.type}`);
      const { packetIdentifier = 0 } = packet;
      client.sendPacket({ type: "puback", packetIdentifier, reasonCode: 0 });
    };
    const message = { topic: "a", payload: "1", qos: 2, retain: true } as const;
    const first = await connected(server, "one", LASTING);
    await request(first);
    await server.injectApplicationMessage(message);
    await acknowledge(first);
    await until(() => told.length === 1);
    await server.injectApplicationMessage(message);
    await first.packet();
    first.stream.destroy();
    await until(() => server.clients.count === 0);
    await acknowledge(await connected(server, "one", LASTING));
    await until(() => told.length === 2);
    const sent = { qos: 1, retain: true, subscriptionIdentifiers: [77], published: 2 };
    expect(told).toEqual([
      { ...sent, duplicate: false },
      { ...sent, duplicate: true },
    ]);
  },
);

it("shows the message of QoS 2 also where its session is stored", async () => {
  const told: unknown[] = [];
  const on: ServerEventHandlers = {
    clientAcknowledgedPublishPacket: ({ applicationMessage, acknowledgePacket }) => {
      told.push([applicationMessage.topic, acknowledgePacket.type]);
    },
  };
  server = await startedServer({ on, store: new MemoryStore() });
  const client = await connected(server, "one", LASTING);
  await subscribe(client, "a");
  await server.injectApplicationMessage({ topic: "a", qos: 2 });
  const message = await client.packet();
  const packetIdentifier = message?.type === "publish" ? (message.packetIdentifier ?? 0) : 0;
  for (let count = 0; count < 2; count += 1) {
    client.sendPacket({ type: "pubrec", packetIdentifier, reasonCode: 0 });
    expect(await client.packet()).toMatchObject({ type: "pubrel" });
  }
  client.sendPacket({ type: "pubcomp", packetIdentifier, reasonCode: 0 });
  await until(() => told.length === 1);
  expect(told).toEqual([["a", "pubcomp"]]);
});
