import type { PublishPacket, QoS } from "@anax/protocol";
import { describe, expect, it } from "vitest";
import { Ledger } from "../ledger/ledger.ts";
import type { SentMessage } from "../ledger/ledger.ts";
import type { ReceiverRecord } from "../ledger/receiver-record.ts";
import type { Stream, StreamFields } from "../ledger/stream.ts";
import type { ViolationType } from "../ledger/violation.ts";

/** A ledger with one stream and one session that has a confirmed subscription to it. */
class Bench {
  nowMs = 1_000_000;
  readonly ledger: Ledger = new Ledger(() => this.nowMs);
  readonly stream: Stream;
  readonly receiver: ReceiverRecord;

  constructor(qos: QoS = 2, more: Partial<StreamFields> = {}) {
    const fields = { topic: "a/b", qos, retain: false, isOrdered: true, ...more };
    this.stream = this.ledger.newStream(fields);
    this.receiver = this.ledger.newReceiver("session");
    this.subscribe();
  }

  subscribe(qos: QoS = 2): void {
    this.receiver.subscribing("a/#", qos);
    this.receiver.subscribed("a/#", this.ledger.nextEvent());
  }

  /** Sends messages and has them acknowledged. */
  acknowledge(count: number): readonly SentMessage[] {
    const messages = Array.from({ length: count }, () => this.ledger.sending(this.stream));
    for (const message of messages) this.ledger.acknowledged(message);
    return messages;
  }

  deliver(sequence: number, fields: Partial<PublishPacket> = {}): void {
    const { qos } = this.stream.fields;
    const payload = this.stream.payload(sequence, 10);
    const packet = { type: "publish", topic: "a/b", qos, retain: false, duplicate: false } as const;
    this.ledger.delivered(this.receiver, { ...packet, payload, ...fields });
  }

  /** The types of the violations, once the server has had its chance. */
  settled(): readonly ViolationType[] {
    this.ledger.settle(this.receiver, () => true);
    return this.ledger.violations.map(({ type }) => type);
  }
}

describe("the ledger", () => {
  it("is content when everything comes once and in order", () => {
    const bench = new Bench();
    bench.acknowledge(3);
    for (const sequence of [1, 2, 3]) bench.deliver(sequence);
    expect(bench.settled()).toEqual([]);
  });

  it("misses an acknowledged message", () => {
    const bench = new Bench();
    bench.acknowledge(3);
    bench.deliver(1);
    bench.deliver(3);
    expect(bench.settled()).toEqual(["lost"]);
    expect(bench.ledger.violations[0]?.text).toBe("session: a/b #2");
  });

  it("does not miss what was not acknowledged, or sent before the subscription was confirmed", () => {
    const bench = new Bench();
    bench.ledger.sending(bench.stream);
    const early = bench.ledger.sending(bench.stream);
    bench.receiver.unsubscribing("a/#");
    bench.subscribe();
    bench.ledger.acknowledged(early);
    expect(bench.settled()).toEqual([]);
  });

  it("does not miss what a cancelled subscription was owed, and lets it come", () => {
    const bench = new Bench();
    bench.acknowledge(2);
    bench.receiver.unsubscribing("a/#");
    bench.deliver(1);
    expect(bench.settled()).toEqual([]);
  });

  it("takes a message that comes before its acknowledgement", () => {
    const bench = new Bench();
    const message = bench.ledger.sending(bench.stream);
    bench.deliver(1);
    bench.ledger.acknowledged(message);
    expect(bench.settled()).toEqual([]);
  });

  it("sees a QoS 2 message that comes twice, even with DUP", () => {
    const bench = new Bench();
    bench.acknowledge(1);
    bench.deliver(1);
    bench.deliver(1, { duplicate: true });
    expect(bench.settled()).toEqual(["repeated"]);
  });

  it("lets a QoS 1 message come twice only with DUP, or if it was sent twice", () => {
    const bench = new Bench(1);
    bench.acknowledge(3);
    for (const sequence of [1, 2, 3]) bench.deliver(sequence);
    bench.deliver(1, { duplicate: true });
    bench.stream.resending(2);
    bench.deliver(2);
    expect(bench.settled()).toEqual([]);
    bench.deliver(3);
    expect(bench.settled()).toEqual(["repeated"]);
  });

  it("sees messages in the wrong order", () => {
    const bench = new Bench();
    bench.acknowledge(3);
    for (const sequence of [1, 3, 2]) bench.deliver(sequence);
    expect(bench.settled()).toEqual(["reordered"]);
  });

  it("takes a message late that was sent again after a subscription it had come too early for", () => {
    const bench = new Bench(1);
    bench.receiver.unsubscribing("a/#");
    const early = bench.ledger.sending(bench.stream);
    bench.subscribe();
    bench.acknowledge(1);
    bench.deliver(2);
    bench.stream.resending(1);
    bench.ledger.acknowledged(early);
    bench.deliver(1);
    expect(bench.settled()).toEqual([]);
  });

  describe("of a QoS 1 message for a QoS 0 subscription", () => {
    /** The server takes all of 1, 2, 3; it is killed before it says so, and the client sends them again. */
    function sentTwice(): Bench {
      const bench = new Bench(1);
      bench.subscribe(0);
      for (let count = 0; count < 3; count += 1) bench.ledger.sending(bench.stream);
      for (const sequence of [1, 2, 3]) bench.stream.resending(sequence);
      return bench;
    }

    it.each([
      ["nothing", []],
      ["all of both sendings", [1, 2, 3, 1, 2, 3]],
      ["the end of the first sending and the beginning of the second", [2, 3, 1]],
      [
        "an old one after a later one, because the first sending of it was not delivered",
        [3, 1, 2],
      ],
      ["some", [1, 3, 2, 3]],
    ])("takes %s", (_, sequences) => {
      const bench = sentTwice();
      for (const sequence of sequences) bench.deliver(sequence, { qos: 0 });
      expect(bench.settled()).toEqual([]);
    });

    it.each([
      ["one that comes more often than it was sent", [1, 1, 1], "repeated"],
      ["one that the second sending is over for", [1, 2, 3, 2, 1], "repeated"],
      ["one that no sending leaves room for", [3, 2, 1], "reordered"],
    ] as const)("sees %s", (_, sequences, type) => {
      const bench = sentTwice();
      for (const sequence of sequences) bench.deliver(sequence, { qos: 0 });
      expect(bench.settled()).toEqual([type]);
    });

    it("sees the wrong order, and repetitions, of what was sent once", () => {
      const bench = new Bench(1);
      bench.subscribe(0);
      bench.acknowledge(3);
      for (const sequence of [1, 3, 2]) bench.deliver(sequence, { qos: 0 });
      bench.deliver(3, { qos: 0 });
      expect(bench.settled()).toEqual(["reordered", "repeated"]);
    });

    it("sees the same of what was published with QoS 0, for any subscription", () => {
      const bench = new Bench(0);
      bench.acknowledge(4);
      for (const sequence of [1, 3, 2, 3, 4]) bench.deliver(sequence);
      expect(bench.settled()).toEqual(["reordered", "repeated"]);
    });

    it("still sees the wrong order for a QoS 1 subscription, though it was sent again", () => {
      const bench = new Bench(1);
      for (let count = 0; count < 3; count += 1) bench.ledger.sending(bench.stream);
      bench.stream.resending(1);
      for (const sequence of [3, 1]) bench.deliver(sequence);
      expect(bench.settled()).toEqual(["reordered"]);
    });
  });

  it("sees what was never sent", () => {
    const bench = new Bench();
    bench.acknowledge(1);
    bench.deliver(1);
    bench.deliver(2);
    bench.deliver(1, { payload: new Uint8Array([1, 2, 3]) });
    const cut = bench.stream.payload(1, 10).subarray(0, -1);
    bench.deliver(1, { payload: cut });
    bench.deliver(1, { topic: "a/c" });
    expect(bench.settled()).toEqual(["invented", "invented", "invented", "invented"]);
  });

  it("sees what comes without a subscription", () => {
    const bench = new Bench();
    const other = bench.ledger.newStream({ ...bench.stream.fields, topic: "c" });
    bench.ledger.sending(other);
    bench.deliver(1, { topic: "c", payload: other.payload(1, 5) });
    expect(bench.settled()).toEqual(["invented"]);
  });

  it("sees a new session that is given messages of the one before", () => {
    const bench = new Bench();
    bench.acknowledge(2);
    bench.receiver.beginning(bench.ledger.streams);
    bench.subscribe();
    bench.acknowledge(1);
    bench.deliver(2);
    bench.deliver(3);
    expect(bench.settled()).toEqual(["stale"]);
  });

  it("does not take a retained message for one of the order", () => {
    const bench = new Bench();
    bench.acknowledge(2);
    bench.deliver(1);
    bench.deliver(2);
    bench.deliver(2, { retain: true });
    expect(bench.settled()).toEqual([]);
  });

  describe("of a message that expires after 10 s", () => {
    function expiring(): Bench {
      const bench = new Bench(1, { expirySeconds: 10 });
      bench.acknowledge(1);
      return bench;
    }
    const left = (messageExpiryIntervalSeconds: number): Partial<PublishPacket> => ({
      properties: { messageExpiryIntervalSeconds },
    });

    it("misses it before that, and not after it", () => {
      const early = expiring();
      early.nowMs += 9_999;
      expect(early.settled()).toEqual(["lost"]);
      const late = expiring();
      late.nowMs += 10_000;
      expect(late.settled()).toEqual([]);
    });

    it("sees that it comes when it must have expired", () => {
      const bench = expiring();
      bench.nowMs += 14_001;
      bench.deliver(1);
      expect(bench.settled()).toEqual(["expired"]);
    });

    it("takes it a little late, and again at any time", () => {
      const bench = expiring();
      bench.nowMs += 12_999;
      bench.deliver(1);
      bench.nowMs += 100_000;
      bench.deliver(1, { duplicate: true });
      expect(bench.settled()).toEqual([]);
    });

    it("takes it behind a later one if it was sent again when the first may have expired, and only then", () => {
      const late = (delayMs: number, isResent: boolean): readonly ViolationType[] => {
        const bench = new Bench(1, { expirySeconds: 10 });
        bench.ledger.sending(bench.stream);
        bench.nowMs += 5_000;
        bench.ledger.sending(bench.stream);
        bench.nowMs += delayMs;
        bench.deliver(2);
        if (isResent) bench.stream.resending(1);
        bench.deliver(1);
        return bench.settled();
      };
      expect(late(5_000, true)).toEqual([]);
      expect(late(4_999, true)).toEqual(["reordered"]);
      expect(late(5_000, false)).toEqual(["reordered"]);
    });

    it("sees that its time has not gone on", () => {
      const bench = expiring();
      bench.nowMs += 9_000;
      bench.deliver(1, left(4));
      expect(bench.settled()).toEqual([]);
      bench.deliver(1, left(5));
      expect(bench.ledger.violations.map(({ type }) => type)).toContain("expired");
    });

    it("does not count the time before its acknowledgement, which it may have come late by", () => {
      const bench = new Bench(1, { expirySeconds: 10 });
      const message = bench.ledger.sending(bench.stream);
      bench.nowMs += 60_000;
      bench.deliver(1, left(10));
      bench.ledger.acknowledged(message);
      expect(bench.settled()).toEqual([]);
    });
  });

  it("holds a group to each message once, in any order", () => {
    const { ledger, stream, acknowledge } = groupBench();
    const group = ledger.newReceiver("group", "group");
    group.subscribing("a/#", 2);
    group.subscribed("a/#", ledger.nextEvent());
    acknowledge(4);
    const delivery = { stream, isDuplicate: false, isRetained: false };
    for (const sequence of [3, 1, 2, 1]) group.delivered({ ...delivery, sequence, nowMs: 0 });
    ledger.settle(group, () => true);
    expect(ledger.violations.map(({ type }) => type)).toEqual(["repeated", "lost"]);
  });
});

function groupBench(): { ledger: Ledger; stream: Stream; acknowledge: (count: number) => void } {
  const ledger = new Ledger();
  const stream = ledger.newStream({ topic: "a/b", qos: 2, retain: false, isOrdered: true });
  const acknowledge = (count: number): void => {
    for (let left = count; left > 0; left -= 1) ledger.acknowledged(ledger.sending(stream));
  };
  return { ledger, stream, acknowledge };
}
