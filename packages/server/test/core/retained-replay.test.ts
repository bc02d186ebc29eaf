/**
 * Retained messages are replayed by code of its own where nothing about them is special, which must come to the
 * same as the general way. A hook that does nothing switches that code off: every subscriber must get the same packets.
 */
import { SeededRandom } from "@anax/testing";
import type { PublishProperties, QoS } from "@anax/protocol";
import { describe, expect, it } from "vitest";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import { CoreHarness, publishPacket, subscribePacket } from "../support/core-harness.ts";

const SEEDS = 120;
const LEVELS = ["a", "b", "", "$c", "d"];
const FILTERS = ["#", "a/#", "+", "+/+", "a", "+/b/#", "$c/#", "/#", "a/+/d"];
const PROPERTIES: (PublishProperties | undefined)[] = [
  undefined,
  { contentType: "text" },
  { messageExpiryIntervalSeconds: 30 },
  { messageExpiryIntervalSeconds: 3 },
  { userProperties: [["k", "v"]] },
];
const NOOP: Hooks = { interceptingClientEnqueue: () => undefined };

/** What a subscriber of some kind is sent of the retained messages that some seed makes. */
function replayed(seed: number, hooks: Hooks): string[] {
  const random = new SeededRandom(seed);
  const harness = new CoreHarness({}, hooks);
  const publisher = harness.connect("publisher", { properties: { receiveMaximum: 100 } });
  const count = random.below(40);
  for (let index = 0; index < count; index += 1) {
    const topic = Array.from({ length: 1 + random.below(3) }, () => random.pick(LEVELS)).join("/");
    const qos = random.below(3) as QoS;
    publisher.send({
      ...publishPacket(topic === "" ? "a" : topic, "x".repeat(random.below(300)), { qos }),
      ...(qos > 0 && { packetIdentifier: index + 1 }),
      retain: true,
      properties: random.pick(PROPERTIES) ?? {},
    });
  }
  harness.advance(5_000);
  const isPublisher = random.below(3) === 0;
  const subscriber = isPublisher
    ? publisher
    : harness.connect("subscriber", {
        protocolVersion: random.pick([4, 5] as const),
        ...(random.below(3) === 0 && { properties: { maximumPacketSize: 200 } }),
      });
  subscriber.receive();
  const version = subscriber.connection.version;
  subscriber.send({
    type: "subscribe",
    packetIdentifier: 7,
    subscriptions: Array.from({ length: 1 + random.below(2) }, () => ({
      topicFilter: random.pick(FILTERS),
      qos: random.below(3) as QoS,
      noLocal: version === 5 && random.below(2) === 0,
      retainAsPublished: version === 5 && random.below(2) === 0,
      retainHandling: 0 as const,
    })),
    ...(version === 5 && random.below(4) === 0 && { properties: { subscriptionIdentifier: 9 } }),
  });
  expect(harness.reports).toEqual([]);
  return [
    ...subscriber.receive().map((packet) => JSON.stringify(packet)),
    JSON.stringify(harness.core.statistics),
    JSON.stringify(subscriber.connection.counters),
  ];
}

describe("retained messages replayed by the quick way", () => {
  it("are the same packets as by the general way", () => {
    let publishes = 0;
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const quick = replayed(seed, {});
      expect(quick, `seed ${seed}`).toEqual(replayed(seed, NOOP));
      publishes += quick.filter((text) => text.includes('"publish"')).length;
    }
    expect(publishes).toBeGreaterThan(SEEDS);
  });

  it("wait for a client that does not read, and go on when it does", () => {
    const harness = new CoreHarness();
    const publisher = harness.connect("publisher");
    const text = "x".repeat(10_000);
    for (let index = 0; index < 200; index += 1)
      publisher.send(publishPacket(`t/${index}`, text, { retain: true }));
    const subscriber = harness.connect("subscriber");
    subscriber.freeze();
    subscriber.send(subscribePacket("#"));
    expect(subscriber.connection.output.outbox.length).toBeLessThan(300_000);
    subscriber.thaw();
    const topics = subscriber
      .receive()
      .flatMap((packet) => ("topic" in packet ? packet.topic : []));
    expect(topics).toEqual(Array.from({ length: 200 }, (_, index) => `t/${index}`));
  });
});
