import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ByteReader,
  ByteWriter,
  MalformedPacketError,
  VARINT_MAXIMUM,
  decodeVarint,
  encodeVarintInto,
  hasWildcard,
  varintSize,
} from "../src/index.ts";
import * as inNode from "../src/bytes/utf8.ts";
import * as inBrowsers from "../src/bytes/utf8-by-platform.ts";
import { text } from "./arbitrary-packets.ts";
import { hex, toHex } from "./wire.ts";

describe("Variable Byte Integer", () => {
  const vectors: readonly (readonly [number, string])[] = [
    [0, "00"],
    [127, "7f"],
    [128, "8001"],
    [16_383, "ff7f"],
    [16_384, "808001"],
    [2_097_151, "ffff7f"],
    [2_097_152, "80808001"],
    [268_435_455, "ffffff7f"],
  ];

  test.each(vectors)("%i is %s, both ways", (value, wire) => {
    const bytes = hex(wire);
    const answer = decodeVarint(bytes, 0, bytes.length);
    expect([answer >>> 3, answer & 7]).toEqual([value, bytes.length]);
    const target = new Uint8Array(4);
    const end = encodeVarintInto(value, target, 0);
    expect(toHex(target.subarray(0, end))).toBe(wire);
    expect(varintSize(value)).toBe(bytes.length);
  });

  test.each(vectors)("%i is not there while %s is cut off", (_value, wire) => {
    const bytes = hex(wire);
    for (let limit = 0; limit < bytes.length; limit += 1) {
      expect(decodeVarint(bytes, 0, limit)).toBe(0);
    }
  });

  test.each(["8000", "808000", "80808000", "ff00", "80808080", "ffffffff", "8080808001"])(
    "%s is malformed",
    (wire) => {
      const bytes = hex(wire);
      expect(() => decodeVarint(bytes, 0, bytes.length)).toThrow(MalformedPacketError);
    },
  );

  test("every value comes back", () => {
    fc.assert(
      fc.property(fc.nat(VARINT_MAXIMUM), fc.nat(5), (value, offset) => {
        const target = new Uint8Array(10);
        const end = encodeVarintInto(value, target, offset);
        const answer = decodeVarint(target, offset, end);
        expect([answer >>> 3, answer & 7]).toEqual([value, end - offset]);
      }),
    );
  });
});

describe.each([
  ["in Node", inNode],
  ["in a browser", inBrowsers],
])("UTF-8 %s", (_platform, utf8) => {
  const { decodeUtf8, encodedLength, encodeUtf8, encodeUtf8Into, validateUtf8 } = utf8;
  const encoder = new TextEncoder();

  test("what we write is what the runtime writes, of the length we tell", () => {
    fc.assert(
      fc.property(text, (value) => {
        const expected = encoder.encode(value);
        expect(encodeUtf8(value)).toEqual(expected);
        expect(encodedLength(value)).toBe(expected.length);
      }),
      { numRuns: 1000 },
    );
  });

  test("what we accept is what the runtime accepts, but for U+0000", () => {
    const fatal = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const accepts = (bytes: Uint8Array) => {
      try {
        return !fatal.decode(bytes).includes("\0");
      } catch {
        return false;
      }
    };
    const interesting = fc.constantFrom(
      ...hex("00 41 7f 80 8f 90 9f a0 bf c0 c1 c2 df e0 e1 ec ed ee ef f0 f1 f3 f4 f5 ff"),
    );
    fc.assert(
      fc.property(fc.array(interesting, { maxLength: 6 }), (list) => {
        const bytes = Uint8Array.from(list);
        expect(validateUtf8(bytes, 0, bytes.length)).toBe(accepts(bytes));
      }),
      { numRuns: 20_000 },
    );
  });

  test("strings of every length around the short path come back", () => {
    for (let length = 0; length < 40; length += 1) {
      for (const value of ["a".repeat(length), `${"a".repeat(length)}\u{1f409}`]) {
        const bytes = Uint8Array.from([0xff, ...encoder.encode(value), 0xff]);
        expect(decodeUtf8(bytes, 1, bytes.length - 1)).toBe(value);
      }
    }
  });

  test("bytes outside start and end are not looked at", () => {
    const bytes = hex("e2 41 42 82");
    expect(validateUtf8(bytes, 1, 3)).toBe(true);
    expect(validateUtf8(hex("41 e2 82 ac"), 0, 3)).toBe(false);
    expect(validateUtf8(bytes, 2, 2)).toBe(true);
  });

  test.each([
    ["U+0000", "a\0"],
    ["a lone high surrogate", "a\ud800"],
    ["a lone low surrogate", "\udc00a"],
    ["a high surrogate before a letter", "\ud800a"],
    ["two high surrogates", "\ud800\ud800"],
  ])("a string with %s cannot be written", (_name, value) => {
    expect(() => encodeUtf8Into(value, new Uint8Array(20), 0)).toThrow(RangeError);
  });

  test("wildcards are found as bytes", () => {
    expect(hasWildcard(hex('"a/b"'), 0, 3)).toBe(false);
    expect(hasWildcard(hex('"a/+"'), 0, 3)).toBe(true);
    expect(hasWildcard(hex('"#"'), 0, 1)).toBe(true);
    expect(hasWildcard(hex('"ab#"'), 0, 2)).toBe(false);
  });
});

describe("ByteReader", () => {
  test("reads every data type in its turn", () => {
    const bytes = hex('ff 01 0203 04050607 8001 0001 "a" 0002 0809 0a0b ff');
    const reader = new ByteReader(bytes, 1, bytes.length - 1);
    expect(reader.u8()).toBe(1);
    expect(reader.u16()).toBe(0x0203);
    expect(reader.u32()).toBe(0x04050607);
    expect(reader.varint()).toBe(128);
    expect(reader.string()).toBe("a");
    expect(reader.binary()).toEqual(hex("0809"));
    expect(reader.remaining).toBe(2);
    expect(() => reader.finish()).toThrow(MalformedPacketError);
    expect(reader.rest()).toEqual(hex("0a0b"));
    reader.finish();
  });

  test("reads the greatest Four Byte Integer as a positive number", () => {
    expect(new ByteReader(hex("ffffffff"), 0, 4).u32()).toBe(0xffff_ffff);
  });

  test.each(["u8", "u16", "u32", "varint", "string", "binary"] as const)(
    "%s does not read beyond the end, though bytes are there",
    (method) => {
      const bytes = hex("80 00 00 00 00 00 00 00");
      for (let end = 0; end < 1; end += 1) {
        const reader = new ByteReader(bytes, 0, end);
        expect(() => reader[method]()).toThrow(MalformedPacketError);
        expect(reader.position).toBe(0);
      }
      expect(() => new ByteReader(hex("0003 6161 61"), 0, 4).string()).toThrow(
        MalformedPacketError,
      );
    },
  );

  test("skip answers where the bytes are that it passes over, and does not pass the end", () => {
    const reader = new ByteReader(hex("00 01 02 03 04"), 1, 4);
    expect(reader.skip(2)).toBe(1);
    expect(reader.u8()).toBe(3);
    expect(() => reader.skip(1)).toThrow(MalformedPacketError);
    expect(reader.position).toBe(4);
  });

  test("binary values of any size have memory of their own", () => {
    for (const size of [1, 32, 33, 5000]) {
      const chunk = new Uint8Array(size + 2).fill(7);
      chunk.set([size >> 8, size & 0xff]);
      const value = new ByteReader(chunk, 0, chunk.length).binary();
      expect(value).toEqual(new Uint8Array(size).fill(7));
      expect(value.buffer.byteLength).toBe(size);
    }
  });
});

describe("ByteWriter", () => {
  test("writes every data type in its turn", () => {
    const writer = new ByteWriter();
    writer.u8(1);
    writer.u16(0x0203);
    writer.u32(0xffff_fffe);
    writer.varint(128);
    writer.string("a\u00e9", "field");
    writer.binary(hex("0809"), "field");
    writer.raw(hex("0a"));
    expect(toHex(writer.finish())).toBe("010203fffffffe8001000361c3a9000208090a");
  });

  test("is written again from any earlier length", () => {
    const writer = new ByteWriter(4);
    writer.raw(hex("010203"));
    writer.length = 1;
    writer.u8(9);
    expect(toHex(writer.finish())).toBe("0109");
  });

  test("doubles, so that appending is linear", () => {
    const writer = new ByteWriter();
    const buffers = new Set<Uint8Array>();
    for (let count = 0; count < 10_000; count += 1) {
      writer.u8(count);
      buffers.add(writer.bytes);
    }
    expect(buffers.size).toBeLessThan(10);
  });

  test.each([0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])(
    "a length of %i is right, whatever was guessed",
    (count) => {
      for (const expected of [0, 128, 16_384, 2_097_152]) {
        const writer = new ByteWriter();
        writer.u8(0xaa);
        const start = writer.openLength(expected);
        writer.raw(new Uint8Array(count).fill(5));
        writer.closeLength(start, expected);
        writer.u8(0xbb);
        const answer = decodeVarint(writer.bytes, 1, writer.length);
        expect(answer >>> 3).toBe(count);
        expect(writer.length).toBe(2 + (answer & 7) + count);
        expect(writer.bytes[1 + (answer & 7)]).toBe(count === 0 ? 0xbb : 5);
        expect(writer.bytes[writer.length - 1]).toBe(0xbb);
      }
    },
  );

  test("a length above 268 435 455 is refused", () => {
    const writer = new ByteWriter();
    const start = writer.openLength(0);
    writer.length = start + VARINT_MAXIMUM + 1;
    expect(() => writer.closeLength(start, 0)).toThrow(RangeError);
  });

  test("strings of 65 535 bytes pass, of 65 536 do not, whatever their characters", () => {
    for (const [unit, size] of [
      ["a", 1],
      ["\u00e9", 2],
      ["\u20ac", 3],
      ["\u{1f409}", 4],
    ] as const) {
      const longest = unit.repeat(Math.floor(65_535 / size)) + "a".repeat(65_535 % size);
      const writer = new ByteWriter();
      writer.string(longest, "field");
      expect(writer.length).toBe(65_537);
      expect(() => writer.string(`${longest}a`, "field")).toThrow(RangeError);
      expect(() => writer.string(`${longest}a`, "field")).toThrow("field of 65536 bytes");
    }
  });
});
