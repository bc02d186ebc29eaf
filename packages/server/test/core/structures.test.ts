import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { topicMatchesFilter } from "@anax/protocol";
import { BytePool } from "../../src/core/byte-pool.ts";
import { Deadlines } from "../../src/core/deadlines.ts";
import type { Delivery } from "../../src/core/owed/delivery.ts";
import { DeliveryQueue } from "../../src/core/owed/delivery-queue.ts";
import {
  applicationMessageOf,
  messageFromApplication,
  secondsLeft,
} from "../../src/core/message/message.ts";
import type { Message } from "../../src/core/message/message.ts";
import { Outbox } from "../../src/core/connection/outbox.ts";
import { RetainedCursor } from "../../src/core/retained/retained-cursor.ts";
import { RetainedMessages } from "../../src/core/retained/retained-messages.ts";
import { NONE } from "../../src/core/retained/topic-nodes.ts";

const level = fc.constantFrom("a", "b", "", "$x");
const topicName = fc
  .array(level, { minLength: 1, maxLength: 4 })
  .map((levels) => levels.join("/"))
  .filter((topic) => topic !== "");
const topicFilter = fc
  .tuple(fc.array(fc.constantFrom("a", "b", "", "$x", "+"), { maxLength: 3 }), fc.boolean())
  .map(([levels, hasEnd]) => [...levels, ...(hasEnd ? ["#"] : [])].join("/"))
  .filter((filter) => filter !== "");

function message(topic: string, text = "x"): Message {
  const payload = new TextEncoder().encode(text);
  return messageFromApplication({ topic, payload, qos: 1, retain: true }, "c", 0);
}

describe("Deadlines", () => {
  it("does what is due in order of time, whatever is added and cancelled", () => {
    const operation = fc.record({ atMs: fc.nat(50), cancels: fc.boolean() });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300 }), fc.nat(60), (operations, nowMs) => {
        const deadlines = new Deadlines(undefined);
        const done: number[] = [];
        const expected: number[] = [];
        const made = operations.map(({ atMs }) => deadlines.add(atMs, () => done.push(atMs)));
        for (const [index, { atMs, cancels }] of operations.entries()) {
          if (cancels) deadlines.cancel(made[index]);
          else if (atMs <= nowMs) expected.push(atMs);
        }
        const left = operations.filter(({ atMs, cancels }) => !cancels && atMs > nowMs);
        deadlines.runDue(nowMs);
        expect(done).toEqual(expected.toSorted((one, other) => one - other));
        expect(deadlines.size).toBe(left.length);
        expect(deadlines.next).toBe(Math.min(Infinity, ...left.map(({ atMs }) => atMs)));
      }),
    );
  });

  it("runs what a deadline adds if that is due already, and forgets what it cancels", () => {
    const deadlines = new Deadlines(undefined);
    const done: string[] = [];
    const later = deadlines.add(2, () => done.push("never"));
    deadlines.add(1, () => {
      deadlines.cancel(later);
      deadlines.add(2, () => done.push("added"));
    });
    deadlines.runDue(2);
    expect(done).toEqual(["added"]);
    deadlines.cancel(later);
    expect(deadlines.size).toBe(0);
  });
});

describe("Outbox and BytePool", () => {
  it("give back the bytes that went in, whatever their sizes", () => {
    const sizes = fc.array(fc.oneof(fc.nat(50), fc.nat(20_000), fc.nat(200_000)), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(sizes, (lengths) => {
        const outbox = new Outbox(new BytePool());
        const expected: number[] = [];
        for (const [index, length] of lengths.entries()) {
          const at = outbox.append(new Uint8Array(length + 2).fill(index + 1), 1, length + 1);
          expect(at).toBe(expected.length);
          for (let count = 0; count < length; count += 1) expected.push(index + 1);
        }
        expect(Buffer.from(expected).equals(outbox.bytes.subarray(0, outbox.length))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("an empty outbox holds no array, and one that was cleared gives its array to the next", () => {
    const pool = new BytePool();
    const one = new Outbox(pool);
    one.reserve(10);
    const { bytes } = one;
    one.clear();
    expect(one.bytes).toHaveLength(0);
    const other = new Outbox(pool);
    other.reserve(10);
    expect(other.bytes).toBe(bytes);
  });

  it("an outbox that waits long holds little more than its bytes", () => {
    for (let messageBytes = 5; messageBytes < 2_048; messageBytes += 1) {
      const pool = new BytePool();
      const outbox = new Outbox(pool);
      while (outbox.length < 65_536) outbox.reserve(messageBytes);
      expect(pool.heldBytes).toBeLessThanOrEqual(outbox.length * 2);
    }
  });

  it("takes over what another holds, though it has to grow for that", () => {
    const pool = new BytePool();
    const [one, other] = [new Outbox(pool), new Outbox(pool)];
    const bytes = Uint8Array.from({ length: 5_000 }, (_, index) => index);
    one.append(bytes, 0, 200);
    other.append(bytes, 200, 5_000);
    one.takeOver(other);
    expect(one.length).toBe(5_000);
    expect(Buffer.compare(Buffer.concat(one.pieces()), bytes)).toBe(0);
  });

  it("an array that was handed over is never used again", () => {
    const pool = new BytePool();
    const outbox = new Outbox(pool);
    outbox.reserve(10);
    const { bytes } = outbox;
    outbox.handOver().letGo();
    outbox.reserve(10);
    expect(outbox.bytes).not.toBe(bytes);
  });
});

describe("DeliveryQueue", () => {
  it("is first in, first out, and counts what is in it", () => {
    const steps = fc.array(fc.option(fc.nat(20), { nil: undefined }), { maxLength: 200 });
    fc.assert(
      fc.property(steps, (lengths) => {
        const queue = new DeliveryQueue();
        const model: Delivery[] = [];
        for (const length of lengths) {
          if (length === undefined) {
            const head = model.shift();
            expect(queue.peek()).toBe(head);
            queue.shift(head?.message.size ?? 0, head?.message.payloadBytes ?? 0);
          } else {
            const delivery = deliveryOf(message("a", "x".repeat(length)));
            queue.push(delivery, delivery.message.size, delivery.message.payloadBytes);
            model.push(delivery);
          }
          expect(queue.length).toBe(model.length);
          expect(queue.peek()).toBe(model[0]);
          expect(queue.bytes).toBe(model.reduce((sum, one) => sum + one.message.size, 0));
          const payloads = model.map(({ message: { payloadBytes } }) => payloadBytes);
          expect(queue.payloadBytes).toBe(payloads.reduce((sum, bytes) => sum + bytes, 0));
        }
        expect([...queue]).toEqual(model);
      }),
    );
  });
});

function deliveryOf(content: Message): Delivery {
  return {
    message: content,
    qos: 1,
    retain: false,
    subscriptionIdentifiers: undefined,
    group: undefined,
  };
}

describe("RetainedMessages and RetainedCursor", () => {
  it("find what a naive search finds, after any changes", () => {
    const change = fc.tuple(topicName, fc.boolean());
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), topicFilter, (changes, filter) => {
        const retained = new RetainedMessages();
        const model = new Map<string, Message>();
        for (const [topic, isRemoved] of changes) {
          const content = message(topic);
          if (isRemoved) expect(retained.delete(topic)).toBe(model.delete(topic));
          else {
            retained.set(content);
            model.set(topic, content);
          }
        }
        const expected = [...model.values()].filter(({ topic }) =>
          topicMatchesFilter(topic, filter),
        );
        expect(walk(retained, filter).toSorted()).toEqual(
          expected.map(({ topic }) => topic).toSorted(),
        );
        expect(retained.count).toBe(model.size);
        expect(retained.bytes).toBe([...model.values()].reduce((sum, { size }) => sum + size, 0));
      }),
      { numRuns: 500 },
    );
  });

  it("a walk sees what is there from its beginning to its end, and nothing twice", () => {
    const retained = new RetainedMessages();
    for (const topic of ["a", "b", "c", "d"]) retained.set(message(topic));
    const cursor = new RetainedCursor(retained, "#");
    const seen: string[] = [];
    while (!cursor.isDone) {
      const found = cursor.step();
      if (found !== NONE) seen.push(retained.message(found).topic);
      if (seen.length === 1) {
        retained.delete("c");
        retained.set(message("d"));
        retained.set(message("e"));
      }
    }
    expect(seen).toEqual(["a", "b"]);
  });

  it("gives the memory of empty branches back", () => {
    const retained = new RetainedMessages();
    retained.set(message("a/b/c"));
    retained.delete("a/b/c");
    expect(retained.tree.nodes.count).toBe(0);
  });
});

function walk(retained: RetainedMessages, filter: string): string[] {
  const cursor = new RetainedCursor(retained, filter);
  const topics: string[] = [];
  while (!cursor.isDone) {
    const found = cursor.step();
    if (found !== NONE) topics.push(retained.message(found).topic);
  }
  return topics;
}

describe("Message", () => {
  it("keeps all that a program gives it, in bytes of its own", () => {
    const application = {
      topic: "a/ü",
      payload: Uint8Array.of(1, 2, 3),
      qos: 2,
      retain: true,
      payloadFormatIndicator: 1,
      messageExpiryIntervalSeconds: 60,
      contentType: "text/plain",
      responseTopic: "r",
      correlationData: Uint8Array.of(9),
      userProperties: [
        ["k", "v"],
        ["k", "w"],
      ],
    } as const;
    const kept = messageFromApplication(application, "c", 5_000);
    expect(applicationMessageOf(kept)).toEqual(application);
    expect(kept.expiresAtMs).toBe(65_000);
    expect([
      secondsLeft(kept, 5_000),
      secondsLeft(kept, 64_001),
      secondsLeft(kept, 70_000),
    ]).toEqual([60, 1, 0]);
    expect(kept.bytes.buffer.byteLength).toBe(kept.bytes.length);
  });

  it("refuses what no PUBLISH could carry", () => {
    const plain = { payload: new Uint8Array(0), qos: 0, retain: false } as const;
    expect(() => messageFromApplication({ ...plain, topic: "a/#" }, "", 0)).toThrow(TypeError);
    expect(() => messageFromApplication({ ...plain, topic: "" }, "", 0)).toThrow(TypeError);
  });
});
