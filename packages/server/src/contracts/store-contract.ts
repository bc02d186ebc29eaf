import assert from "node:assert/strict";
import { StoreError } from "../ports/store.ts";
import type { StoreTransaction } from "../ports/store.ts";
import { batchIn, emptyTransaction, holdings, patternedBytes, reopened } from "./store-holdings.ts";
import type { StoreMedium } from "./store-holdings.ts";

/** One thing that every store has to do. `run` rejects if the stores of an empty medium do not. */
export interface StoreContractCheck {
  readonly name: string;
  run(medium: StoreMedium): Promise<void>;
}

/** Sizes that pages, buffers and lengths of 8, 16 or 24 bits tend to stumble over. */
const SIZES = [0, 1, 255, 256, 2_038, 2_039, 4_080, 4_096, 65_535, 65_536, 1_048_577];
const LARGE = 16 * 1_048_576;
const MANY = 20_000;
const LAST = Number.MAX_SAFE_INTEGER;

/** Topics that are legal and yet break what is built without care. */
const ODD_TOPICS: readonly string[] = [
  "/",
  "a",
  "a/",
  "//",
  "\u0001",
  "__proto__",
  "constructor",
  "toString",
  "$SYS/x",
  "plants/Käfer/🪲",
  "\u00e9",
  "e\u0301",
  "\uffff",
  "t".repeat(500),
  "t".repeat(2_000),
  "t".repeat(65_535),
  `${"t".repeat(65_534)}u`,
  "🪲".repeat(16_383),
];

/**
 * What every store promises, as checks without a test framework. Give each check an empty medium of its own:
 *
 *     for (const { name, run } of STORE_CONTRACT) test(name, () => run(mediumIn(emptyFolder())));
 */
export const STORE_CONTRACT: readonly StoreContractCheck[] = [
  {
    name: "an empty store opens and holds nothing",
    async run(medium) {
      const store = medium.newStore();
      assert.deepEqual(await holdings(store), { sessions: [], retained: [], batches: [] });
      assert.equal(store.read(0), undefined);
      await store.close();
    },
  },
  {
    name: "what was committed is there after the store was opened again, and nothing else",
    async run(medium) {
      const store = medium.newStore();
      await holdings(store);
      await store.commit({
        batch: { position: 1, bytes: patternedBytes(100, 1) },
        deletedBatches: [],
        sessions: new Map([[7, patternedBytes(10, 2)]]),
        retained: new Map([["a/b", patternedBytes(20, 3)]]),
      });
      await store.close();
      assert.deepEqual(await reopened(medium), {
        sessions: [[7, patternedBytes(10, 2)]],
        retained: [["a/b", patternedBytes(20, 3)]],
        batches: [[1, patternedBytes(100, 1)]],
      });
    },
  },
  {
    name: "opening gives sessions, then retained messages, then batches",
    async run(medium) {
      const store = medium.newStore();
      await holdings(store);
      await store.commit(rowsAndBatch(1));
      await store.commit(rowsAndBatch(2));
      await store.close();
      const order: string[] = [];
      const again = medium.newStore();
      await again.open({
        session: () => order.push("session"),
        retained: () => order.push("retained"),
        batch: () => order.push("batch"),
      });
      await again.close();
      const expected = ["session", "session", "retained", "retained", "batch", "batch"];
      assert.deepEqual(order, expected);
    },
  },
  {
    name: "batches come in the order of their positions, however far apart those are",
    async run(medium) {
      const positions = [
        0,
        1,
        9,
        10,
        255,
        256,
        65_536,
        2 ** 31,
        2 ** 32,
        2 ** 32 + 1,
        2 ** 48,
        LAST,
      ];
      const store = medium.newStore();
      await holdings(store);
      for (const position of positions) await store.commit(batchAt(position));
      for (const position of positions) {
        assert.deepEqual(batchIn(store, position), patternedBytes(16, position));
      }
      await store.close();
      const { batches } = await reopened(medium);
      assert.deepEqual(
        batches.map(([position]) => position),
        positions,
      );
    },
  },
  {
    name: "a committed batch can be read at once, a deleted or unknown one cannot",
    async run(medium) {
      const store = medium.newStore();
      await holdings(store);
      await store.commit(batchAt(1));
      await store.commit(batchAt(2));
      assert.deepEqual(batchIn(store, 1), patternedBytes(16, 1));
      await store.commit({ ...emptyTransaction(), deletedBatches: [1] });
      assert.equal(store.read(1), undefined);
      assert.deepEqual(batchIn(store, 2), patternedBytes(16, 2));
      assert.equal(store.read(3), undefined);
      await store.close();
      assert.equal(store.read(2), undefined);
      assert.deepEqual((await reopened(medium)).batches, [[2, patternedBytes(16, 2)]]);
    },
  },
  {
    name: "rows are replaced and deleted, and deleting what is not there does nothing",
    async run(medium) {
      const store = medium.newStore();
      await holdings(store);
      await store.commit(rowsAndBatch(1));
      await store.commit(rowsAndBatch(2));
      await store.commit({
        batch: undefined,
        deletedBatches: [1, 77],
        sessions: new Map([
          [1, patternedBytes(3, 9)],
          [2, undefined],
          [78, undefined],
        ]),
        retained: new Map([
          ["topic/1", undefined],
          ["topic/2", patternedBytes(4, 9)],
          ["never", undefined],
        ]),
      });
      await store.close();
      assert.deepEqual(await reopened(medium), {
        sessions: [[1, patternedBytes(3, 9)]],
        retained: [["topic/2", patternedBytes(4, 9)]],
        batches: [[2, patternedBytes(16, 2)]],
      });
    },
  },
  {
    name: "a transaction adds a batch and deletes others at once",
    async run(medium) {
      const store = medium.newStore();
      await holdings(store);
      for (let position = 1; position <= 50; position += 1) {
        const deletedBatches = position > 5 ? [position - 5] : [];
        await store.commit({ ...batchAt(position), deletedBatches });
      }
      await store.close();
      const { batches } = await reopened(medium);
      assert.deepEqual(
        batches.map(([position]) => position),
        [46, 47, 48, 49, 50],
      );
    },
  },
  {
    name: "an empty transaction is no fault",
    async run(medium) {
      const store = medium.newStore();
      await holdings(store);
      await store.commit(emptyTransaction());
      await store.commit(batchAt(1));
      await store.commit(emptyTransaction());
      await store.close();
      assert.deepEqual((await reopened(medium)).batches, [[1, patternedBytes(16, 1)]]);
    },
  },
  {
    name: "rows and batches keep every byte at every size",
    async run(medium) {
      const store = medium.newStore();
      await holdings(store);
      const sessions = new Map(SIZES.map((size, key) => [key, patternedBytes(size, key)]));
      const retained = new Map(SIZES.map((size) => [`size/${size}`, patternedBytes(size, size)]));
      await store.commit({ ...emptyTransaction(), sessions, retained });
      for (const size of SIZES) {
        const batch = { position: size, bytes: patternedBytes(size, size) };
        await store.commit({ ...emptyTransaction(), batch });
        assert.deepEqual(batchIn(store, size), patternedBytes(size, size));
      }
      await store.close();
      const found = await reopened(medium);
      assert.deepEqual(new Map(found.sessions), sessions);
      assert.deepEqual(new Map(found.retained), retained);
      assert.deepEqual(
        found.batches,
        SIZES.map((size) => [size, patternedBytes(size, size)]),
      );
    },
  },
  {
    name: "a batch of 16 MB is committed, read and deleted",
    async run(medium) {
      const store = medium.newStore();
      await holdings(store);
      const bytes = patternedBytes(LARGE, 5);
      await store.commit({ ...emptyTransaction(), batch: { position: 1, bytes } });
      assert.ok(Buffer.compare(store.read(1) ?? new Uint8Array(0), bytes) === 0);
      const full = store.bytes;
      await store.commit({ ...batchAt(2), deletedBatches: [1] });
      assert.ok(store.bytes < full / 2, `${store.bytes} bytes of ${full} are still taken`);
      await store.close();
      assert.deepEqual((await reopened(medium)).batches, [[2, patternedBytes(16, 2)]]);
    },
  },
  {
    name: "topics of every kind are kept apart and given back as they were",
    async run(medium) {
      const store = medium.newStore();
      await holdings(store);
      const rows = new Map(ODD_TOPICS.map((topic, index) => [topic, patternedBytes(index, index)]));
      await store.commit({ ...emptyTransaction(), retained: rows });
      await store.close();
      assert.deepEqual(new Map((await reopened(medium)).retained), rows);
      const again = medium.newStore();
      await holdings(again);
      const changes = ODD_TOPICS.map(
        (topic, index) => [topic, index % 2 === 0 ? undefined : patternedBytes(9, index)] as const,
      );
      await again.commit({ ...emptyTransaction(), retained: new Map(changes) });
      await again.close();
      const left = changes.filter(([, row]) => row !== undefined);
      assert.deepEqual(new Map((await reopened(medium)).retained), new Map(left));
    },
  },
  {
    name: "many rows are written and deleted in one transaction",
    async run(medium) {
      const store = medium.newStore();
      await holdings(store);
      const keys = Array.from({ length: MANY }, (_, index) => index);
      const sessions = new Map(keys.map((key) => [key * 1_000_003, patternedBytes(20, key)]));
      const retained = new Map(keys.map((key) => [`many/${key}/x`, patternedBytes(20, key)]));
      await store.commit({ ...emptyTransaction(), sessions, retained });
      const full = store.bytes;
      const even = keys.filter((key) => key % 2 === 0);
      await store.commit({
        ...emptyTransaction(),
        sessions: new Map(even.map((key) => [key * 1_000_003, undefined])),
        retained: new Map(even.map((key) => [`many/${key}/x`, undefined])),
      });
      assert.ok(store.bytes < full, `${store.bytes} bytes of ${full} are still taken`);
      await store.close();
      const found = await reopened(medium);
      for (const key of even) {
        sessions.delete(key * 1_000_003);
        retained.delete(`many/${key}/x`);
      }
      assert.deepEqual(new Map(found.sessions), sessions);
      assert.deepEqual(new Map(found.retained), retained);
    },
  },
  {
    name: "what is committed is a copy: the caller may reuse the bytes afterwards",
    async run(medium) {
      const store = medium.newStore();
      await holdings(store);
      const bytes = patternedBytes(5_000, 1);
      const transaction = {
        batch: { position: 1, bytes: bytes.subarray(100, 200) },
        deletedBatches: [],
        sessions: new Map([[1, bytes.subarray(200, 300)]]),
        retained: new Map([["a", bytes.subarray(300, 400)]]),
      };
      await store.commit(transaction);
      bytes.fill(0);
      const original = patternedBytes(5_000, 1);
      assert.deepEqual(batchIn(store, 1), original.slice(100, 200));
      await store.close();
      assert.deepEqual(await reopened(medium), {
        sessions: [[1, original.slice(200, 300)]],
        retained: [["a", original.slice(300, 400)]],
        batches: [[1, original.slice(100, 200)]],
      });
    },
  },
  {
    name: "what a store takes goes back to near nothing when everything is deleted",
    async run(medium) {
      const store = medium.newStore();
      await holdings(store);
      for (let position = 1; position <= 64; position += 1) {
        const batch = { position, bytes: patternedBytes(65_536, position) };
        await store.commit({ ...emptyTransaction(), batch });
      }
      const full = store.bytes;
      assert.ok(full >= 64 * 65_536, `${full} bytes cannot hold what was committed`);
      const deletedBatches = Array.from({ length: 64 }, (_, index) => index + 1);
      await store.commit({ ...emptyTransaction(), deletedBatches });
      assert.ok(store.bytes <= full / 20, `${store.bytes} bytes of ${full} are still taken`);
      await store.close();
    },
  },
  {
    name: "a second store on an open medium is refused, and takes over once the first is closed",
    async run(medium) {
      const first = medium.newStore();
      await holdings(first);
      await first.commit(batchAt(1));
      const second = medium.newStore();
      await assert.rejects(holdings(second), isInUse);
      await second.close();
      await first.commit(batchAt(2));
      await first.close();
      const { batches } = await holdings(second);
      assert.deepEqual(
        batches.map(([position]) => position),
        [1, 2],
      );
      await assert.rejects(holdings(first), isInUse);
      await second.close();
    },
  },
  {
    name: "a closed store refuses commits, closes again without harm and can be opened again",
    async run(medium) {
      const store = medium.newStore();
      await assert.rejects(store.commit(batchAt(1)), isFailed);
      await store.close();
      await holdings(store);
      await store.commit(batchAt(1));
      await Promise.all([store.close(), store.close()]);
      await store.close();
      await assert.rejects(store.commit(batchAt(2)), isFailed);
      assert.equal((await holdings(store)).batches.length, 1);
      await store.commit(batchAt(2));
      await store.close();
      assert.equal((await reopened(medium)).batches.length, 2);
    },
  },
  {
    name: "closing waits for the commit that is under way",
    async run(medium) {
      const store = medium.newStore();
      await holdings(store);
      const committed = store.commit(batchAt(1));
      await store.close();
      await committed;
      assert.deepEqual((await reopened(medium)).batches, [[1, patternedBytes(16, 1)]]);
    },
  },
  {
    name: "a full checkpoint leaves what the store holds as it is, and frees a log of what was before",
    async run(medium) {
      const store = medium.newStore();
      await holdings(store);
      for (let position = 1; position <= 9; position += 1) await store.commit(largeBatch(position));
      await store.commit({ ...rowsAndBatch(10), fullCheckpoint: "begins" });
      // What was just begun is not for this checkpoint, which begins anew after a restart.
      await store.close();
      const again = medium.newStore();
      await holdings(again);
      await again.commit({ ...rowsAndBatch(11), fullCheckpoint: "begins" });
      await again.commit(rowsAndBatch(12));
      const before = again.logBytes ?? 0;
      const gone = Array.from({ length: 10 }, (_, index) => index + 1);
      const rows = {
        sessions: new Map([[10, undefined]]),
        retained: new Map([["topic/10", undefined]]),
      };
      await again.commit({
        ...rowsAndBatch(13),
        ...rows,
        deletedBatches: gone,
        fullCheckpoint: "ends",
      });
      const after = again.logBytes ?? 0;
      assert.ok(
        before === 0 || after < before / 2,
        `the log had ${before} bytes, and has ${after}`,
      );
      await again.commit(rowsAndBatch(14));
      await again.close();
      const found = await reopened(medium);
      const numbers = [11, 12, 14];
      assert.deepEqual(found, {
        sessions: numbers.map((number) => [number, patternedBytes(8, number)]),
        retained: numbers.map((number) => [`topic/${number}`, patternedBytes(8, number)]),
        batches: [11, 12, 13, 14].map((position) => [position, patternedBytes(16, position)]),
      });
    },
  },
  {
    name: "a visitor that throws fails the opening, and the medium is free again",
    async run(medium) {
      const store = medium.newStore();
      await holdings(store);
      await store.commit(batchAt(1));
      await store.close();
      const fault = new Error("this batch makes no sense");
      const broken = medium.newStore();
      const ignore = (): void => {};
      const batch = (): never => {
        throw fault;
      };
      await assert.rejects(broken.open({ session: ignore, retained: ignore, batch }), fault);
      assert.equal((await reopened(medium)).batches.length, 1);
      await broken.close();
    },
  },
];

function batchAt(position: number): StoreTransaction {
  return { ...emptyTransaction(), batch: { position, bytes: patternedBytes(16, position) } };
}

function largeBatch(position: number): StoreTransaction {
  return { ...emptyTransaction(), batch: { position, bytes: patternedBytes(1_000, position) } };
}

function rowsAndBatch(number: number): StoreTransaction {
  return {
    ...batchAt(number),
    sessions: new Map([[number, patternedBytes(8, number)]]),
    retained: new Map([[`topic/${number}`, patternedBytes(8, number)]]),
  };
}

function isInUse(error: unknown): boolean {
  return error instanceof StoreError && error.code === "ANAX_STORE_IN_USE";
}

function isFailed(error: unknown): boolean {
  return error instanceof StoreError && error.code === "ANAX_STORE_FAILED";
}
