import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { emptyTransaction, holdings, patternedBytes } from "@anax/server/contracts";
import { lmdbStore, openReadOnly, STORE_FORMAT } from "@anax/store-lmdb";
import type { LmdbStoreOptions } from "@anax/store-lmdb";
import { open } from "lmdb";
import { describe, expect, it } from "vitest";
import { LmdbStore } from "../src/lmdb-store.ts";
import { withFolder } from "./support/folder.ts";
import { batchOf, deletionOf } from "./support/transactions.ts";

const MEGABYTE = 1_048_576;

describe("options of a store", () => {
  it.each([
    [{ path: "" }, 'path is ""; it must be the name of a directory'],
    [{ path: 5 }, "path is 5; it must be the name of a directory"],
    [{}, "path is undefined; it must be the name of a directory"],
    [{ path: "a\0b" }, 'path is "a\\u0000b"; it must be the name of a directory'],
    [
      { path: "a", durability: "memory" },
      'durability is "memory"; an LMDB store gives "disk" or "process"',
    ],
    [{ path: "a", bytesMax: 0 }, "bytesMax is 0; it must be a number above 0"],
    [{ path: "a", bytesMax: -5 }, "bytesMax is -5; it must be a number above 0"],
    [{ path: "a", bytesMax: Number.NaN }, "bytesMax is NaN; it must be a number above 0"],
    [{ path: "a", bytesMax: "1m" }, 'bytesMax is "1m"; it must be a number above 0'],
    [{ path: "a", durabilty: "disk" }, 'unknown option "durabilty" of an LMDB store'],
  ])("are refused with their value: %j", (options, message) => {
    const wrong: unknown = options;
    const make = (): LmdbStore => lmdbStore(wrong as LmdbStoreOptions);
    expect(make).toThrowError(expect.objectContaining({ code: "ANAX_CONFIGURATION", message }));
  });

  it("may be undefined where they have a default", () => {
    const wrong: unknown = { path: "a", durability: undefined, bytesMax: undefined };
    expect(lmdbStore(wrong as LmdbStoreOptions).durability).toBe("disk");
  });
});

describe("the directory of a store", () => {
  it("is made for its owner only", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path: join(path, "deep", "er") });
      await holdings(store);
      expect(statSync(store.path).mode & 0o777).toBe(0o700);
      const modes = readdirSync(store.path).map((name) => statSync(join(store.path, name)).mode);
      expect(modes.map((mode) => mode & 0o077)).toEqual(modes.map(() => 0));
      await store.close();
    }));

  it("has files for its owner only, after compacting too", () =>
    withFolder(async (path) => {
      mkdirSync(path, { mode: 0o755 });
      const store = lmdbStore({ path });
      await holdings(store);
      await store.commit(batchOf(1));
      await store.compact();
      const files = readdirSync(path).map((name) => [
        name,
        statSync(join(path, name)).mode & 0o077,
      ]);
      expect(files).toEqual(files.map(([name]) => [name, 0]));
      await store.close();
    }));

  it("is refused where the system lets nobody make one, at once", () =>
    withFolder(async (path) => {
      writeFileSync(path, "");
      const below = (directory: string): Promise<unknown> =>
        holdings(lmdbStore({ path: directory }));
      await expect(below(join(path, "a", "b"))).rejects.toMatchObject({
        code: "ANAX_STORE_UNREADABLE",
        message: `${path} is not a directory`,
      });
      if (process.platform !== "linux") return;
      // The system says that /proc is not there when something is to be made in it.
      await expect(below("/proc/anax/data")).rejects.toMatchObject({
        code: "ANAX_STORE_UNWRITABLE",
        message: "/proc/anax cannot be made there",
      });
    }));

  it("is refused if it is a file", () =>
    withFolder(async (path) => {
      writeFileSync(path, "");
      const refusal = { code: "ANAX_STORE_UNREADABLE", message: `${path} is not a directory` };
      await expect(holdings(lmdbStore({ path }))).rejects.toMatchObject(refusal);
    }));

  it.skipIf(process.getuid?.() === 0)("is refused if it cannot be written", () =>
    withFolder(async (path) => {
      mkdirSync(path);
      chmodSync(path, 0o500);
      const refusal = { code: "ANAX_STORE_UNWRITABLE" };
      await expect(holdings(lmdbStore({ path }))).rejects.toMatchObject(refusal);
      chmodSync(path, 0o700);
    }),
  );

  it("may hold other files, which stay", () =>
    withFolder(async (path) => {
      mkdirSync(path);
      writeFileSync(join(path, "notes.txt"), "mine");
      const store = lmdbStore({ path });
      await holdings(store);
      await store.compact();
      await store.close();
      expect(existsSync(join(path, "notes.txt"))).toBe(true);
    }));
});

describe("the file of a store", () => {
  it("is refused if its format is newer, and left as it is", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path });
      await holdings(store);
      await store.close();
      await setFormat(path, String(STORE_FORMAT + 1));
      const message = `${path} has format ${STORE_FORMAT + 1}, and this version of Anax reads up to ${STORE_FORMAT}`;
      const refusal = { code: "ANAX_STORE_FORMAT", message };
      await expect(holdings(lmdbStore({ path }))).rejects.toMatchObject(refusal);
      await setFormat(path, String(STORE_FORMAT));
      await holdings(store);
      await store.close();
    }));

  it.each(["0", "-1", "1.5", "next"])("is refused if its format is none: %s", (format) =>
    withFolder(async (path) => {
      const store = lmdbStore({ path });
      await holdings(store);
      await store.close();
      await setFormat(path, format);
      const message = `${path} has a format that is no number from 1, and this version of Anax reads up to ${STORE_FORMAT}`;
      const refusal = { code: "ANAX_STORE_FORMAT", message };
      await expect(holdings(lmdbStore({ path }))).rejects.toMatchObject(refusal);
    }),
  );

  it("says its new format as soon as a newer version has opened it", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path });
      await holdings(store);
      await store.close();
      await setFormat(path, "1");
      await holdings(store);
      await store.close();
      const reader = await openReadOnly(path);
      expect(reader.description.format).toBe(STORE_FORMAT);
      await reader.close();
    }));

  it("is refused if it is something else", () =>
    withFolder(async (path) => {
      mkdirSync(path);
      writeFileSync(join(path, "anax-1.mdb"), patternedBytes(50_000, 1));
      const refusal = { code: "ANAX_STORE_UNREADABLE" };
      await expect(holdings(lmdbStore({ path }))).rejects.toMatchObject(refusal);
    }));

  it("is refused if it is cut off", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path });
      await holdings(store);
      for (let position = 1; position <= 20; position += 1) {
        const sessions = new Map([[position, patternedBytes(50_000, position)]]);
        await store.commit({ ...emptyTransaction(), sessions });
      }
      await store.close();
      truncateSync(join(path, "anax-1.mdb"), 200_000);
      const refusal = {
        code: "ANAX_STORE_UNREADABLE",
        message: expect.stringContaining("cut off"),
      };
      await expect(holdings(store)).rejects.toMatchObject(refusal);
    }));

  it("stays small under steady commits and deletions", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path, durability: "process" });
      await holdings(store);
      for (let position = 1; position <= 1_000; position += 1) {
        const { batch } = batchOf(position, 65_536);
        await store.commit({ ...deletionOf(Math.max(0, position - 20)), batch });
      }
      expect(store.fileBytes).toBeLessThan(5 * MEGABYTE);
      await store.close();
    }));

  it("shrinks by itself when a lot of it is deleted", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path, durability: "process" });
      await holdings(store);
      const positions = Array.from({ length: 70 }, (_, index) => index + 1);
      for (const position of positions) await store.commit(batchOf(position, MEGABYTE));
      expect(store.fileBytes).toBeGreaterThan(70 * MEGABYTE);
      await store.commit(deletionOf(...positions.slice(3)));
      expect(store.fileBytes).toBeLessThan(5 * MEGABYTE);
      await store.commit(batchOf(71));
      await store.close();
      const found = await holdings(store);
      expect(found.batches.map(([position]) => position)).toEqual([1, 2, 3, 71]);
      await store.close();
    }));
});

describe("compacting", () => {
  it("keeps everything and gives the rest back", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path });
      await holdings(store);
      for (let position = 1; position <= 40; position += 1) {
        await store.commit(batchOf(position, 100_000));
      }
      const retained = new Map([["t".repeat(9_000), patternedBytes(7, 7)]]);
      const sessions = new Map([[1, patternedBytes(8, 8)]]);
      await store.commit({ ...emptyTransaction(), sessions, retained });
      await store.commit(deletionOf(...Array.from({ length: 38 }, (_, index) => index + 1)));
      const before = store.fileBytes;
      await store.compact();
      expect(store.fileBytes).toBeLessThan(before / 5);
      expect(store.read(40)?.length).toBe(100_000);
      await store.commit(batchOf(41));
      await store.close();
      const found = await holdings(store);
      expect(found.batches.map(([position]) => position)).toEqual([39, 40, 41]);
      expect(found.retained).toEqual([...retained]);
      expect(found.sessions).toEqual([...sessions]);
      await store.close();
    }));

  it("goes on with the last whole file after a crash at any point", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path });
      await holdings(store);
      await store.commit(batchOf(1));
      await store.compact();
      await store.commit(batchOf(2));
      await store.close();
      // A copy that was not finished, and a file that a crash has kept from being deleted.
      writeFileSync(join(path, "anax-3.copy"), "half of i");
      writeFileSync(join(path, "anax-1.mdb"), "old");
      const found = await holdings(store);
      expect(found.batches.map(([position]) => position)).toEqual([1, 2]);
      await store.close();
      const data = readdirSync(path).filter((name) => /mdb$|copy$/.test(name));
      expect(data).toEqual(["anax-2.mdb"]);
    }));

  it("goes on with the file as it is if the copy cannot be written", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path });
      await holdings(store);
      await store.commit(batchOf(1));
      mkdirSync(join(path, "anax-2.copy"));
      await expect(store.compact()).rejects.toMatchObject({
        code: expect.stringMatching(/^ANAX_/),
      });
      await store.commit(batchOf(2));
      await store.close();
      expect((await holdings(store)).batches).toHaveLength(2);
      await store.close();
    }));

  it("waits for commits, and commits for it", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path });
      await holdings(store);
      await Promise.all([store.commit(batchOf(1)), store.compact(), store.commit(batchOf(2))]);
      await store.close();
      expect((await holdings(store)).batches).toHaveLength(2);
      await store.close();
    }));
});

describe("a transaction that makes no sense", () => {
  it("is refused as a whole and does no harm", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path });
      await holdings(store);
      const sessions = new Map([[-1, Uint8Array.of(1)]]);
      await expect(store.commit({ ...batchOf(1), sessions })).rejects.toThrow("-1 is no key");
      await expect(store.commit(batchOf(1.5))).rejects.toThrow(RangeError);
      await store.commit(batchOf(2));
      await store.close();
      expect((await holdings(store)).batches.map(([position]) => position)).toEqual([2]);
      await store.close();
    }));
});

describe("topics with the same hash", () => {
  it("are kept apart", () =>
    withFolder(async (path) => {
      const sameForAll = (): Uint8Array => Uint8Array.of(1, 2, 3);
      const store = new LmdbStore({ path }, sameForAll);
      await holdings(store);
      const [first, second, third] = ["a", "b", "c"].map((letter) => letter.repeat(1_000));
      const put = (topic = "", row?: Uint8Array) => new Map([[topic, row]]);
      const retained = new Map([
        [first ?? "", Uint8Array.of(1)],
        [second ?? "", Uint8Array.of(2)],
      ]);
      await store.commit({ ...emptyTransaction(), retained });
      await store.commit({ ...emptyTransaction(), retained: put(third, Uint8Array.of(3)) });
      await store.commit({ ...emptyTransaction(), retained: put(first) });
      await store.commit({ ...emptyTransaction(), retained: put(second, Uint8Array.of(9)) });
      await store.close();
      expect((await holdings(store)).retained).toEqual([
        [second, Uint8Array.of(9)],
        [third, Uint8Array.of(3)],
      ]);
      await store.close();
    }));
});

describe("a store that may take so many bytes", () => {
  it("refuses what is more, keeps what it has, and goes on when there is room again", () =>
    withFolder(async (path) => {
      const store = lmdbStore({ path, bytesMax: 300_000 });
      await holdings(store);
      await store.commit(batchOf(1, 200_000));
      const refusal = { code: "ANAX_STORE_FULL", message: expect.stringContaining("300000") };
      await expect(store.commit(batchOf(2, 200_000))).rejects.toMatchObject(refusal);
      expect(store.read(1)?.length).toBe(200_000);
      expect(store.read(2)).toBeUndefined();
      await store.commit(deletionOf(1));
      await store.commit(batchOf(2, 200_000));
      await store.close();
      expect((await holdings(store)).batches).toHaveLength(1);
      await store.close();
    }));
});

/** Writes another format into a store that nobody has open. */
async function setFormat(path: string, format: string): Promise<void> {
  const options = { encoding: "binary", keyEncoding: "binary", overlappingSync: false } as const;
  const root = open({ ...options, path: join(path, "anax-1.mdb") });
  const meta = root.openDB("meta", options);
  await meta.put(Buffer.from("format"), Buffer.from(format));
  await root.close();
}
