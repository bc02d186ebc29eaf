/** How many writes the messages of one turn of the loop cost, and when they leave. */
import { setTimeout as afterTimers, setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { connect } from "@anax/client";
import type { MqttClient, Transport, TransportEvents } from "@anax/client";

/** A transport that keeps what is written, and whose peer says what the test says. */
class RecordedTransport implements Transport {
  readonly writes: number[] = [];
  readonly #events: TransportEvents;

  constructor(events: TransportEvents) {
    this.#events = events;
  }

  receive(...bytes: number[]): void {
    this.#events.onBytes(Uint8Array.from(bytes));
  }

  write(bytes: Uint8Array): boolean {
    if (bytes[0] === 0x10) setImmediate(() => this.receive(0x20, 2, 0, 0));
    else this.writes.push(bytes.length);
    return true;
  }

  close(): void {
    this.#events.onClosed();
  }

  destroy(): void {
    this.#events.onClosed();
  }
}

async function connected(): Promise<{ client: MqttClient; transport: RecordedTransport }> {
  let transport: RecordedTransport | undefined;
  const client = await connect("mqtt://127.0.0.1:1", {
    protocolVersion: 4,
    transport: async (_request, events) => (transport = new RecordedTransport(events)),
  });
  // What comes behind CONNACK is held back until a timer of the client's, which was set before this one.
  await afterTimers(0);
  if (transport === undefined) throw new Error("no transport was opened");
  return { client, transport };
}

const PAYLOAD = new Uint8Array(1_000);

function publishMany(client: MqttClient, qos: 0 | 1): void {
  for (let index = 0; index < 10; index += 1) void client.publish("t", PAYLOAD, { qos });
}

describe("the messages of one turn of the loop", () => {
  it("leave in one write at QoS 0, at the end of the turn", async () => {
    const { client, transport } = await connected();
    publishMany(client, 0);
    expect(transport.writes).toEqual([]);
    await nextTurn();
    expect(transport.writes).toEqual([10 * 1_006]);
    await client.disconnect();
  });

  it("leave at once at QoS 1 when 4 KB have come together, the rest at the end of the turn", async () => {
    const { client, transport } = await connected();
    publishMany(client, 1);
    expect(transport.writes).toEqual([5 * 1_008, 5 * 1_008]);
    void client.publish("t", PAYLOAD, { qos: 1 });
    expect(transport.writes).toHaveLength(2);
    await nextTurn();
    expect(transport.writes).toEqual([5 * 1_008, 5 * 1_008, 1_008]);
    await client.disconnect();
  });

  it("leave after all that came has been handed over when a handler publishes them", async () => {
    const { client, transport } = await connected();
    const writesAtHandler: number[] = [];
    client.on("message", () => {
      publishMany(client, 1);
      writesAtHandler.push(transport.writes.length);
    });
    transport.receive(0x30, 3, 0, 1, 0x74, 0x30, 3, 0, 1, 0x74);
    expect(writesAtHandler).toEqual([0, 0]);
    expect(transport.writes).toEqual([20 * 1_008]);
    await client.disconnect();
  });
});
