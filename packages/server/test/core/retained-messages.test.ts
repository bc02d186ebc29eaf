/**
 * Retained messages are rows and cells that are used again. What may go wrong with that: a walk that is led astray by a
 * row which is another topic by now, a cell that two messages have, memory that never comes back.
 */
import { strictEqual } from "node:assert/strict";
import { topicMatchesFilter } from "@anax/protocol";
import { SeededRandom } from "@anax/testing";
import { describe, expect, it } from "vitest";
import { messageFromApplication } from "../../src/core/message/message.ts";
import type { Message } from "../../src/core/message/message.ts";
import { ByteSlabs } from "../../src/core/retained/byte-slabs.ts";
import { RetainedCursor } from "../../src/core/retained/retained-cursor.ts";
import { RetainedMessages } from "../../src/core/retained/retained-messages.ts";
import { NONE } from "../../src/core/retained/topic-nodes.ts";

function message(topic: string, size = 1): Message {
  const payload = new Uint8Array(size).fill(size);
  return messageFromApplication({ topic, payload, qos: 1, retain: true }, "c", 0);
}

/** A walk under test, and what it may and must see. */
interface Walk {
  readonly filter: string;
  readonly cursor: RetainedCursor;
  /** Topics that were there at its beginning and have not changed since. */
  readonly must: Set<string>;
  readonly seen: Set<string>;
}

/** A tree, the same as a `Map`, and walks that are under way. */
class Model {
  readonly retained: RetainedMessages;
  readonly topics = new Map<string, number>();
  readonly walks: Walk[] = [];

  /** `freeRows`: rows that stay free before one is used again; by default so many that walks seldom meet one that was. */
  constructor(freeRows?: number) {
    this.retained = new RetainedMessages(99, freeRows);
  }

  set(topic: string, size: number): void {
    this.retained.set(message(topic, size));
    this.topics.set(topic, size);
    for (const { must } of this.walks) must.delete(topic);
  }

  delete(topic: string): void {
    strictEqual(this.retained.delete(topic), this.topics.delete(topic));
    for (const { must } of this.walks) must.delete(topic);
  }

  clear(): void {
    this.retained.clear();
    this.topics.clear();
    for (const { must } of this.walks) must.clear();
  }

  begin(filter: string): void {
    const matching = [...this.topics.keys()].filter((topic) => topicMatchesFilter(topic, filter));
    const cursor = new RetainedCursor(this.retained, filter);
    this.walks.push({ filter, cursor, must: new Set(matching), seen: new Set() });
  }

  /** Some steps of a walk; it is dropped when it is done, having seen all that it must. */
  step(walk: Walk, steps: number): void {
    const { cursor, seen, must } = walk;
    for (let step = 0; step < steps && !cursor.isDone; step += 1) {
      const row = cursor.step();
      if (row === NONE) continue;
      const { topic, size } = this.retained.message(row);
      strictEqual(seen.has(topic), false, `${topic} is seen twice`);
      strictEqual(must.has(topic), true, `${topic} was set or removed since`);
      strictEqual(size, message(topic, this.topics.get(topic)).size);
      seen.add(topic);
    }
    if (!cursor.isDone) return;
    const missed = [...must].filter((topic) => !seen.has(topic));
    expect(missed, `missed by ${walk.filter}`).toEqual([]);
    this.walks.splice(this.walks.indexOf(walk), 1);
  }

  check(): void {
    const { retained, topics } = this;
    const rows = Array.from(retained.rows(), (row) => retained.message(row));
    expect(rows.map(({ topic }) => topic).toSorted()).toEqual([...topics.keys()].toSorted());
    expect(retained.count).toBe(topics.size);
    expect(retained.bytes).toBe(rows.reduce((sum, { size }) => sum + size, 0));
    for (const [topic, size] of topics) {
      const found = retained.get(topic);
      strictEqual(found?.topic, topic);
      strictEqual(found?.bytes.at(-1), size % 256);
    }
  }
}

const FILTERS = ["#", "+/#", "a/#", "a/+", "+/+", "+", "a/b/+", "+/7/#", "$x/#", "a/3", "/#"];

function randomTopic(random: SeededRandom, width: number): string {
  const first = random.pick(["a", "b", "", "$x", "a"]);
  const depth = random.below(4);
  const rest = Array.from({ length: depth }, () =>
    random.below(5) === 0 ? random.pick(["a", "b", ""]) : String(random.below(width)),
  );
  return [first === "" && depth === 0 ? "a" : first, ...rest].join("/");
}

function simulate(seed: number, operations: number, width: number): number {
  const random = new SeededRandom(seed);
  const model = new Model(random.pick([undefined, 0, 0, 1, 5]));
  // Some histories remove much, so that rows are used again; some hardly anything.
  const removes = random.pick([20, 45, 70]);
  let done = 0;
  for (let operation = 0; operation < operations; operation += 1) {
    const what = random.below(100);
    const topics = [...model.topics.keys()];
    if (what < removes && topics.length > 0) model.delete(random.pick(topics));
    else if (what < 90) model.set(randomTopic(random, width), 1 + random.below(300));
    else if (what < 93 && model.walks.length < 8) model.begin(random.pick(FILTERS));
    else if (what === 93 && random.below(40) === 0) model.clear();
    else if (model.walks.length > 0) {
      const before = model.walks.length;
      model.step(random.pick(model.walks), 1 + random.below(12));
      done += before - model.walks.length;
    }
  }
  for (const walk of Array.from(model.walks)) model.step(walk, Infinity);
  model.check();
  return done;
}

describe("walks over retained messages that change between steps", () => {
  it("see what stays exactly once, and nothing that was set or removed meanwhile", () => {
    let done = 0;
    for (let seed = 1; seed <= 80; seed += 1) done += simulate(seed, 600, 12);
    expect(done).toBeGreaterThan(300);
  });

  it("find on where thousands of rows are used again at each stop", () => {
    for (let seed = 1; seed <= 4; seed += 1) {
      const random = new SeededRandom(seed);
      const model = new Model();
      for (let index = 0; index < 3_000; index += 1) model.set(`a/${index}`, 10);
      for (const filter of ["#", "a/+", "+/#"]) model.begin(filter);
      const all = [...model.topics.keys()];
      for (let round = 0; model.walks.length > 0; round += 1) {
        for (const walk of Array.from(model.walks)) model.step(walk, 1 + random.below(700));
        if (round > 30) continue;
        // More than are held back from use, and what the walks stand at among them.
        const start = random.below(all.length);
        for (const topic of all.slice(start, start + 1_500))
          if (random.below(8) > 0 && model.topics.has(topic)) model.delete(topic);
        for (let index = 0; index < 1_200; index += 1) model.set(`a/${round}n${index}`, 10);
        for (let index = 0; index < 1_200; index += 1)
          if (random.below(3) > 0) model.delete(`a/${round}n${index}`);
      }
      model.check();
      expect(model.walks).toEqual([]);
    }
  });

  it("do not take the order of free rows for that of children", () => {
    const model = new Model(0);
    for (const topic of ["p/1", "q/a", "q/b", "q/c"]) model.set(topic, 10);
    model.begin("p/+");
    // `1`, `p` and `a` are free in this order; `z` takes the row of `1`, where the walk stands.
    model.delete("p/1");
    model.delete("q/a");
    model.set("q/z", 10);
    for (const walk of Array.from(model.walks)) model.step(walk, 100);
    expect(model.walks).toEqual([]);
  });

  it("end where all was cleared and filled again", () => {
    const model = new Model();
    for (let index = 0; index < 100; index += 1) model.set(`a/${index}`, 10);
    model.begin("#");
    for (const walk of Array.from(model.walks)) model.step(walk, 20);
    model.clear();
    for (let index = 0; index < 100; index += 1) model.set(`a/${index}`, 10);
    for (const walk of Array.from(model.walks)) model.step(walk, 500);
    expect(model.walks).toEqual([]);
  });

  it("are not kept going by what is set behind them", () => {
    const model = new Model();
    for (let index = 0; index < 10; index += 1) model.set(`a/${index}`, 10);
    model.begin("#");
    for (let steps = 0; model.walks.length > 0; steps += 1) {
      expect(steps).toBeLessThan(100);
      for (const walk of Array.from(model.walks)) model.step(walk, 1);
      for (let index = 0; index < 10; index += 1) model.set(`a/${steps}/${index}`, 10);
    }
  });
});

describe("retained messages", () => {
  it("are found by topics of any bytes, and not by what is no topic", () => {
    const retained = new RetainedMessages();
    const long = "x".repeat(65_000);
    const topics = ["/", "//", "ü/é", "😀", "a/", "/a", long, `${"/".repeat(30_000)}`];
    for (const topic of topics) retained.set(message(topic));
    for (const topic of topics) strictEqual(retained.get(topic)?.topic, topic);
    const others = [
      "",
      "a",
      "ü",
      "///",
      "\0",
      "\ud800",
      `${long}x`,
      "x".repeat(70_000),
      "é".repeat(40_000),
    ];
    for (const topic of others) expect(retained.get(topic)).toBeUndefined();
    for (const topic of topics) strictEqual(retained.delete(topic), true);
    expect(retained.tree.nodes.count).toBe(0);
    expect([retained.count, retained.bytes]).toEqual([0, 0]);
  });

  it("keep all of a message: flags, Client Identifier, expiry, every property", () => {
    const retained = new RetainedMessages();
    const application = {
      topic: "a/ü",
      payload: Uint8Array.of(1, 2, 3),
      qos: 2,
      retain: true,
      messageExpiryIntervalSeconds: 60,
      contentType: "text/plain",
    } as const;
    const kept = messageFromApplication(application, "client ü", 5_000);
    const found = retained.message(retained.set(kept));
    expect(found).toEqual(kept);
  });

  it("that are replaced by others of about the same size take no more memory", () => {
    const retained = new RetainedMessages();
    for (let index = 0; index < 10_000; index += 1) {
      retained.set(message("$SYS/broker/uptime", 10 + (index % 3)));
      retained.set(message("large", 20_000));
    }
    expect(retained.memoryBytes).toBeLessThan(5 * 65_536);
  });

  it("that come and go leave memory and rows as they were", () => {
    const retained = new RetainedMessages();
    for (let round = 0; round < 5; round += 1) {
      for (let index = 0; index < 20_000; index += 1) retained.set(message(`t/${index}`, 100));
      for (let index = 0; index < 20_000; index += 1) retained.delete(`t/${index}`);
      expect(retained.memoryBytes).toBeLessThan(10 * 65_536);
    }
    expect(retained.tree.nodes.end).toBeLessThan(23_000);
  });
});

describe("ByteSlabs", () => {
  it("never give one byte to two pieces, and lose no more than they say", () => {
    const random = new SeededRandom(7);
    const slabs = new ByteSlabs();
    const pieces: { place: number; length: number; mark: number }[] = [];
    const fill = ({ place, length, mark }: (typeof pieces)[0]): void => {
      slabs.array(place).fill(mark, slabs.offset(place), slabs.offset(place) + length);
    };
    for (let operation = 0; operation < 30_000; operation += 1) {
      const length = 1 + random.below(random.pick([16, 200, 3_000, 12_000]));
      const piece = pieces.length > 0 ? random.pick(pieces) : undefined;
      const what = random.below(10);
      if (piece === undefined || what < 5) {
        const added = { place: slabs.take(length), length, mark: 1 + random.below(255) };
        pieces.push(added);
        fill(added);
        continue;
      }
      const found = slabs.array(piece.place).subarray(slabs.offset(piece.place));
      const own = found.subarray(0, piece.length);
      expect(own.every((byte) => byte === piece.mark)).toBe(true);
      if (what < 7) {
        piece.place = slabs.exchange(piece.place, piece.length, length);
        piece.length = length;
        fill(piece);
      } else {
        slabs.give(piece.place, piece.length);
        pieces.splice(pieces.indexOf(piece), 1);
      }
    }
    for (const { place, length } of pieces) slabs.give(place, length);
    expect(slabs.bytes).toBeLessThanOrEqual(50 * 65_536);
  });

  it("lose less than a fifth where all pieces stay", () => {
    for (const length of [30, 100, 119, 500, 1_000, 2_500, 5_000]) {
      const slabs = new ByteSlabs();
      const count = Math.ceil(4_000_000 / length);
      for (let index = 0; index < count; index += 1) slabs.take(length);
      expect(slabs.bytes / (count * length)).toBeLessThan(1.2 + 8 / length);
    }
  });
});
