import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { emptyTransaction, holdings, patternedBytes } from "@anax/server/contracts";
import { lmdbStore, openReadOnly } from "@anax/store-lmdb";
import { describe, expect, it } from "vitest";
import { encodeRecord, isRecordBehind, RECORD_HEADER_BYTES } from "../src/log-record.ts";
import { LogSegment } from "../src/log-segment.ts";
import { withFolder } from "./support/folder.ts";
import { batchOf, deletionOf } from "./support/transactions.ts";

const SEGMENT_BYTES = 8_388_608;
const HEAD_BYTES = 8;
const unreadable = (text: string): object =>
  expect.objectContaining({
    code: "ANAX_STORE_UNREADABLE",
    message: expect.stringContaining(text),
  });

async function positionsIn(path: string): Promise<number[]> {
  const store = lmdbStore({ path });
  const { batches } = await holdings(store);
  await store.close();
  return batches.map(([position]) => position);
}

function logsIn(path: string): string[] {
  return readdirSync(path).filter((name) => name.endsWith(".batches"));
}

/** A store with batches 1 to `count` in its log, not closed in order: as a crash leaves it. */
async function crashed(path: string, count: number): Promise<string> {
  const store = lmdbStore({ path, durability: "process" });
  await holdings(store);
  for (let position = 1; position <= count; position += 1) await store.commit(batchOf(position));
  await store.close();
  return join(path, "anax-1.batches");
}

describe("a batch that is committed by itself", () => {
  it("goes to a file of the log, and one with rows or deletions does not", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path });
      await holdings(store);
      await store.commit({ ...batchOf(1), sessions: new Map([[1, Uint8Array.of(1)]]) });
      expect(logsIn(path)).toEqual([]);
      await store.commit(batchOf(2));
      await store.commit({ ...batchOf(3), ...deletionOf(9), batch: batchOf(3).batch });
      await store.commit(batchOf(4, 0));
      expect(logsIn(path)).toEqual(["anax-1.batches"]);
      for (const position of [1, 2, 3, 4]) expect(store.read(position)).toBeDefined();
      await store.close();
      expect(await positionsIn(path)).toEqual([1, 2, 3, 4]);
      const reader = await openReadOnly(path);
      expect(reader.statistics()).toMatchObject({ sessions: 1, batches: 4 });
      await reader.close();
    }));

  it.each(["disk", "process"] as const)("is for its owner only, durability %s", (durability) =>
    withFolder(async (path) => {
      const store = lmdbStore({ path, durability });
      await holdings(store);
      await store.commit(batchOf(1));
      await store.close();
      expect(statSync(join(path, "anax-1.batches")).mode & 0o077).toBe(0);
    }),
  );
});

describe("the log after a crash", () => {
  it("has all but the record that was cut off, wherever that was", () =>
    withFolder(async (path) => {
      const file = await crashed(path, 3);
      const whole = readFileSync(file);
      const record = RECORD_HEADER_BYTES + 100;
      for (const left of [0, 1, 4, RECORD_HEADER_BYTES, RECORD_HEADER_BYTES + 1, record - 1]) {
        writeFileSync(file, whole.subarray(0, HEAD_BYTES + 2 * record + left));
        expect(await positionsIn(path)).toEqual([1, 2]);
        // The same where the file had grown before, or something else stands there.
        appendFileSync(file, Buffer.alloc(5_000));
        expect(await positionsIn(path)).toEqual([1, 2]);
        appendFileSync(file, patternedBytes(5_000, 1));
        expect(await positionsIn(path)).toEqual([1, 2]);
      }
    }));

  it("goes on in another file, and keeps both", () =>
    withFolder(async (path) => {
      const file = await crashed(path, 3);
      truncateSync(file, statSync(file).size - 1);
      const store = lmdbStore({ path });
      await holdings(store);
      await store.commit(batchOf(3));
      await store.commit(batchOf(4));
      await store.close();
      expect(await positionsIn(path)).toEqual([1, 2, 3, 4]);
      expect(logsIn(path)).toEqual(["anax-1.batches", "anax-2.batches"]);
    }));

  it("is refused if a record before the last is damaged, and left as it is", () =>
    withFolder(async (path) => {
      const file = await crashed(path, 3);
      const whole = readFileSync(file);
      for (const at of [HEAD_BYTES, HEAD_BYTES + 5, HEAD_BYTES + RECORD_HEADER_BYTES + 50]) {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] ?? 0) ^ 1;
        writeFileSync(file, damaged);
        await expect(holdings(lmdbStore({ path }))).rejects.toEqual(
          unreadable("is damaged at 8 of"),
        );
        expect(readFileSync(file)).toEqual(damaged);
      }
    }));

  it("is refused if a file that was closed is cut off, damaged or missing", () =>
    withFolder(async (path) => {
      const file = await crashed(path, 3);
      const store = lmdbStore({ path });
      await holdings(store);
      await store.commit(batchOf(4));
      await store.close();
      const whole = readFileSync(file);
      truncateSync(file, whole.length - 1);
      const cutOff = unreadable("is damaged or cut off at 252 of 374 bytes");
      await expect(holdings(store)).rejects.toEqual(cutOff);
      writeFileSync(file, "something else");
      await expect(holdings(store)).rejects.toEqual(unreadable("is not a log of a store"));
      rmSync(file);
      await expect(holdings(store)).rejects.toEqual(unreadable("anax-1.batches is missing"));
      const reader = await openReadOnly(path);
      expect(() => reader.statistics()).toThrow(unreadable("a file of the log in"));
      await reader.close();
      writeFileSync(file, whole);
      expect(await positionsIn(path)).toEqual([1, 2, 3, 4]);
    }));

  it("deletes a file that does not count: it was begun, or given up, when the server ended", () =>
    withFolder(async (path) => {
      await crashed(path, 1);
      writeFileSync(join(path, "anax-2.batches"), "begun");
      expect(await positionsIn(path)).toEqual([1]);
      expect(logsIn(path)).toEqual(["anax-1.batches"]);
    }));

  it("shows a reader nothing that was added after the state of LMDB that it reads", () => {
    const batch = patternedBytes(10, 1);
    const records = [1, 1, 2, 1].map((epoch, index) =>
      encodeRecord({ position: index + 1, epoch, batch }, 7),
    );
    const bytes = Buffer.concat([Buffer.alloc(HEAD_BYTES), ...records]);
    const found: number[] = [];
    const segment = new LogSegment({ number: 1, path: "one.batches", salt: 7 });
    segment.load(bytes, Buffer.alloc(6), 1, (position) => found.push(position));
    expect(found).toEqual([1, 2]);
  });

  it("takes nothing that a client has sent for a record", () => {
    const inner = encodeRecord({ position: 2, epoch: 0, batch: patternedBytes(10, 1) }, 7);
    const outer = encodeRecord({ position: 1, epoch: 0, batch: inner }, 8);
    expect(isRecordBehind(outer, 0, 8)).toBe(false);
    expect(isRecordBehind(outer, 0, 7)).toBe(true);
  });
});

describe("a file of the log", () => {
  it("is deleted with the last batch in it, though it is written to", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path });
      await holdings(store);
      await store.commit(batchOf(1));
      await store.commit(batchOf(2));
      await store.commit(deletionOf(1));
      expect(logsIn(path)).toEqual(["anax-1.batches"]);
      await store.commit(deletionOf(2));
      expect(logsIn(path)).toEqual([]);
      await store.commit(batchOf(3));
      expect(logsIn(path)).toEqual(["anax-2.batches"]);
      await store.close();
      expect(await positionsIn(path)).toEqual([3]);
    }));

  it("is full some time, and given up when most of it is deleted: what is left moves", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path, durability: "process" });
      await holdings(store);
      const each = SEGMENT_BYTES / 16;
      for (let position = 1; position <= 20; position += 1) {
        await store.commit(batchOf(position, each));
      }
      expect(logsIn(path)).toEqual(["anax-1.batches", "anax-2.batches"]);
      await store.commit(deletionOf(1, 3, 5, 7));
      expect(logsIn(path)).toHaveLength(2);
      await store.commit(deletionOf(2, 4, 6, 8, 9, 11, 17));
      expect(logsIn(path)).toEqual(["anax-2.batches"]);
      const moved = store.read(10) ?? new Uint8Array(0);
      expect(Buffer.compare(moved, patternedBytes(each, 10))).toBe(0);
      expect(store.read(17)).toBeUndefined();
      await store.close();
      expect(await positionsIn(path)).toEqual([10, 12, 13, 14, 15, 16, 18, 19, 20]);
    }));

  it("that stays is emptied into the table, a part with each megabyte that is added", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path, durability: "process" });
      await holdings(store);
      const each = SEGMENT_BYTES / 16;
      for (let position = 1; position <= 64; position += 1) {
        await store.commit(batchOf(position, position % 16 === 0 ? each : each - 1_000));
      }
      expect(logsIn(path).length).toBeLessThanOrEqual(4);
      for (let position = 65; position <= 84; position += 1) {
        await store.commit(batchOf(position, each));
      }
      expect(logsIn(path)).not.toContain("anax-1.batches");
      expect(Buffer.compare(store.read(5) ?? Buffer.of(), patternedBytes(each - 1_000, 5))).toBe(0);
      await store.close();
      expect(await positionsIn(path)).toEqual(Array.from({ length: 84 }, (_, index) => index + 1));
    }));

  it("is read again and again, also while it grows", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path, durability: "process" });
      await holdings(store);
      for (let position = 1; position <= 300; position += 1) {
        await store.commit(batchOf(position, position * 10));
        const old = Math.ceil(position / 2);
        const expected = old % 50 === 0 ? undefined : patternedBytes(old * 10, old);
        expect(store.read(old)).toEqual(expected);
        if (position % 50 === 0) await store.commit(deletionOf(position));
      }
      await store.close();
    }));

  it("grows by room that is synced once, not with each batch", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path });
      await holdings(store);
      const sizes = new Set<number>();
      for (let position = 1; position <= 20; position += 1) {
        await store.commit(batchOf(position));
        sizes.add(statSync(join(path, "anax-1.batches")).size);
      }
      expect(sizes.size).toBe(1);
      await store.close();
      expect(await positionsIn(path)).toHaveLength(20);
    }));
});

describe("reading the log while a server goes on", () => {
  it("shows one moment, before and after it was compacted", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path });
      await holdings(store);
      await store.commit(batchOf(1));
      await store.commit({ ...batchOf(2), sessions: new Map([[1, Uint8Array.of(1)]]) });
      await store.commit(batchOf(3));
      const reader = await openReadOnly(path);
      const positions = (): number[] => {
        const found: number[] = [];
        const ignore = (): void => {};
        const batch = (position: number): number => found.push(position);
        reader.visit({ session: ignore, retained: ignore, batch });
        return found;
      };
      expect(positions()).toEqual([1, 2, 3]);
      await store.commit(batchOf(4));
      expect(positions()).toEqual([1, 2, 3, 4]);
      await store.commit({ ...emptyTransaction(), deletedBatches: [1] });
      expect(positions()).toEqual([2, 3, 4]);
      await store.compact();
      await store.commit(batchOf(5));
      expect(positions()).toEqual([2, 3, 4]);
      await store.commit(deletionOf(2, 3, 4, 5));
      expect(positions).toThrow(unreadable("open it again"));
      await reader.close();
      await store.close();
      expect(existsSync(join(path, "anax-1.batches"))).toBe(false);
    }));
});
