/** The hot path and the codec give the same: bytes out, outcomes and messages in, whatever the packet is. */
import { ByteWriter, Framer, decodePacket, encodePacket } from "@anax/protocol";
import type { ProtocolVersion, PublishPacket } from "@anax/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isPlainPublish } from "../../src/core/plain-publish-options.ts";
import { PlainPublishWriter } from "../../src/core/plain-publish-writer.ts";
import type { PublishOptions } from "@anax/client";
import { PlainReader } from "../../src/core/plain-reader.ts";
import { MachineHarness, bytesOf, hexOf } from "./machine-harness.ts";

const version = fc.constantFrom<ProtocolVersion>(3, 4, 5);
const topic = fc.oneof(
  fc.constantFrom("a", "a/b", "größe/1", "", "a/+", "#", "\0", "a\ud800", "x".repeat(130)),
  fc.string({ unit: "grapheme", maxLength: 130 }),
);
const qos = fc.constantFrom<0 | 1 | 2>(0, 1, 2);
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.nat(20_000).map((length) => new Uint8Array(length)),
);
const publish: fc.Arbitrary<PublishPacket> = fc.record({
  type: fc.constant("publish" as const),
  topic,
  payload,
  qos,
  retain: fc.boolean(),
  duplicate: fc.boolean(),
  packetIdentifier: fc.nat(65_535),
});

describe("PUBLISH by the hot path", () => {
  it("is what the codec writes, or is left to the codec", () => {
    let written = 0;
    const plain = new PlainPublishWriter();
    fc.assert(
      fc.property(version, publish, fc.nat(300), (version, packet, maximumPacketSize) => {
        const writer = new ByteWriter();
        writer.u8(0xee);
        const limits = { version, maximumPacketSize: maximumPacketSize * 100 };
        if (!plain.write(writer, packet, 0, limits)) {
          expect(writer.length).toBe(1);
          return;
        }
        written += 1;
        const expected = encodePacket(packet, version);
        expect(hexOf(writer.bytes.subarray(1, writer.length))).toBe(hexOf(expected));
        expect(expected.length).toBeLessThanOrEqual(limits.maximumPacketSize);
      }),
      { numRuns: 2_000 },
    );
    expect(written).toBeGreaterThan(200);
  });

  it("has an alias that is agreed in place of its topic", () => {
    const plain = new PlainPublishWriter();
    const packet = {
      type: "publish",
      topic: "a",
      payload: bytesOf("01 02"),
      qos: 1,
      retain: true,
      duplicate: false,
      packetIdentifier: 0x0102,
    } as const;
    const writer = new ByteWriter();
    const limits = { version: 5, maximumPacketSize: 100 } as const;
    expect(plain.write(writer, packet, 0x0304, limits)).toBe(true);
    expect(hexOf(writer.bytes.subarray(0, writer.length))).toBe(
      hexOf(encodePacket({ ...packet, topic: "", properties: { topicAlias: 0x0304 } }, 5)),
    );
  });

  it("forgets topics when there are too many, and still writes each as it is", () => {
    const plain = new PlainPublishWriter();
    for (const round of [1, 2]) {
      for (let index = 0; index < 300; index += 1) {
        const packet = {
          type: "publish",
          topic: `t/${index}`,
          payload: bytesOf("00"),
          qos: 0,
          retain: false,
          duplicate: false,
        } as const;
        const writer = new ByteWriter();
        expect(plain.write(writer, packet, 0, { version: 4, maximumPacketSize: 99 })).toBe(true);
        const decoded = decodePacket(0x30, writer.bytes, 2, writer.length, 4);
        expect(decoded, `round ${round}`).toMatchObject({ topic: packet.topic });
      }
    }
  });
});

describe("an acknowledgement by the hot path", () => {
  it("is told as the codec reads it, or is left to the codec", () => {
    let read = 0;
    const firstByte = fc.constantFrom(0x40, 0x50, 0x62, 0x70, 0x41, 0x90, 0xd0);
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 5 }),
      fc.constantFrom("00 01", "12 34", "00 01 00", "00 01 10", "00 00", "00 01 92", "00 01 10 00"),
    );
    fc.assert(
      fc.property(version, firstByte, body, (version, firstByte, body) => {
        const bytes = typeof body === "string" ? bytesOf(body) : body;
        const framer = new Framer(100);
        framer.push(Uint8Array.of(firstByte, bytes.length, ...bytes));
        framer.next();
        const told: unknown[] = [];
        const tell = (packet: unknown): number => told.push(packet);
        const outgoing = { puback: tell, pubrec: tell, pubcomp: tell };
        const events = { push: () => expect.fail("no message") };
        const output = { version, inspect: undefined };
        if (!new PlainReader(output, outgoing, events).read(framer)) {
          expect(told).toEqual([]);
          return;
        }
        read += 1;
        expect(told).toEqual([decodePacket(firstByte, bytes, 0, bytes.length, version)]);
      }),
      { numRuns: 2_000 },
    );
    expect(read).toBeGreaterThan(100);
  });

  it("is not read by it while somebody inspects packets", () => {
    const harness = new MachineHarness();
    harness.connect();
    const seen: string[] = [];
    harness.machine.inspect = (direction, packet) => seen.push(`${direction} ${packet.type}`);
    const request = harness.publish("a", 1);
    harness.receive("40 02 00 01");
    expect(seen).toEqual(["out publish", "in puback"]);
    expect(request.outcome).toMatchObject({ reasonCode: 0 });
  });
});

describe("options by the hot path", () => {
  it("are plain when there is nothing but a legal QoS and RETAIN", () => {
    const options = fc.record(
      {
        qos: fc.constantFrom(0, 1, 2, 3, -1, 0.5, undefined),
        retain: fc.constantFrom(true, false, undefined, null, "yes"),
        topic: fc.constant("t"),
        payload: fc.constant("p"),
        retained: fc.constant(true),
        messageExpiryIntervalSeconds: fc.constantFrom(0, 1, -1),
        contentType: fc.constantFrom("", undefined),
        topicAlias: fc.constantFrom(1, 0),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(options, fc.boolean(), (given, isMessage) => {
        const plain = isMessage ? ["qos", "retain", "topic", "payload"] : ["qos", "retain"];
        const isQosLegal = given.qos === undefined || [0, 1, 2].includes(given.qos);
        const isRetainLegal = given.retain === undefined || typeof given.retain === "boolean";
        const isPlain = Object.keys(given).every((name) => plain.includes(name));
        expect(isPlainPublish(given as PublishOptions, isMessage)).toBe(
          isQosLegal && isRetainLegal && isPlain,
        );
      }),
      { numRuns: 1_000 },
    );
  });
});
