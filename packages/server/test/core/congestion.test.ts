import { describe, expect, it } from "vitest";
import {
  connectPacket,
  CoreHarness,
  lasting,
  Later,
  publishPacket,
  subscribe,
} from "../support/core-harness.ts";
import type { CoreOptions } from "../../src/core/core-options.ts";
import { textOf } from "../support/scripted-peer.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a peer that does not read", () => {
  it("gets the newest QoS 0 messages up to backlogBytesMax when it reads again, older ones are dropped and counted", () => {
    const harness = new CoreHarness({ backlogBytesMax: 100 });
    const frozen = harness.connect("frozen");
    subscribe(frozen, "a");
    frozen.freeze();
    for (let number = 0; number < 50; number += 1)
      harness.inject({ topic: "a", payload: bytesOf(`message ${number}`) });
    expect(frozen.connection.output.backlogLength).toBeLessThanOrEqual(100);
    frozen.thaw();
    const texts = frozen.receiveTexts();
    expect(texts[0]).toBe("message 0"); // it was at the wire
    const rest = texts.length - 1;
    expect(texts.slice(1)).toEqual(
      Array.from({ length: rest }, (_item, index) => `message ${50 - rest + index}`),
    );
    expect(rest).toBe(Math.floor(100 / (2 + 3 + "message 49".length)));
    const { messagesDropped, messagesDroppedBacklog } = harness.core.statistics;
    expect(texts.length + messagesDropped).toBe(50);
    expect(messagesDroppedBacklog).toBe(messagesDropped);
  });

  it("with dropNewest gets the first up to backlogBytesMax, the rest is dropped and counted", () => {
    const harness = new CoreHarness({ backlogBytesMax: 100, queueOverflow: "dropNewest" });
    const frozen = harness.connect("frozen");
    const other = harness.connect("other");
    for (const peer of [frozen, other]) subscribe(peer, "a");
    frozen.freeze();
    for (let number = 0; number < 50; number += 1) {
      harness.inject({ topic: "a", payload: bytesOf(`message ${number}`) });
    }
    expect(frozen.connection.output.backlogLength).toBeLessThanOrEqual(100);
    expect(other.receiveTexts()).toHaveLength(50);
    frozen.thaw();
    const texts = frozen.receiveTexts();
    expect(texts.slice(0, 3)).toEqual(["message 0", "message 1", "message 2"]);
    expect(texts.length + harness.core.statistics.messagesDropped).toBe(50);
    harness.inject({ topic: "a", payload: bytesOf("after") });
    expect(frozen.receiveTexts()).toEqual(["after"]);
  });

  it("gets QoS 1 and 2 messages from its queue when it reads again", () => {
    const harness = new CoreHarness({ backlogBytesMax: 0 });
    const peer = harness.connect("c");
    subscribe(peer, "a");
    peer.freeze();
    for (let number = 1; number <= 5; number += 1) {
      harness.inject({ topic: "a", qos: 1, payload: bytesOf(String(number)) });
    }
    expect(harness.core.statistics.queuedMessagesCurrent).toBe(4);
    peer.thaw();
    expect(peer.receiveTexts()).toEqual(["1", "2", "3", "4", "5"]);
  });

  it("still has its acknowledgements written, in front of QoS 0 messages that wait", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c");
    subscribe(peer, "a");
    peer.freeze();
    harness.inject({ topic: "a" });
    harness.inject({ topic: "a" });
    peer.send(publishPacket("b", "", { qos: 1, packetIdentifier: 1 }));
    peer.thaw();
    expect(peer.receive().map(({ type }) => type)).toEqual(["publish", "puback", "publish"]);
  });

  it("is read no more when it leaves a megabyte of answers unread, and read again when it takes them", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c");
    peer.freeze();
    const pings = new Uint8Array(65_536);
    for (let index = 0; index < pings.length; index += 2) pings[index] = 0xc0;
    for (let time = 0; time < 40; time += 1) peer.sendInChunks(pings, []);
    expect(peer.wire.isPaused).toBe(true);
    expect(peer.connection.output.outbox.length).toBeLessThan(1_200_000);
    expect(peer.unsentBytes).toBeGreaterThan(0);
    peer.thaw();
    expect(peer.wire.isPaused).toBe(false);
    expect(peer.receive()).toHaveLength((40 * 65_536) / 2);
  });

  it("is told why it is closed all the same", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c", lasting());
    subscribe(peer, "a");
    peer.freeze();
    harness.inject({ topic: "a", payload: bytesOf("last") });
    harness.connect("c", lasting());
    peer.thaw();
    const packets = peer.receive();
    expect(packets.map(({ type }) => type)).toEqual(["publish", "disconnect"]);
    expect(peer.isClosed).toBe(true);
  });

  it("does not slow its publisher", () => {
    const harness = new CoreHarness();
    const frozen = harness.connect("frozen");
    subscribe(frozen, "a");
    frozen.freeze();
    const publisher = harness.connect("p");
    for (let packetIdentifier = 1; packetIdentifier <= 100; packetIdentifier += 1) {
      publisher.send(publishPacket("a", "x", { qos: 1, packetIdentifier }));
      expect(publisher.receiveOne("puback").packetIdentifier).toBe(packetIdentifier);
    }
  });
});

describe("Topic Aliases of a peer that does not read", () => {
  it("outlive that messages of its backlog are dropped", () => {
    const harness = new CoreHarness({ backlogMessagesMax: 2, outgoingTopicAliasMaximum: 5 });
    const peer = harness.connect("c", { properties: { topicAliasMaximum: 5 } });
    subscribe(peer, "#");
    const topics = (): string[] => peer.receivePublishes().map((packet) => packet.topic);
    const give = (topic: string, times: number): void => {
      for (let time = 0; time < times; time += 1) harness.inject({ topic });
    };
    give("before/it", 3);
    expect(topics()).toEqual(["before/it", "before/it", ""]);
    peer.freeze();
    give("at/the/wire", 1);
    give("meanwhile", 10);
    give("before/it", 1);
    peer.thaw();
    expect(topics()).toEqual(["at/the/wire", "meanwhile", "before/it"]);
    give("meanwhile", 3);
    expect(topics()).toEqual(["meanwhile", "meanwhile", ""]);
  });
});

describe("a count of QoS 0 messages for a peer that does not read", () => {
  /** Whom `messages` are for, with what it was told of and what it gets when it reads again. */
  function overrun(
    options: Partial<CoreOptions>,
    give: (harness: CoreHarness) => void,
  ): { got: string[]; overwritten: string[]; dropped: number } {
    const overwritten: string[] = [];
    const harness = new CoreHarness(options, {
      queuedApplicationMessageOverwritten: ({ receiverClientId, applicationMessage }) => {
        const { topic, payload, qos } = applicationMessage;
        overwritten.push(`${receiverClientId} ${topic} ${qos} ${textOf(payload).slice(0, 8)}`);
        return undefined;
      },
    });
    const peer = harness.connect("slow", { properties: { topicAliasMaximum: 5 } });
    subscribe(peer, "a/topic");
    peer.freeze();
    harness.inject({ topic: "a/topic", payload: bytesOf("at the wire") });
    give(harness);
    peer.thaw();
    const got = peer.receiveTexts().slice(1);
    return {
      got: got.map((text) => text.slice(0, 8)),
      overwritten,
      dropped: harness.core.statistics.messagesDroppedBacklog,
    };
  }

  const singly =
    (count: number, bytes = 1) =>
    (harness: CoreHarness): void => {
      for (let number = 1; number <= count; number += 1)
        harness.inject({ topic: "a/topic", payload: bytesOf(`${number} `.padEnd(bytes, "x")) });
    };

  it("dropOldest keeps the newest, and tells of each that made room", () => {
    expect(overrun({ backlogMessagesMax: 2 }, singly(5))).toEqual({
      got: ["4 ", "5 "],
      overwritten: ["slow a/topic 0 1 ", "slow a/topic 0 2 ", "slow a/topic 0 3 "],
      dropped: 3,
    });
  });

  it("dropNewest keeps the first, and tells of none", () => {
    const options = { backlogMessagesMax: 2, queueOverflow: "dropNewest" } as const;
    expect(overrun(options, singly(5))).toEqual({ got: ["1 ", "2 "], overwritten: [], dropped: 3 });
  });

  it("0 keeps one, as a queue does", () => {
    expect(overrun({ backlogMessagesMax: 0 }, singly(3)).got).toEqual(["3 "]);
  });

  it("holds for large messages, whose payloads are shared, and over many parts", () => {
    const { got, overwritten, dropped } = overrun({ backlogMessagesMax: 40 }, singly(200, 5_000));
    expect(got).toEqual(Array.from({ length: 40 }, (_item, index) => `${161 + index} xxxx`));
    expect(overwritten).toHaveLength(160);
    expect(overwritten[0]).toBe("slow a/topic 0 1 xxxxxx");
    expect(dropped).toBe(160);
  });

  it("holds for what publishers send in one piece", () => {
    const result = overrun({ backlogMessagesMax: 3 }, (harness) => {
      const publisher = harness.connect("p");
      for (const first of [1, 3, 5, 7])
        publisher.sendChunk(
          ...[first, first + 1].map((number) => publishPacket("a/topic", `${number} `)),
        );
      publisher.sendChunk(...[9, 10, 11, 12, 13].map((n) => publishPacket("a/topic", `${n} `)));
    });
    expect(result.got).toEqual(["11 ", "12 ", "13 "]);
    expect(result.dropped).toBe(10);
  });

  it("gives the memory of what was dropped back, however long it goes on", () => {
    const harness = new CoreHarness({ backlogMessagesMax: 3 });
    const peer = harness.connect("slow");
    subscribe(peer, "a/topic");
    peer.freeze();
    let most = 0;
    for (let round = 0; round < 1_000; round += 1) {
      singly(3, 500)(harness);
      most = Math.max(most, harness.core.pool.heldBytes);
    }
    expect(most).toBeLessThan(400_000);
    peer.thaw();
    expect(peer.receiveTexts()).toHaveLength(4);
    expect(harness.core.pool.heldBytes).toBe(0);
    expect(harness.core.backlogParts.size).toBe(0);
  });
});

describe("QoS 0 messages behind a handler of outbound packets", () => {
  function held(options: Partial<CoreOptions>): {
    harness: CoreHarness;
    outcomes: string[];
    overwritten: string[];
  } {
    const overwritten: string[] = [];
    const harness = new CoreHarness(options, {
      queuedApplicationMessageOverwritten: ({ applicationMessage }) => {
        overwritten.push(applicationMessage.topic);
        return undefined;
      },
    });
    subscribe(harness.connect("c"), "#");
    const later = new Later();
    harness.core.hooks.interceptingOutboundPacket = ({ packet }) =>
      packet.type === "publish" ? later : undefined;
    const outcomes = ["one", "two", "three"].map((topic) =>
      harness.inject({ topic }).dropped > 0 ? "dropped" : "taken",
    );
    return { harness, outcomes, overwritten };
  }

  it("dropOldest gives up the oldest that waits, not the one that is shown", () => {
    const { outcomes, overwritten } = held({ backlogMessagesMax: 1 });
    expect(outcomes).toEqual(["taken", "taken", "taken"]);
    expect(overwritten).toEqual(["two"]);
  });

  it("dropNewest takes no more", () => {
    const options = { backlogMessagesMax: 1, queueOverflow: "dropNewest" } as const;
    const { outcomes, overwritten } = held(options);
    expect(outcomes).toEqual(["taken", "taken", "dropped"]);
    expect(overwritten).toEqual([]);
  });

  it("wait in the backlog when it has answered and the client does not read", () => {
    const harness = new CoreHarness({ backlogBytesMax: 1_000 });
    const peer = harness.connect("c");
    subscribe(peer, "a");
    harness.core.hooks.interceptingOutboundPacket = () => undefined;
    peer.freeze();
    for (let number = 0; number < 50; number += 1)
      harness.inject({ topic: "a", payload: bytesOf(`${number} `.padEnd(100, "x")) });
    expect(peer.connection.output.outbox.length).toBe(0);
    expect(peer.connection.output.backlogLength).toBeLessThanOrEqual(1_000);
    peer.thaw();
    const texts = peer.receiveTexts();
    expect(texts.at(-1)?.slice(0, 2)).toBe("49");
    expect(texts.length + harness.core.statistics.messagesDroppedBacklog).toBe(50);
  });
});

describe("much output in one turn", () => {
  it("a QoS 1 message behind a flood of QoS 0 follows without a sign of the client", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c");
    subscribe(peer, "a");
    const publisher = harness.connect("p");
    const flood = Array.from({ length: 10 }, () => publishPacket("a", "x".repeat(60_000)));
    publisher.sendChunk(...flood, publishPacket("a", "behind", { qos: 1, packetIdentifier: 1 }));
    harness.settle();
    expect(peer.receivePublishes().some(({ payload }) => textOf(payload) === "behind")).toBe(true);
  });

  it("is written before the end of the turn when it is more than a megabyte", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c");
    subscribe(peer, "a");
    const publisher = harness.connect("p");
    for (let time = 0; time < 50; time += 1) {
      publisher.sendChunk(publishPacket("a", "x".repeat(50_000)));
    }
    expect(peer.wire.written).toBeGreaterThan(1_000_000);
    expect(peer.connection.output.outbox.length).toBeLessThan(1_200_000);
    harness.settle();
    expect(peer.receive()).toHaveLength(50);
  });
});

describe("while clientConnected waits", () => {
  function held(options?: Partial<CoreOptions>): { harness: CoreHarness; later: Later } {
    const later = new Later();
    const harness = new CoreHarness(options);
    harness.core.hooks.clientConnected = ({ clientId }) => (clientId === "c" ? later : undefined);
    return { harness, later };
  }

  it("nothing but CONNACK is sent", () => {
    const { harness, later } = held();
    const peer = harness.connect("c", lasting());
    peer.send({ type: "pingreq" });
    expect(peer.receive()).toEqual([]);
    later.settle();
    harness.settle();
    expect(peer.receiveOne("pingresp")).toEqual({ type: "pingresp" });
  });

  it("[MQTT-4.6.0-5] QoS 0 messages keep their order across its end", () => {
    const { harness, later } = held();
    const first = harness.connect("c", lasting());
    later.settle();
    subscribe(first, "a");
    first.cut();
    const publisher = harness.connect("p");
    const peer = harness.connect("c", lasting());
    harness.inject({ topic: "a", payload: bytesOf("1") });
    later.settle();
    publisher.sendChunk(publishPacket("a", "2"));
    harness.settle();
    expect(peer.receiveTexts()).toEqual(["1", "2"]);
  });

  it("a Topic Alias is told before it is used", () => {
    const { harness, later } = held({ outgoingTopicAliasMaximum: 5 });
    const fields = {
      cleanStart: false,
      properties: { sessionExpiryIntervalSeconds: 100, topicAliasMaximum: 5 },
    };
    const first = harness.connect("c", fields);
    later.settle();
    const topic = "long/enough";
    subscribe(first, topic);
    first.cut();
    const peer = harness.connect("c", fields);
    harness.inject({ topic });
    harness.inject({ topic });
    harness.inject({ topic, qos: 1 });
    later.settle();
    harness.settle();
    const topics = (): string[] => peer.receivePublishes().map((packet) => packet.topic);
    // What waits at QoS 0 may be dropped: it has none.
    expect(topics()).toEqual([topic, topic, topic]);
    for (let time = 0; time < 3; time += 1) harness.inject({ topic });
    expect(topics()).toEqual([topic, "", ""]);
  });

  it("a peer that starts to read again costs no endless turns", () => {
    const { harness, later } = held();
    const first = harness.connect("c", lasting());
    later.settle();
    subscribe(first, "a");
    first.cut();
    harness.inject({ topic: "a", qos: 1, payload: bytesOf("1") });
    const peer = harness.open();
    peer.freeze();
    peer.send(connectPacket({ clientId: "c", ...lasting() }));
    peer.thaw();
    expect(peer.receive().map(({ type }) => type)).toEqual(["connack"]);
    later.settle();
    harness.settle();
    expect(peer.receiveTexts()).toEqual(["1"]);
  });
});
