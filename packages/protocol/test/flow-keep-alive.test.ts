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

  test("[MQTT-3.1.2-20] asks for PINGREQ when nothing was sent for as long", () => {
    const keepAlive = new ClientKeepAlive(options, 0);
    expect(keepAlive.packetReceived(9_000)).toBe(10_000);
    expect(keepAlive.due(9_999)).toBe("none");
    expect(keepAlive.due(10_000)).toBe("ping");
    expect(keepAlive.due(10_001)).toBe("none");
    expect(keepAlive.pingrespReceived(10_500)).toBe(20_000);
  });

  test("asks for none while packets go both ways", () => {
    const keepAlive = new ClientKeepAlive(options, 0);
    for (let nowMs = 0; nowMs < 100_000; nowMs += 5_000) {
      expect(keepAlive.due(nowMs)).toBe("none");
      keepAlive.packetSent(nowMs);
      expect(keepAlive.packetReceived(nowMs)).toBe(nowMs + 10_000);
    }
  });

  test("asks for PINGREQ when it sends but hears nothing", () => {
    const keepAlive = new ClientKeepAlive(options, 0);
    expect(keepAlive.packetSent(9_000)).toBe(10_000);
    expect(keepAlive.due(10_000)).toBe("ping");
    expect(keepAlive.packetSent(12_000)).toBe(13_000);
    expect(keepAlive.due(13_000)).toBe("close");
  });

  test("gives the connection up when no PINGRESP comes in time", () => {
    const keepAlive = new ClientKeepAlive(options, 0);
    keepAlive.due(10_000);
    expect(keepAlive.deadlineMs).toBe(13_000);
    expect(keepAlive.due(12_999)).toBe("none");
    expect(keepAlive.due(13_000)).toBe("close");
  });

  test("waits on while other packets show that the server lives", () => {
    const keepAlive = new ClientKeepAlive(options, 0);
    keepAlive.due(10_000);
    expect(keepAlive.packetReceived(12_000)).toBe(15_000);
    expect(keepAlive.due(14_000)).toBe("none");
    keepAlive.pingrespReceived(14_500);
    expect(keepAlive.due(15_000)).toBe("none");
  });

  test("[MQTT-3.1.2-20] asks for another PINGREQ while the answer to one takes longer", () => {
    const slow = { keepAliveSeconds: 1, pingrespTimeoutMs: 2_500 };
    const keepAlive = new ClientKeepAlive(slow, 0);
    expect([1_000, 2_000, 3_000, 3_500].map((nowMs) => keepAlive.due(nowMs))).toEqual([
      "ping",
      "ping",
      "ping",
      "close",
    ]);
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
