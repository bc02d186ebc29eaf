/**
 * Most messages with RETAIN are stored straight from their packet, which must come to the same as the general way. A hook that does
 * nothing switches that off.
 */
import type { PublishPacket, QoS } from "@anax/protocol";
import { describe, expect, it } from "vitest";
import type { CoreOptions } from "../../src/core/core-options.ts";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import { CoreHarness, publishPacket, subscribe } from "../support/core-harness.ts";

const GENERAL: Hooks = { interceptingPublish: () => undefined };
const EMPTY_TOPIC_WITHOUT_ALIAS = "3105000000" + "6162";

type Fields = Partial<Omit<PublishPacket, "type" | "topic" | "payload">>;

const retain = (topic: string, text: string, fields: Fields = {}): PublishPacket =>
  publishPacket(topic, text, { retain: true, ...fields });

/** What is to be sent: packets in a row, or bytes. */
const CASES: Readonly<Record<string, readonly (PublishPacket | string)[]>> = {
  plain: [retain("a/b", "1")],
  "one after the other": [retain("a", "1"), retain("a", "longer than before"), retain("b", "2")],
  removed: [retain("a", "1"), retain("b", "2"), retain("a", "")],
  "with properties": [retain("a", "1", { properties: { contentType: "text" } })],
  "in place of one that expires": [
    retain("a", "1", { properties: { messageExpiryIntervalSeconds: 60 } }),
    retain("a", "2"),
  ],
  "of QoS 1": [retain("a", "1", { qos: 1, packetIdentifier: 7 })],
  "to a topic with other letters": [retain("ä/€/😀", "1")],
  "to a topic of the server": [retain("$x", "1")],
  "to too many levels": [retain("a/b/c/d/e", "1")],
  "more topics than there is room for": ["a", "b", "c", "d", "e"].map((topic) =>
    retain(topic, "1"),
  ),
  "more bytes than there is room for": [retain("a", "x".repeat(900)), retain("b", "x".repeat(900))],
  "to a subscriber": [retain("heard/1", "1")],
  "to a shared subscription": [retain("shared/1", "1")],
  "with a wildcard": ["3105000161" + "2b6162", "310500032b2f61"],
  "that is not UTF-8": ["31040001ff61"],
  "with a topic that is cut off": ["310300056162"],
  "without a topic": [EMPTY_TOPIC_WITHOUT_ALIAS],
};

interface Outcome {
  readonly harness: CoreHarness;
  readonly seen: unknown;
}

function run(
  hooks: Hooks,
  version: 4 | 5,
  packets: readonly (PublishPacket | string)[],
  options: Partial<CoreOptions> = {},
): Outcome {
  const harness = new CoreHarness(
    { topicLevelsMax: 4, retainedMessagesMax: 4, retainedBytesMax: 1_500, ...options },
    hooks,
  );
  const peer = harness.connect("p", { protocolVersion: version });
  const listener = harness.connect("l");
  subscribe(listener, "heard/#", "$share/g/shared/#");
  peer.send(
    ...packets.map((packet) =>
      typeof packet === "string" || version === 5 ? packet : withoutProperties(packet),
    ),
  );
  const { retained, statistics } = harness.core;
  const records = Array.from(retained.rows(), (row) => [
    retained.message(row).topic,
    Buffer.from(retained.record(row)).toString("hex"),
  ]);
  const { publishesReceived, publishBytesReceived, packetsReceived, protocolErrors } = statistics;
  const seen = {
    records,
    count: [retained.count, retained.bytes, statistics.retainedMessagesCurrent],
    statistics: { publishesReceived, publishBytesReceived, packetsReceived, protocolErrors },
    answers: peer.receive(),
    deliveries: listener.receive(),
    isEnded: peer.isEnded,
  };
  return { harness, seen };
}

function withoutProperties({ properties: _properties, ...packet }: PublishPacket): PublishPacket {
  return packet;
}

describe("a message with RETAIN", () => {
  for (const [name, packets] of Object.entries(CASES)) {
    for (const version of [4, 5] as const) {
      it(`${name} is stored as by the general way, version ${version}`, () => {
        expect(run({}, version, packets).seen).toEqual(run(GENERAL, version, packets).seen);
      });
    }
  }

  it("takes away the expiry of the one that it replaces", () => {
    const packets = [
      retain("a", "1", { properties: { messageExpiryIntervalSeconds: 60 } }),
      retain("a", "2"),
    ];
    const { harness } = run({}, 5, packets);
    harness.advance(61_000);
    expect(harness.core.retained.get("a")?.size).toBeGreaterThan(0);
    expect(harness.core.retained.expiries.size).toBe(0);
  });

  it("is refused where the server retains nothing", () => {
    const packets = [retain("a", "1")];
    const options = { retainAvailable: false };
    const { seen } = run({}, 5, packets, options);
    expect(seen).toEqual(run(GENERAL, 5, packets, options).seen);
    expect(seen).toMatchObject({ isEnded: true, count: [0, 0, 0] });
  });

  it("is shown to who wants to know of changes", () => {
    const topics: string[] = [];
    const hooks: Hooks = {
      retainedMessageChanged: ({ topic }) => {
        topics.push(topic);
        return undefined;
      },
    };
    run(hooks, 4, [retain("a", "1"), retain("b", "2")]);
    expect(topics).toEqual(["a", "b"]);
  });

  it.each([0, 1, 2] satisfies QoS[])("of QoS %i reaches who subscribes later", (qos) => {
    const identifier = qos === 0 ? {} : { packetIdentifier: 1 };
    const { harness } = run({}, 5, [retain("a", "1", { qos, ...identifier })]);
    const late = harness.connect("late");
    subscribe(late, "a");
    const [publish] = late.receivePublishes();
    expect(publish).toMatchObject({ topic: "a", qos, retain: true });
  });
});
