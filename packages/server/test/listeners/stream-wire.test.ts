import { Duplex, duplexPair, Writable } from "node:stream";
import { describe, expect, it, vi } from "vitest";
import { CLOSE_TIMEOUT_MS, COPIED_BYTES_MAX, openStream } from "../../src/listeners/stream-wire.ts";
import { EchoAcceptor } from "../support/echo-acceptor.ts";
import { turns } from "../support/turns.ts";

const { fakeableTimers } = await vi.hoisted(() => import("../support/fakeable-timers.ts"));
vi.mock(import("../../src/platform.ts"), async (original) => fakeableTimers(await original()));

const PEER = { transport: "test", secure: false };

/** A stream that takes a write when the test says so, or at once. */
function slowStream(): {
  stream: Duplex;
  written: Uint8Array[];
  take: () => void;
  isSlow: boolean;
} {
  const state = {
    written: [] as Uint8Array[],
    take: (): void => undefined,
    isSlow: false,
    stream: new Duplex({
      read: () => undefined,
      write: (chunk: Uint8Array, _encoding, done) => {
        state.written.push(chunk);
        if (state.isSlow) state.take = done;
        else done();
      },
    }),
  };
  return state;
}

function open(stream: Duplex): EchoAcceptor {
  const acceptor = new EchoAcceptor();
  openStream(stream, PEER, acceptor);
  return acceptor;
}

describe("write", () => {
  it("is true when the stream took everything at once: the array may be used again", () => {
    const { stream, written } = slowStream();
    expect(open(stream).first.wire.write(Uint8Array.of(1, 2))).toBe(true);
    expect(written).toHaveLength(1);
  });

  it("is false while the stream keeps the bytes, and reports once when it has room again", async () => {
    const slow = slowStream();
    slow.isSlow = true;
    const { first } = open(slow.stream);
    expect(first.wire.write(Uint8Array.of(1))).toBe(false);
    await turns();
    expect(first.drained).toBe(0);
    slow.take();
    await turns();
    expect(first.drained).toBe(1);
  });

  it("is true for little that a stream takes and tells of later, as TLS does: an answer may come before", async () => {
    const slow = slowStream();
    slow.isSlow = true;
    const { first } = open(slow.stream);
    expect(first.wire.write(Uint8Array.of(1))).toBe(false);
    slow.take();
    await turns();
    const bytes = Uint8Array.of(2);
    expect(first.wire.write(bytes)).toBe(true);
    bytes[0] = 9;
    expect(Array.from(slow.written[1] ?? [])).toEqual([2]);
    // It has not told yet, so it may be slow after all.
    expect(first.wire.write(Uint8Array.of(3))).toBe(false);
    slow.take();
    await turns();
    slow.take();
    await turns();
    expect(first.drained).toBe(2);
    expect(first.wire.write(new Uint8Array(COPIED_BYTES_MAX + 1))).toBe(false);
  });

  it("takes and forgets what is written after the end", () => {
    const { stream, written } = slowStream();
    const { wire } = open(stream).first;
    wire.end();
    expect(wire.write(Uint8Array.of(1))).toBe(true);
    expect(written).toHaveLength(0);
  });
});

describe("writePieces", () => {
  it("gives a stream that takes them at once all of them", () => {
    const { stream, written } = slowStream();
    const { wire } = open(stream).first;
    expect(wire.writePieces?.([Uint8Array.of(1), Uint8Array.of(2)])).toBe(true);
    expect(Buffer.concat(written)).toEqual(Buffer.from([1, 2]));
  });

  it("gives a slow one little at a time, then what follows, and reports once", async () => {
    const slow = slowStream();
    slow.isSlow = true;
    const { first } = open(slow.stream);
    const large = new Uint8Array(200_000).fill(1);
    expect(first.wire.writePieces?.([Uint8Array.of(0), large])).toBe(false);
    expect(first.wire.write(Uint8Array.of(2))).toBe(false);
    for (let round = 0; round < 12 && first.drained === 0; round += 1) {
      expect(slow.stream.writableLength).toBeLessThanOrEqual(2 * 65_536 + 1);
      slow.take();
      await turns();
    }
    expect(first.drained).toBe(1);
    const all = Buffer.concat(slow.written);
    expect(all.equals(Buffer.concat([Uint8Array.of(0), large, Uint8Array.of(2)]))).toBe(true);
  });

  it("gives it the rest before the end", async () => {
    const slow = slowStream();
    slow.isSlow = true;
    const { wire } = open(slow.stream).first;
    wire.writePieces?.([new Uint8Array(200_000), Uint8Array.of(2)]);
    wire.end();
    for (let round = 0; round < 12; round += 1) {
      slow.take();
      await turns();
    }
    expect(Buffer.concat(slow.written)).toHaveLength(200_001);
  });

  it("takes and forgets what is written after the end", () => {
    const { stream, written } = slowStream();
    const { wire } = open(stream).first;
    wire.end();
    expect(wire.writePieces?.([Uint8Array.of(1)])).toBe(true);
    expect(written).toHaveLength(0);
  });
});

describe("closing", () => {
  it("tells of the close once, with the error that caused it", async () => {
    const { stream } = slowStream();
    const { first } = open(stream);
    stream.destroy(new Error("cable cut"));
    await turns();
    expect(first.closed).toBe(true);
    expect(first.error?.message).toBe("cable cut");
  });

  it("tells of a stream that was destroyed before it was opened", async () => {
    const { stream } = slowStream();
    stream.destroy();
    await turns();
    const { first } = open(stream);
    await turns();
    expect(first.closed).toBe(true);
  });

  it("ends after what was written, and reads on without passing it on", async () => {
    const [client, server] = duplexPair({ allowHalfOpen: false });
    const { first } = open(server);
    const received: Buffer[] = [];
    client.on("data", (chunk: Buffer) => received.push(chunk));
    first.wire.write(Uint8Array.of(7));
    first.wire.end();
    client.write("late");
    await turns(6);
    expect(Buffer.concat(received)).toEqual(Buffer.from([7]));
    expect(first.chunks).toHaveLength(0);
    expect(first.closed).toBe(true);
  });

  it("cuts a peer that does not let the connection be closed", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const slow = slowStream();
      slow.isSlow = true;
      const { first } = open(slow.stream);
      first.wire.write(Uint8Array.of(1));
      first.wire.end();
      first.wire.end();
      await turns();
      expect(slow.stream.destroyed).toBe(false);
      vi.advanceTimersByTime(CLOSE_TIMEOUT_MS);
      await turns();
      expect(slow.stream.destroyed).toBe(true);
      expect(first.closed).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  it("closes its half when the peer has closed the other", async () => {
    const [client, server] = duplexPair();
    const { first } = open(server);
    client.resume();
    client.end();
    await turns(6);
    expect(first.closed).toBe(true);
    expect(server.writableFinished).toBe(true);
  });
});

describe("reading", () => {
  it("stops while it is paused", async () => {
    const [client, server] = duplexPair();
    const { first } = open(server);
    first.wire.pause();
    client.write("x");
    await turns();
    expect(first.chunks).toHaveLength(0);
    first.wire.resume();
    await turns();
    expect(first.chunks).toEqual([new Uint8Array(Buffer.from("x"))]);
  });

  it("works with streams that cannot be read", async () => {
    const writable = Duplex.from(new Writable({ write: (_chunk, _encoding, done) => done() }));
    expect(open(writable).first.wire.write(Uint8Array.of(1))).toBeTypeOf("boolean");
  });
});

describe("reading", () => {
  /** A stream that has many large chunks at once, and a sink that takes two milliseconds for each. */
  function flooded(chunks: number): {
    received: () => number;
    pause: () => void;
    resume: () => void;
  } {
    const stream = new Duplex({
      readableHighWaterMark: chunks * 65_536,
      read: () => undefined,
      write: (_chunk, _encoding, done) => done(),
    });
    for (let count = 0; count < chunks; count += 1) stream.push(new Uint8Array(65_536));
    let received = 0;
    const acceptor = new EchoAcceptor();
    openStream(stream, PEER, {
      admit: () => true,
      handshakeFailed: () => undefined,
      release: () => undefined,
      open: (wire, peer) => {
        const sink = acceptor.open(wire, peer);
        return {
          received: () => {
            received += 1;
            const endMs = performance.now() + 2;
            while (performance.now() < endMs);
          },
          ended: () => sink.ended(),
          drained: () => sink.drained(),
          closed: () => sink.closed(),
        };
      },
    });
    const { wire } = acceptor.first;
    return { received: () => received, pause: () => wire.pause(), resume: () => wire.resume() };
  }

  it("of much from one peer leaves others their turns, and goes on", async () => {
    const { received } = flooded(30);
    await turns(1);
    expect(received()).toBeLessThan(30);
    await vi.waitFor(() => expect(received()).toBe(30));
  });

  it("does not go on by itself where it was paused meanwhile", async () => {
    const { received, pause, resume } = flooded(30);
    await turns(1);
    pause();
    const before = received();
    await turns(20);
    expect(received()).toBe(before);
    resume();
    await vi.waitFor(() => expect(received()).toBe(30));
  });
});
