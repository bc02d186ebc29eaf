import { describe, expect, it } from "vitest";
import { framedPieces, framesOf, isOnePacket } from "../../src/listeners/web-socket-frames.ts";

const PING = Uint8Array.of(0xc0, 0);

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** A PUBLISH with so many bytes behind its fixed header, all of them the same. */
function publish(lengthBytes: readonly number[], count: number): Uint8Array {
  return Uint8Array.of(0x30, ...lengthBytes, ...Array.from({ length: count }, () => 7));
}

/** Payloads of the frames, which a receiver of RFC 6455 reads. */
function payloadsOf(frames: Uint8Array): string[] {
  const payloads: string[] = [];
  const view = new DataView(frames.buffer, frames.byteOffset, frames.length);
  for (let at = 0; at < frames.length;) {
    expect(frames[at]).toBe(0x82);
    const short = frames[at + 1] ?? 0;
    const [length, head] =
      short === 127
        ? [Number(view.getBigUint64(at + 2)), 10]
        : short === 126
          ? [view.getUint16(at + 2), 4]
          : [short, 2];
    payloads.push(hex(frames.subarray(at + head, at + head + length)));
    at += head + length;
  }
  return payloads;
}

describe("frames of MQTT packets", () => {
  it("are made of one packet, too", () => {
    expect(hex(framesOf(PING))).toBe("8202c000");
    expect(isOnePacket(PING)).toBe(true);
    expect(isOnePacket(Buffer.concat([PING, PING]))).toBe(false);
  });

  it("[MQTT-6.0.0-2] hold one packet each, whatever its size", () => {
    const packets = [
      PING,
      publish([123], 123),
      publish([0x80, 0x01], 128),
      publish([0xff, 0xff, 0x03], 65_535),
      PING,
    ];
    const frames = framesOf(Buffer.concat(packets));
    expect(payloadsOf(frames)).toEqual(packets.map(hex));
  });

  it("have the shortest length at each limit", () => {
    const lengths = [125, 126, 65_535, 65_536];
    const packets = lengths.map((length) =>
      length < 129
        ? publish([length - 2], length - 2)
        : publish(
            [((length - 4) & 127) | 128, (((length - 4) >> 7) & 127) | 128, (length - 4) >> 14],
            length - 4,
          ),
    );
    expect(packets.map(({ length }) => length)).toEqual(lengths);
    const frames = framesOf(Buffer.concat([...packets, PING]));
    expect(frames).toHaveLength(125 + 126 + 65_535 + 65_536 + 2 + 2 + 4 + 4 + 10 + 2);
    expect(payloadsOf(frames)).toEqual([...packets, PING].map(hex));
  });

  it("are the same where packets lie in several arrays, which come out as they are", () => {
    const payload = new Uint8Array(65_000).fill(7);
    const head = publish([0xe8, 0xfb, 0x03], 0);
    const first = Buffer.concat([PING, head]);
    const second = Buffer.concat([PING, PING, head]);
    const framed = framedPieces([first, payload, second, payload, PING]);
    expect(framed.map((together) => together.length)).toEqual([2, 2, 1]);
    expect(framed[0]?.[1]?.buffer).toBe(payload.buffer);
    const whole = Buffer.concat([first, payload, second, payload, PING]);
    expect(hex(Buffer.concat(framed.flat()))).toBe(hex(framesOf(whole)));
    expect(hex(Buffer.concat(framedPieces([first]).flat()))).toBe(hex(framesOf(first)));
  });

  it("lose nothing of what is no whole packet", () => {
    const bytes = Uint8Array.of(0xc0, 0, 0x30, 9, 1);
    expect(payloadsOf(framesOf(bytes))).toEqual(["c000", "300901"]);
  });
});
