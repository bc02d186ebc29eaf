import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Framer, MalformedPacketError, ProtocolError, decodeVarint } from "../src/index.ts";
import { hex, thrownBy, toHex } from "./wire.ts";

/** All packets that can be read now, as hexadecimal text. */
function drain(framer: Framer): string[] {
  const packets: string[] = [];
  while (framer.next()) {
    packets.push(toHex(framer.bytes.subarray(framer.start, framer.end)));
  }
  return packets;
}

/**
 * A packet of `size` bytes in all (at least 5, but not 130 or 16 387, which none has), whose last
 * body byte is `mark`.
 */
function packetOfSize(size: number, mark: number): Uint8Array {
  const bytes = new Uint8Array(size);
  const lengthSize = size < 130 ? 1 : size < 16_387 ? 2 : 3;
  let rest = size - 1 - lengthSize;
  bytes[0] = 0x30;
  for (let index = 1; index <= lengthSize; index += 1) {
    bytes[index] = (rest & 0x7f) | (index < lengthSize ? 0x80 : 0);
    rest >>= 7;
  }
  bytes[size - 1] = mark;
  return bytes;
}

/** Counts the bytes that are copied from buffer to buffer while `action` runs. */
function copiedBytes(action: () => void): number {
  let copied = 0;
  // oxlint-disable-next-line typescript/unbound-method -- called with its receiver below
  const set = Uint8Array.prototype.set;
  vi.spyOn(Uint8Array.prototype, "set").mockImplementation(function (
    this: Uint8Array,
    source: ArrayLike<number>,
    offset?: number,
  ) {
    copied += source.length;
    set.call(this, source, offset);
  });
  action();
  vi.restoreAllMocks();
  return copied;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("cutting chunks into packets", () => {
  test("nothing was pushed: there is no packet", () => {
    expect(new Framer(100).next()).toBe(false);
  });

  test("packets that are whole in a chunk are read where the chunk has them", () => {
    const framer = new Framer(100);
    const chunk = hex("c000 300400 01 61 62 d000");
    framer.push(chunk);
    expect(framer.next()).toBe(true);
    expect(framer.next()).toBe(true);
    expect(framer.bytes).toBe(chunk);
    expect([framer.firstByte, framer.start, framer.bodyStart, framer.end]).toEqual([0x30, 2, 4, 8]);
    expect(framer.next()).toBe(true);
    expect(framer.firstByte).toBe(0xd0);
    expect(framer.next()).toBe(false);
    expect(framer.pending).toBe(0);
  });

  test("only the packet that a chunk cuts off is copied; the next chunk is in place again", () => {
    const framer = new Framer(100);
    framer.push(hex("c000 3004 00"));
    expect(drain(framer)).toEqual(["c000"]);
    expect(framer.pending).toBe(3);
    const chunk = hex("01 61 62 d000 e000");
    framer.push(chunk);
    expect(framer.next()).toBe(true);
    expect(framer.bytes).not.toBe(chunk);
    expect(toHex(framer.bytes.subarray(framer.start, framer.end))).toBe("300400016162");
    expect(framer.next()).toBe(true);
    expect(framer.bytes).toBe(chunk);
    expect(drain(framer)).toEqual(["e000"]);
  });

  test("an unfinished packet survives the reuse of its chunk's memory", () => {
    const framer = new Framer(100);
    const chunk = hex("3004 0001");
    framer.push(chunk);
    expect(framer.next()).toBe(false);
    chunk.fill(0xff);
    framer.push(hex("6162"));
    expect(drain(framer)).toEqual(["300400016162"]);
  });

  test("the first byte of an unfinished packet can be looked at", () => {
    const framer = new Framer(100);
    framer.push(hex("c000 10"));
    drain(framer);
    expect(framer.bytes[framer.position]).toBe(0x10);
  });

  test("empty chunks change nothing", () => {
    const framer = new Framer(100);
    for (const part of ["", "c0", "", "00", ""]) {
      framer.push(hex(part));
    }
    expect(drain(framer)).toEqual(["c000"]);
    framer.push(hex(""));
    expect(framer.next()).toBe(false);
  });
});

describe("a connection that is suspended while packets are unread", () => {
  test("release copies them, so that the chunk may be reused", () => {
    const framer = new Framer(100);
    const chunk = hex("c000 d000 e000");
    framer.push(chunk);
    framer.next();
    framer.release();
    chunk.fill(0xff);
    expect(framer.pending).toBe(4);
    expect(drain(framer)).toEqual(["d000", "e000"]);
  });

  test("release frees the chunk that waits behind an unfinished packet, too", () => {
    const framer = new Framer(100);
    framer.push(hex("3004"));
    drain(framer);
    const chunk = hex("00016162 d000");
    framer.push(chunk);
    framer.release();
    chunk.fill(0xff);
    expect(drain(framer)).toEqual(["300400016162", "d000"]);
  });

  test("chunks pushed meanwhile are read in their order", () => {
    const framer = new Framer(100);
    framer.push(hex("c000 d0"));
    framer.push(hex("00 30"));
    framer.push(hex("0161 e0"));
    framer.push(hex("00"));
    expect(framer.pending).toBe(9);
    expect(drain(framer)).toEqual(["c000", "d000", "300161", "e000"]);
    expect(framer.pending).toBe(0);
  });

  test("any mix of push, next and release gives the same packets", () => {
    const packets = fc.array(
      fc.record({
        size: fc.integer({ min: 5, max: 400 }).filter((value) => value !== 130),
        mark: fc.nat(255),
      }),
      { minLength: 1, maxLength: 12 },
    );
    const step = fc.record({ take: fc.nat(300), reads: fc.nat(4), release: fc.boolean() });
    fc.assert(
      fc.property(packets, fc.array(step, { maxLength: 30 }), (list, steps) => {
        const expected = list.map(({ size, mark }) => toHex(packetOfSize(size, mark)));
        const stream = hex(expected.join(""));
        const framer = new Framer(1000);
        const found: string[] = [];
        let from = 0;
        for (const { take, reads, release } of [
          ...steps,
          { take: 1e9, reads: 99, release: true },
        ]) {
          const chunk = stream.slice(from, from + take);
          from += chunk.length;
          framer.push(chunk);
          let drained = false;
          for (let read = 0; read < reads && !drained; read += 1) {
            drained = !framer.next();
            if (!drained) {
              found.push(toHex(framer.bytes.subarray(framer.start, framer.end)));
            }
          }
          if (release) {
            framer.release();
          }
          if (release || drained) {
            chunk.fill(0xff);
          }
        }
        expect(found).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a hot loop that reads on by itself", () => {
  test("goes on behind the packet that next found, and tells how far it came", () => {
    const framer = new Framer(100);
    framer.push(hex("c000 300161 300162 e000 30"));
    expect(framer.next()).toBe(true);
    let position = framer.position;
    const seen: number[] = [];
    while (framer.bytes[position] === 0x30) {
      const answer = decodeVarint(framer.bytes, position + 1, framer.limit);
      const bodyStart = position + 1 + (answer & 7);
      seen.push(framer.bytes[bodyStart] ?? 0);
      position = bodyStart + (answer >>> 3);
    }
    framer.skipTo(position);
    expect(seen).toEqual([0x61, 0x62]);
    expect(drain(framer)).toEqual(["e000"]);
    expect(framer.pending).toBe(1);
  });

  test("can read to the end of a carried packet, behind which the chunk goes on", () => {
    const framer = new Framer(100);
    framer.push(hex("30"));
    drain(framer);
    framer.push(hex("0161 c000"));
    expect(framer.next()).toBe(true);
    expect(framer.position).toBe(framer.limit);
    framer.skipTo(framer.limit);
    expect(drain(framer)).toEqual(["c000"]);
  });

  test("a position outside the region is the caller's mistake", () => {
    const framer = new Framer(100);
    framer.push(hex("c000"));
    expect(() => framer.skipTo(3)).toThrow(RangeError);
    framer.next();
    expect(() => framer.skipTo(1)).toThrow(RangeError);
  });
});

describe("limits", () => {
  test("a packet of exactly the maximum size passes", () => {
    const framer = new Framer(300);
    framer.push(packetOfSize(300, 1));
    expect(framer.next()).toBe(true);
  });

  test("U-3.2.2.3.6-1 a larger one is refused with 0x95 when its header is there", () => {
    const framer = new Framer(300);
    framer.push(packetOfSize(301, 1).subarray(0, 3));
    const error = thrownBy(() => framer.next());
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ reasonCode: 0x95 });
    expect(String(error)).toContain("301 bytes exceeds Maximum Packet Size 300");
  });

  test("the same error comes again, and the packets before it were read", () => {
    const framer = new Framer(10);
    framer.push(hex("c000 30ff01"));
    expect(framer.next()).toBe(true);
    expect(() => framer.next()).toThrow(ProtocolError);
    expect(() => framer.next()).toThrow(ProtocolError);
  });

  test("the limit may be raised when CONNECT was accepted", () => {
    const framer = new Framer(10);
    framer.push(hex("c000"));
    drain(framer);
    framer.maximumPacketSize = 400;
    framer.push(packetOfSize(400, 1));
    expect(framer.next()).toBe(true);
  });

  test.each(["30 ffffffff", "30 80808080 01", "30 8000", "30 ff8000"])(
    "U-1.5.5-1 Remaining Length %s is malformed",
    (text) => {
      const framer = new Framer(268_435_460);
      framer.push(hex(text));
      expect(() => framer.next()).toThrow(MalformedPacketError);
    },
  );

  test("a fifth length byte is refused when the fourth has come, byte by byte, too", () => {
    const framer = new Framer(268_435_460);
    for (const byte of hex("30 ffffff")) {
      framer.push(Uint8Array.of(byte));
      expect(framer.next()).toBe(false);
    }
    framer.push(Uint8Array.of(0xff));
    expect(() => framer.next()).toThrow(MalformedPacketError);
  });
});

describe("cost", () => {
  test("nothing is allocated by a declared length", () => {
    const framer = new Framer(268_435_460);
    framer.push(hex("30 ffffff7f 00"));
    expect(framer.next()).toBe(false);
    expect(framer.bytes.byteLength).toBeLessThanOrEqual(64);
    framer.push(new Uint8Array(1000));
    expect(framer.next()).toBe(false);
    expect(framer.pending).toBe(1006);
    expect(framer.bytes.byteLength).toBeLessThanOrEqual(2 * 1006);
  });

  test("the carry is dropped when its packet was read", () => {
    const framer = new Framer(100_000);
    const bytes = packetOfSize(50_000, 1);
    framer.push(bytes.subarray(0, 40_000));
    drain(framer);
    framer.push(bytes.subarray(40_000));
    expect(drain(framer)).toHaveLength(1);
    expect(framer.bytes.byteLength).toBe(0);
  });

  test.each([1_000, 10_000, 100_000])(
    "fed byte by byte, %i bytes are copied O(n) times",
    (size) => {
      const framer = new Framer(size);
      const bytes = packetOfSize(size, 7);
      const found: boolean[] = [];
      const copied = copiedBytes(() => {
        for (let index = 0; index < size; index += 1) {
          framer.push(bytes.subarray(index, index + 1));
          found.push(framer.next());
        }
      });
      expect(found.indexOf(true)).toBe(size - 1);
      expect(toHex(framer.bytes.subarray(framer.start, framer.end))).toBe(toHex(bytes));
      expect(copied).toBeLessThanOrEqual(3 * size);
    },
  );

  test("small packets fed byte by byte while the reader lags are copied O(n) times", () => {
    const framer = new Framer(100);
    const stream = hex("300561626364 65".repeat(2_000));
    let read = 0;
    const copied = copiedBytes(() => {
      for (let index = 0; index < stream.length; index += 1) {
        framer.push(stream.subarray(index, index + 1));
        if (index > 1_000 && index % 7 === 0 && framer.next()) {
          read += 1;
        }
      }
      while (framer.next()) {
        read += 1;
      }
    });
    expect(read).toBe(2_000);
    expect(copied).toBeLessThanOrEqual(5 * stream.length);
  });

  test("whole packets are not copied at all", () => {
    const framer = new Framer(100);
    const stream = hex("3005616263646 5".repeat(500));
    let read = 0;
    const copied = copiedBytes(() => {
      framer.push(stream);
      while (framer.next()) {
        read += 1;
      }
    });
    expect(read).toBe(500);
    expect(copied).toBe(0);
  });
});
