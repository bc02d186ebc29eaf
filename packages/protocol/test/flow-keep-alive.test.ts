import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ClientKeepAlive, ServerKeepAlive } from "../src/flow/keep-alive.ts";

describe("the server's Keep Alive", () => {
  test("[MQTT-3.1.2-22] ends one and a half times the Keep Alive after the last packet", () => {
    const keepAlive = new ServerKeepAlive(10, 1_000);
    expect(keepAlive.deadlineMs).toBe(16_000);
    expect(keepAlive.isOverdue(15_999)).toBe(false);
    expect(keepAlive.isOverdue(16_000)).toBe(true);
    expect(keepAlive.packetReceived(12_000)).toBe(27_000);
    expect(keepAlive.isOverdue(26_999)).toBe(false);
    expect(keepAlive.isOverdue(27_000)).toBe(true);
  });

  test("never ends when it is 0", () => {
    const keepAlive = new ServerKeepAlive(0, 0);
    expect(keepAlive.deadlineMs).toBe(Infinity);
    expect(keepAlive.packetReceived(5)).toBe(Infinity);
    expect(keepAlive.isOverdue(Number.MAX_SAFE_INTEGER)).toBe(false);
  });

  test("may be 65535 seconds, and no more", () => {
    expect(new ServerKeepAlive(65_535, 0).deadlineMs).toBe(98_302_500);
    for (const seconds of [-1, 65_536, 0.5, Number.NaN]) {
      expect(() => new ServerKeepAlive(seconds, 0)).toThrow(RangeError);
    }
  });
});

describe("the client's Keep Alive", () => {
  const options = { keepAliveSeconds: 10, pingrespTimeoutMs: 3_000 };

  test("[MQTT-3.1.2-20] asks for PINGREQ before nothing was sent for as long", () => {
    const keepAlive = new ClientKeepAlive(options, 0);
    expect(keepAlive.bytesReceived(8_000)).toBe(9_000);
    expect(keepAlive.due(8_999)).toBe("none");
    expect(keepAlive.due(9_000)).toBe("ping");
    expect(keepAlive.due(9_001)).toBe("none");
    expect(keepAlive.pingrespReceived(9_500)).toBe(18_000);
  });

  test.each([
    [1, 750],
    [2, 1_500],
    [3, 2_250],
    [4, 3_000],
    [60, 59_000],
    [65_535, 65_534_000],
  ])("of %i s leaves time for a timer that is late: %i ms", (keepAliveSeconds, pingMs) => {
    const keepAlive = new ClientKeepAlive({ keepAliveSeconds, pingrespTimeoutMs: 1 }, 0);
    expect(keepAlive.deadlineMs).toBe(pingMs);
  });

  test("asks for none while packets go both ways", () => {
    const keepAlive = new ClientKeepAlive(options, 0);
    for (let nowMs = 0; nowMs < 100_000; nowMs += 5_000) {
      expect(keepAlive.due(nowMs)).toBe("none");
      keepAlive.packetSent(nowMs);
      expect(keepAlive.bytesReceived(nowMs)).toBe(nowMs + 9_000);
    }
  });

  test("asks for PINGREQ when it sends but hears nothing", () => {
    const keepAlive = new ClientKeepAlive(options, 0);
    expect(keepAlive.packetSent(8_000)).toBe(9_000);
    expect(keepAlive.due(9_000)).toBe("ping");
    expect(keepAlive.packetSent(11_000)).toBe(12_000);
    expect(keepAlive.isOverdue(11_999)).toBe(false);
    expect(keepAlive.isOverdue(12_000)).toBe(true);
    expect(keepAlive.due(12_000)).toBe("close");
  });

  test("gives the connection up when no PINGRESP comes in time", () => {
    const keepAlive = new ClientKeepAlive(options, 0);
    keepAlive.due(9_000);
    expect(keepAlive.deadlineMs).toBe(12_000);
    expect(keepAlive.due(11_999)).toBe("none");
    expect(keepAlive.due(12_000)).toBe("close");
  });

  test("waits on while bytes show that the server lives", () => {
    const keepAlive = new ClientKeepAlive(options, 0);
    keepAlive.due(9_000);
    expect(keepAlive.bytesReceived(11_000)).toBe(14_000);
    expect(keepAlive.due(13_000)).toBe("none");
    keepAlive.pingrespReceived(13_500);
    expect(keepAlive.due(14_000)).toBe("none");
  });

  test("waits for the answer to any PINGREQ", () => {
    const keepAlive = new ClientKeepAlive({ ...options, keepAliveSeconds: 0 }, 0);
    expect(keepAlive.isAwaiting).toBe(false);
    expect(keepAlive.pingSent(1_000)).toBe(4_000);
    expect(keepAlive.isAwaiting).toBe(true);
    expect(keepAlive.due(4_000)).toBe("close");
  });

  test("[MQTT-3.1.2-20] asks for another PINGREQ while the answer to one takes longer", () => {
    const slow = { keepAliveSeconds: 1, pingrespTimeoutMs: 1_750 };
    const keepAlive = new ClientKeepAlive(slow, 0);
    expect([750, 1_500, 2_250, 2_500].map((nowMs) => keepAlive.due(nowMs))).toEqual([
      "ping",
      "ping",
      "ping",
      "close",
    ]);
  });

  describe("with a large message under way", () => {
    test("waits until a slow line has carried it", () => {
      const keepAlive = new ClientKeepAlive(options, 0);
      keepAlive.packetSent(1_000, 100_000);
      expect(keepAlive.due(9_000)).toBe("ping");
      // 100 s for 100 000 bytes at a byte a millisecond, and the time for the answer.
      expect(keepAlive.isOverdue(103_999)).toBe(false);
      expect(keepAlive.isOverdue(104_000)).toBe(true);
    });

    test("waits while the transport goes on sending, and no longer", () => {
      const keepAlive = new ClientKeepAlive(options, 0);
      keepAlive.packetSent(0, 100_000_000);
      keepAlive.due(9_000);
      expect(keepAlive.isOverdue(611_999)).toBe(false);
      expect(keepAlive.isOverdue(612_000)).toBe(true);
      keepAlive.transportDrained(100_000);
      expect(keepAlive.isOverdue(702_999)).toBe(false);
      expect(keepAlive.isOverdue(703_000)).toBe(true);
    });

    test("does not wait longer for small messages that a slow line carries as they come", () => {
      const keepAlive = new ClientKeepAlive(options, 0);
      for (let nowMs = 0; nowMs < 9_000; nowMs += 1_000) keepAlive.packetSent(nowMs, 950);
      keepAlive.due(9_000);
      expect(keepAlive.isOverdue(12_000)).toBe(true);
    });
  });

  test("asks for nothing when it is 0", () => {
    const keepAlive = new ClientKeepAlive({ ...options, keepAliveSeconds: 0 }, 0);
    expect(keepAlive.deadlineMs).toBe(Infinity);
    expect(keepAlive.due(Number.MAX_SAFE_INTEGER)).toBe("none");
  });

  test.each([
    { keepAliveSeconds: -1, pingrespTimeoutMs: 1 },
    { keepAliveSeconds: 65_536, pingrespTimeoutMs: 1 },
    { keepAliveSeconds: 1, pingrespTimeoutMs: 0 },
    { keepAliveSeconds: 1, pingrespTimeoutMs: Number.NaN },
  ])("cannot have %o", (wrong) => {
    expect(() => new ClientKeepAlive(wrong, 0)).toThrow(RangeError);
  });
});

test("[MQTT-3.1.2-20] [MQTT-3.1.2-22] a client that keeps its deadlines is not taken for gone", () => {
  const delays = fc.array(fc.integer({ min: 1, max: 4_000 }), { size: "+1" });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), delays, (keepAliveSeconds, sendDelays) => {
      const client = new ClientKeepAlive({ keepAliveSeconds, pingrespTimeoutMs: 500 }, 0);
      const server = new ServerKeepAlive(keepAliveSeconds, 0);
      const send = (nowMs: number): void => {
        expect(server.isOverdue(nowMs)).toBe(false);
        server.packetReceived(nowMs);
      };
      let publishMs = 0;
      for (const delay of sendDelays) {
        publishMs += delay;
        while (client.deadlineMs < publishMs) {
          const nowMs = client.deadlineMs;
          expect(client.due(nowMs)).toBe("ping");
          send(nowMs);
          client.pingrespReceived(nowMs);
        }
        send(publishMs);
        client.packetSent(publishMs);
      }
    }),
  );
});
