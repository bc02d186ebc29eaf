import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodePacket } from "@anax/protocol";
import type { QoS } from "@anax/protocol";
import { BytePool } from "../../src/core/byte-pool.ts";
import { messageFromApplication } from "../../src/core/message/message.ts";
import { Outbox } from "../../src/core/connection/outbox.ts";
import { OutgoingAliases } from "../../src/core/connection/outgoing-aliases.ts";
import { writePublish } from "../../src/core/delivering/publish-writer.ts";
import { CoreHarness } from "../support/core-harness.ts";

const deliveries = fc.record({
  version: fc.constantFrom(3 as const, 4 as const, 5 as const),
  topic: fc.constantFrom("a", "a/b", "ü".repeat(60)),
  payload: fc.uint8Array({ maxLength: 200 }),
  qos: fc.constantFrom<QoS>(0, 1, 2),
  retain: fc.boolean(),
  duplicate: fc.boolean(),
  packetIdentifier: fc.integer({ min: 1, max: 65_535 }),
  identifiers: fc.array(fc.integer({ min: 1, max: 268_435_455 }), { maxLength: 3 }),
  contentType: fc.option(fc.string({ maxLength: 150 }), { nil: undefined }),
  expirySeconds: fc.option(fc.integer({ min: 5, max: 1_000 }), { nil: undefined }),
  aliasMaximum: fc.constantFrom(0, 1),
});

describe("writePublish", () => {
  it("writes what the codec reads back, to the byte that the limit allows", () => {
    fc.assert(
      fc.property(deliveries, (fields) => {
        const { version, topic, payload, qos, retain, packetIdentifier, identifiers } = fields;
        const { contentType, expirySeconds, aliasMaximum } = fields;
        const { connection } = new CoreHarness().open();
        connection.version = version;
        if (aliasMaximum > 0 && version === 5) {
          connection.outgoingAliases = new OutgoingAliases(aliasMaximum);
        }
        const properties = {
          ...(contentType !== undefined && { contentType }),
          ...(expirySeconds !== undefined && { messageExpiryIntervalSeconds: expirySeconds }),
        };
        const message = messageFromApplication(
          { topic, payload, qos: 2, retain, ...properties },
          "c",
          0,
        );
        const subscriptionIdentifiers = identifiers.length > 0 ? identifiers : undefined;
        const delivery = { message, qos, retain, subscriptionIdentifiers, group: undefined };
        const duplicate = fields.duplicate && qos > 0;
        const exchange = { packetIdentifier, duplicate, nowMs: 2_500 };
        const outbox = new Outbox(new BytePool());
        // The third time an alias that saves bytes stands for the topic.
        const hasAlias = connection.outgoingAliases !== undefined && topic.length > 6;
        for (const expectedTopic of [topic, topic, hasAlias ? "" : topic]) {
          outbox.clear();
          expect(writePublish(connection, outbox, delivery, exchange)).toBe(true);
          const bytes = outbox.bytes.subarray(0, outbox.length);
          const headerBytes = (bytes[1] ?? 0) < 128 ? 2 : 3;
          const packet = decodePacket(bytes[0] ?? 0, bytes, headerBytes, bytes.length, version);
          expect(packet).toMatchObject({
            type: "publish",
            topic: expectedTopic,
            payload,
            qos,
            retain,
            duplicate,
          });
          if (packet.type !== "publish") return;
          expect(packet.packetIdentifier).toBe(qos > 0 ? packetIdentifier : undefined);
          if (version !== 5) continue;
          expect(packet.properties?.contentType).toBe(contentType);
          expect(packet.properties?.subscriptionIdentifiers).toEqual(subscriptionIdentifiers);
          expect(packet.properties?.messageExpiryIntervalSeconds).toBe(
            expirySeconds === undefined ? undefined : expirySeconds - 2,
          );
        }
        // An alias would be left out before the packet is.
        connection.outgoingAliases = undefined;
        outbox.clear();
        writePublish(connection, outbox, delivery, exchange);
        const { length } = outbox;
        connection.maximumPacketSize = length;
        expect(writePublish(connection, outbox, delivery, exchange)).toBe(true);
        connection.maximumPacketSize = length - 1;
        expect(writePublish(connection, outbox, delivery, exchange)).toBe(false);
        expect(outbox.length).toBe(2 * length);
      }),
      { numRuns: 300 },
    );
  });
});
