import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ByteWriter,
  Framer,
  MalformedPacketError,
  ProtocolError,
  decodePacket,
  encodePacket,
  encodePacketInto,
} from "../src/index.ts";
import type { Packet, ProtocolVersion } from "../src/index.ts";
import { VERSIONS, anyPacket, arbitrariesByType } from "./arbitrary-packets.ts";
import { decodeWhole } from "./wire.ts";

const anyVersionedPacket = fc
  .constantFrom(...VERSIONS)
  .chain((version) => anyPacket(version).map((packet) => ({ version, packet })));

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter();
  for (const part of parts) {
    writer.raw(part);
  }
  return writer.finish();
}

/** Decodes; undefined when the peer is refused. Anything but the two errors fails the test. */
function decodeOrRefuse(bytes: Uint8Array, version: ProtocolVersion): Packet | undefined {
  try {
    return decodeWhole(bytes, version);
  } catch (error) {
    if (error instanceof MalformedPacketError || error instanceof ProtocolError) {
      return undefined;
    }
    throw error;
  }
}

for (const version of VERSIONS) {
  describe(`version ${version}`, () => {
    for (const [type, arbitrary] of Object.entries(arbitrariesByType(version))) {
      test(`${type}: what was encoded decodes to the same packet`, () => {
        fc.assert(
          fc.property(arbitrary, (packet) => {
            expect(decodeWhole(encodePacket(packet, version), version)).toStrictEqual(packet);
          }),
          { numRuns: 150 },
        );
      });
    }
  });
}

test("encodePacketInto appends the bytes that encodePacket gives", () => {
  fc.assert(
    fc.property(fc.array(anyVersionedPacket, { maxLength: 8 }), (list) => {
      const writer = new ByteWriter();
      for (const { packet, version } of list) {
        encodePacketInto(writer, packet, version);
      }
      const whole = concatenate(list.map(({ packet, version }) => encodePacket(packet, version)));
      expect(writer.bytes.slice(0, writer.length)).toEqual(whole);
    }),
  );
});

test("a decoded packet stays what it is when the chunk is overwritten", () => {
  fc.assert(
    fc.property(anyVersionedPacket, ({ packet, version }) => {
      const bytes = encodePacket(packet, version);
      const decoded = decodeWhole(bytes, version);
      bytes.fill(0xff);
      expect(decoded).toStrictEqual(packet);
    }),
  );
});

test("values decoded from a Node Buffer are plain Uint8Array copies", () => {
  const bytes = Buffer.from(
    encodePacket(
      {
        type: "publish",
        topic: "t",
        payload: Uint8Array.of(1),
        qos: 0,
        retain: false,
        duplicate: false,
      },
      4,
    ),
  );
  const packet = decodePacket(0x30, bytes, 2, bytes.length, 4);
  expect(packet.type === "publish" && packet.payload.constructor).toBe(Uint8Array);
});

test("every truncation of a packet's body is refused or is another legal packet", () => {
  fc.assert(
    fc.property(anyVersionedPacket, fc.nat(), ({ packet, version }, cut) => {
      const bytes = encodePacket(packet, version);
      const start = bytes.length > 129 ? 3 : 2;
      const end = start + (cut % (bytes.length - start + 1));
      const body = Uint8Array.from([bytes[0] ?? 0, 0, ...bytes.subarray(start, end)]);
      decodeOrRefuse(body, version);
    }),
  );
});

test("any bytes at all decode to a packet or to one of the two errors", () => {
  const anyBody = fc.uint8Array({ maxLength: 60 });
  fc.assert(
    fc.property(fc.nat(255), anyBody, fc.constantFrom(...VERSIONS), (first, body, version) => {
      decodeOrRefuse(Uint8Array.from([first, body.length, ...body]), version);
    }),
    { numRuns: 3000 },
  );
});

test("a mutated packet decodes to one of the errors, or to what can be encoded again", () => {
  const edits = fc.array(
    fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom("set", "insert", "drop")),
    {
      minLength: 1,
      maxLength: 4,
    },
  );
  fc.assert(
    fc.property(anyVersionedPacket, edits, ({ packet, version }, list) => {
      const body = Array.from(encodePacket(packet, version));
      for (const [place, byte, kind] of list) {
        const index = place % body.length;
        body.splice(index, kind === "insert" ? 0 : 1, ...(kind === "drop" ? [] : [byte]));
        if (body.length === 0) {
          return;
        }
      }
      const decoded = decodeOrRefuse(Uint8Array.from(body), version);
      if (decoded !== undefined) {
        const again = encodePacket(decoded, version);
        expect(decodeWhole(again, version)).toStrictEqual(decoded);
      }
    }),
    { numRuns: 3000 },
  );
});

test("any split of the bytes gives the same packets", () => {
  const stream = fc
    .constantFrom(...VERSIONS)
    .chain((version) =>
      fc
        .array(anyPacket(version), { minLength: 1, maxLength: 6 })
        .map((packets) => ({ version, packets })),
    );
  fc.assert(
    fc.property(stream, fc.array(fc.nat(), { maxLength: 20 }), ({ version, packets }, cuts) => {
      const bytes = concatenate(packets.map((packet) => encodePacket(packet, version)));
      const places = cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
      const framer = new Framer(1_000_000);
      const decoded: Packet[] = [];
      let from = 0;
      for (const to of [...places, bytes.length]) {
        const chunk = bytes.slice(from, to);
        framer.push(chunk);
        while (framer.next()) {
          decoded.push(
            decodePacket(framer.firstByte, framer.bytes, framer.bodyStart, framer.end, version),
          );
        }
        chunk.fill(0xff);
        from = to;
      }
      expect(decoded).toStrictEqual(packets);
      expect(framer.pending).toBe(0);
    }),
    { numRuns: 500 },
  );
});
