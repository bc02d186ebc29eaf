/** The framer of browsers does what the other does, whatever the chunks. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Framer as CopyingFramer } from "../src/framer-by-copy.ts";
import { Framer } from "../src/framer.ts";
import { hex, toHex } from "./wire.ts";

type AnyFramer = Omit<Framer, never>;

/** All packets of these chunks and what is left, or the error that they end in. */
function read(framer: AnyFramer, chunks: readonly Uint8Array[]): unknown[] {
  const seen: unknown[] = [];
  try {
    for (const chunk of chunks) {
      // A copy that is spoilt afterwards: no framer may look at it once it has been read.
      const lent = chunk.slice();
      framer.push(lent);
      while (framer.next()) {
        const { bytes, start, bodyStart, end, firstByte, pending } = framer;
        seen.push([firstByte, toHex(bytes.subarray(start, end)), end - bodyStart, pending]);
      }
      framer.release();
      lent.fill(0xee);
    }
    seen.push(framer.pending);
  } catch (error) {
    seen.push(String(error));
  }
  return seen;
}

const packet = fc
  .tuple(fc.integer({ min: 1, max: 255 }), fc.uint8Array({ maxLength: 300 }))
  .map(([firstByte, body]) => {
    const length =
      body.length < 128 ? [body.length] : [(body.length & 127) | 128, body.length >> 7];
    return [firstByte, ...length, ...body];
  });

describe("the framer of browsers", () => {
  test("gives the same packets and errors as the other", () => {
    const garbage = fc.uint8Array({ maxLength: 8 }).map((bytes) => [...bytes]);
    const stream = fc.array(fc.oneof({ weight: 9, arbitrary: packet }, garbage), { maxLength: 20 });
    const sizes = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(stream, sizes, (packets, chunkSizes) => {
        const bytes = Uint8Array.from(packets.flat());
        const chunks: Uint8Array[] = [];
        for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
          const size = Math.max(1, chunkSizes[turn % chunkSizes.length] ?? 1);
          chunks.push(bytes.slice(start, start + size));
          start += size;
        }
        expect(read(new CopyingFramer(250), chunks)).toEqual(read(new Framer(250), chunks));
      }),
      { numRuns: 500 },
    );
  });

  test("reads on where a loop has come to, and nowhere else", () => {
    const framer = new CopyingFramer(100);
    framer.push(hex("c000 d000 e0"));
    expect(framer.next()).toBe(true);
    framer.skipTo(4);
    expect(framer.next()).toBe(false);
    expect(framer.pending).toBe(1);
    expect(() => framer.skipTo(3)).toThrow(RangeError);
    expect(() => framer.skipTo(6)).toThrow(RangeError);
  });

  test("copies what comes byte by byte a bounded number of times", () => {
    const framer = new CopyingFramer(200_000);
    let allocated = 0;
    let last = framer.bytes;
    framer.push(hex("30 808004"));
    for (let count = 0; count < 65_536; count += 1) {
      framer.push(Uint8Array.of(1));
      if (framer.bytes !== last) allocated += framer.bytes.length;
      last = framer.bytes;
    }
    expect(framer.next()).toBe(true);
    expect(allocated).toBeLessThan(65_536 * 4);
    framer.release();
    expect(framer.bytes.length).toBe(0);
  });
});
