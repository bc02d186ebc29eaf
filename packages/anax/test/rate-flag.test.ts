import { describe, expect, it } from "vitest";
import { RATE_FLAG, rateLimits } from "../src/serving/rate-flag.ts";
import type { RateSettings } from "../src/serving/rate-flag.ts";

function read(...maps: readonly string[]): readonly RateSettings[] {
  return RATE_FLAG.read(
    maps.map((text) => [text]),
    "--rate",
  );
}

describe("rates of anax serve", () => {
  it("become the limits of clients, users, single users, addresses and listeners", () => {
    const rates = read(
      "{messages: 100, bytes: 64k, queued-messages: 50}",
      "{per: user, out-messages: 0.5, retained-messages: 10, retained-bytes: 1m, queued-bytes: 2m}",
      "{per: user, name: bridge, out-bytes: 1m}",
      "{per: address, connections: 50, connects: 2.5, subscriptions: 9}",
      "{per: listener, name: 'ws:8083', messages: 10000}",
    );
    expect(rateLimits(rates, { burstSeconds: 3 })).toEqual({
      perClient: { messagesPerSecond: 100, bytesPerSecond: 65_536, queuedMessages: 50 },
      perUser: {
        outgoingMessagesPerSecond: 0.5,
        retainedMessages: 10,
        retainedBytes: 1_048_576,
        queuedBytes: 2_097_152,
      },
      users: { bridge: { outgoingBytesPerSecond: 1_048_576 } },
      perAddress: { connections: 50, connectsPerSecond: 2.5, subscriptions: 9 },
      perListener: { "ws:8083": { messagesPerSecond: 10_000 } },
      burstSeconds: 3,
    });
    expect(rateLimits([], {})).toBeUndefined();
  });

  it.each([
    [["{per: listener, messages: 1}"], "--rate: per listener needs name"],
    [["{connects: 1}"], "--rate: a rate of type client has no connects"],
    [["{per: address, name: a}"], "--rate: a rate of type address has no name"],
    [["{messages: 0}"], "messages"],
    [["{per: user, bytes: 1}", "{per: user, bytes: 2}"], "--rate per user is given twice"],
    [
      ["{per: user, name: ann, bytes: 1}", "{per: user, name: ann, bytes: 2}"],
      "--rate per user ann is given twice",
    ],
  ])("%j is refused", (maps, message) => {
    expect(() => rateLimits(read(...maps), {})).toThrow(message);
  });
});
