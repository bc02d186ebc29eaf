import { mkdirSync } from "node:fs";
import { emptyTransaction, holdings, patternedBytes } from "@anax/server/contracts";
import { lmdbStore, openReadOnly, STORE_FORMAT } from "@anax/store-lmdb";
import type { LmdbReader } from "@anax/store-lmdb";
import { StoreError } from "@anax/server";
import type { StoreVisitor } from "@anax/server";
import { describe, expect, it } from "vitest";
import { openingFailure } from "../src/failures.ts";
import { ChildProgram } from "./support/child-program.ts";
import { withFolder } from "./support/folder.ts";
import { batchOf } from "./support/transactions.ts";

function positionsIn(reader: LmdbReader): number[] {
  const positions: number[] = [];
  const ignore = (): void => {};
  reader.visit({
    session: ignore,
    retained: ignore,
    batch: (position) => positions.push(position),
  });
  return positions;
}

describe("reading a store", () => {
  it("shows what it holds and how much that is, and leaves it free for a server", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path });
      await holdings(store);
      const sessions = new Map([[1, patternedBytes(5, 1)]]);
      const retained = new Map([["a/b", patternedBytes(5, 2)]]);
      await store.commit({ ...batchOf(3), sessions, retained });
      await store.close();
      const reader = await openReadOnly(path);
      expect(reader.description).toEqual({ format: STORE_FORMAT, createdBy: "@anax/store-lmdb" });
      const { usedBytes, fileBytes, ...counts } = reader.statistics();
      expect(counts).toEqual({ sessions: 1, retained: 1, batches: 1 });
      expect(usedBytes).toBeGreaterThan(0);
      expect(fileBytes).toBeGreaterThanOrEqual(usedBytes);
      expect(positionsIn(reader)).toEqual([3]);
      await reader.close();
      await reader.close();
      await holdings(store);
      await store.commit(batchOf(4));
      await store.close();
    }));

  it("says of a directory of somebody else that it cannot be read", () => {
    const denied = Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" });
    expect(openingFailure("data", denied, "read")).toMatchObject({
      code: "ANAX_STORE_UNREADABLE",
      message: "data cannot be read as a store: EACCES: permission denied",
    });
  });

  it("says in one line what LMDB finds damaged on the way, as the store does; other errors are the visitor's", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path });
      await holdings(store);
      await store.commit({ ...batchOf(3), sessions: new Map([[1, patternedBytes(5, 1)]]) });
      await store.close();
      const corrupted = Object.assign(new Error("MDB_CORRUPTED: Located page was wrong type"), {
        code: -30_796,
      });
      const own = new Error("my own");
      const throwing = (error: Error): StoreVisitor => {
        const raise = (): never => {
          throw error;
        };
        return { session: raise, retained: raise, batch: raise };
      };
      const reader = await openReadOnly(path);
      const text = `${path} cannot be read as a store: ${corrupted.message}`;
      expect(() => reader.visit(throwing(corrupted))).toThrow(
        new StoreError("ANAX_STORE_UNREADABLE", text),
      );
      expect(() => reader.visit(throwing(own))).toThrow(own);
      await reader.close();
      await expect(store.open(throwing(corrupted))).rejects.toThrow(text);
      await expect(store.open(throwing(own))).rejects.toThrow(own);
    }));

  it("works while a server uses it, and sees each time how things stand", () =>
    withFolder(async (path) => {
      const child = await ChildProgram.start("child-store.ts", [path, "disk"]);
      try {
        await child.wrote(20);
        const reader = await openReadOnly(path);
        const before = positionsIn(reader);
        expect([10, 11]).toContain(before.length);
        await child.wrote((before.at(-1) ?? 0) + 20);
        const after = positionsIn(reader);
        expect([10, 11]).toContain(after.length);
        expect(after).toEqual(after.map((_, index) => (after[0] ?? 0) + index));
        expect(after[0]).toBeGreaterThan(before.at(-1) ?? Infinity);
        await reader.close();
      } finally {
        await child.kill();
      }
    }));

  it("goes on in the file that it has opened while the store is compacted", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path });
      await holdings(store);
      await store.commit(batchOf(1));
      const reader = await openReadOnly(path);
      await store.compact();
      await store.commit(batchOf(2));
      expect(positionsIn(reader)).toEqual([1]);
      await reader.close();
      const again = await openReadOnly(path);
      expect(positionsIn(again)).toEqual([1, 2]);
      await again.close();
      await store.close();
    }));

  it("is refused where there is no store", () =>
    withFolder(async (path) => {
      await expect(openReadOnly(path)).rejects.toMatchObject({ code: "ANAX_STORE_UNREADABLE" });
      mkdirSync(path);
      await expect(openReadOnly(path)).rejects.toMatchObject({
        code: "ANAX_STORE_UNREADABLE",
        message: `there is no store in ${path}`,
      });
    }));

  it("shows the same as opening does", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path });
      await holdings(store);
      const long = "l".repeat(3_000);
      const retained = new Map([
        ["a", Uint8Array.of(1)],
        [long, Uint8Array.of(2)],
      ]);
      await store.commit({ ...emptyTransaction(), retained });
      await store.close();
      const reader = await openReadOnly(path);
      const topics: string[] = [];
      const ignore = (): void => {};
      reader.visit({ session: ignore, retained: (topic) => topics.push(topic), batch: ignore });
      expect(topics).toEqual(["a", long]);
      await reader.close();
    }));
});
