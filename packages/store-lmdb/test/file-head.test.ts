import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { holdings } from "@anax/server/contracts";
import { lmdbStore, openReadOnly, STORE_FORMAT } from "@anax/store-lmdb";
import { describe, expect, it } from "vitest";
import { ChildProgram } from "./support/child-program.ts";
import { withFolder } from "./support/folder.ts";

const FIXTURE = join(import.meta.dirname, "fixtures/format-1");
const WHOLE = new Uint8Array(readFileSync(join(FIXTURE, "anax-1.mdb")));
const PAGE_BYTES = 4_096;
/** Damaged files that are tried: each is a copy, a look and some commits. */
const SEEDS = 300;
const TIMEOUT_MS = 120_000;

/** A change of the file's bytes. */
type Damage = (view: DataView, bytes: Uint8Array) => Uint8Array | void;

/** What a server and a reader say of a damaged file. */
async function refusals(damage: Damage): Promise<unknown[]> {
  return withFolder(async (path) => {
    mkdirSync(path);
    const file = join(path, "anax-1.mdb");
    const bytes = new Uint8Array(WHOLE);
    writeFileSync(file, damage(new DataView(bytes.buffer), bytes) ?? bytes);
    const outcomes = [holdings(lmdbStore({ path })), openReadOnly(path)];
    return Promise.all(
      outcomes.map(async (outcome) => {
        const error: unknown = await outcome.then(
          () => "opened",
          (reason: unknown) => reason,
        );
        if (!(error instanceof Error)) return error;
        expect(error).toMatchObject({ code: "ANAX_STORE_UNREADABLE" });
        return error.message.replace(file, "FILE");
      }),
    );
  });
}

/** Writes a number into both meta pages. */
function inBoth(write: (view: DataView, page: number) => void): Damage {
  return (view) => {
    for (const page of [0, PAGE_BYTES]) write(view, page);
  };
}

describe("the head of a file", () => {
  const latest = 1 * PAGE_BYTES;
  const cases: readonly [name: string, damage: Damage, text: string][] = [
    ["nothing", () => new Uint8Array(0), "FILE is not a file of LMDB"],
    ["zeros", (_, bytes) => void bytes.fill(0), "FILE is not a file of LMDB"],
    ["some text", () => Buffer.from("hello\n"), "FILE is not a file of LMDB"],
    [
      "another version of LMDB's format",
      inBoth((view, page) => view.setUint32(page + 28, 1, true)),
      "FILE has version 1 of LMDB's format, and this version of Anax reads 2",
    ],
    [
      "another order of bytes",
      inBoth((view, page) => view.setUint32(page + 24, 0xbeef_c0de, false)),
      "FILE was written on a machine with another order of bytes",
    ],
    [
      "an impossible page size",
      inBoth((view, page) => view.setUint32(page + 48, 5_000, true)),
      "FILE is damaged: its pages have 5000 bytes",
    ],
    [
      "two page sizes",
      (view, bytes) => {
        bytes.copyWithin(8_192, PAGE_BYTES, PAGE_BYTES + 168);
        view.setUint32(48, 8_192, true);
      },
      "FILE is damaged: its pages have two sizes",
    ],
    [
      "no second meta page",
      (_, bytes) => void bytes.fill(0, PAGE_BYTES, 2 * PAGE_BYTES),
      "FILE is damaged: its second page is not of LMDB",
    ],
    [
      "only one page",
      (_, bytes) => bytes.subarray(0, PAGE_BYTES),
      "FILE is damaged: its second page is not of LMDB",
    ],
    [
      "a root beyond the end",
      (view) => view.setBigUint64(latest + 136, 1_000n, true),
      "FILE is damaged: meta page 1 contradicts itself",
    ],
    [
      "a root that is another page",
      (view) => view.setBigUint64(latest + 136, 2n, true),
      "FILE is damaged: page 2 is not the root that it should be",
    ],
    [
      "noise in a page below a root",
      (_, bytes) => void bytes.fill(0x5a, 20 * PAGE_BYTES, 21 * PAGE_BYTES),
      "FILE is damaged: page 20 is not the leaf that it should be",
    ],
    [
      "noise in a large value",
      (_, bytes) => void bytes.fill(0x5a, 21 * PAGE_BYTES, 22 * PAGE_BYTES),
      "FILE is damaged: page 21 is not the value that it should be",
    ],
    [
      "a row beyond its page",
      (view) => view.setUint16(20 * PAGE_BYTES + 24, 4_090, true),
      "FILE is damaged: page 20 has an entry that is not in it",
    ],
    [
      "a table whose root is that of another",
      (view, bytes) => {
        const root = Buffer.from(bytes.buffer).indexOf("sessions", 7 * PAGE_BYTES) + 9 + 40;
        view.setBigUint64(root, 23n, true);
      },
      "FILE is damaged: page 23 is in two places",
    ],
    [
      "fewer pages than it says",
      (_, bytes) => bytes.subarray(0, 20 * PAGE_BYTES),
      "FILE is cut off: it has 81920 of 110592 bytes",
    ],
  ];

  it.each(cases)("is refused in one line: %s", async (_, damage, text) => {
    expect(await refusals(damage)).toEqual([text, text]);
  });

  it("is refused where the file is a directory", () =>
    withFolder(async (path) => {
      mkdirSync(join(path, "anax-1.mdb"), { recursive: true });
      const refusal = {
        code: "ANAX_STORE_UNREADABLE",
        message: `${join(path, "anax-1.mdb")} is not a file`,
      };
      await expect(holdings(lmdbStore({ path }))).rejects.toMatchObject(refusal);
      await expect(openReadOnly(path)).rejects.toMatchObject(refusal);
    }));

  it("does not depend on what a crash has left of LMDB's own lock", () =>
    withFolder(async (path) => {
      cpSync(FIXTURE, path, { recursive: true });
      for (const byte of [0x00, 0x5a, 0xff]) {
        for (const length of [0, 1, 100, 8_192, 20_000]) {
          const lock = new Uint8Array(length).fill(byte);
          writeFileSync(join(path, "anax-1.mdb-lock"), lock);
          const reader = await openReadOnly(path);
          expect(reader.statistics().sessions).toBe(5);
          await reader.close();
          writeFileSync(join(path, "anax-1.mdb-lock"), lock);
          const store = lmdbStore({ path });
          expect((await holdings(store)).sessions).toHaveLength(5);
          await store.close();
        }
      }
    }));

  it(
    "is not refused while a server writes to it",
    () =>
      withFolder(async (path) => {
        const child = await ChildProgram.start("child-store.ts", [path, "process"]);
        try {
          await child.wrote(1);
          for (let times = 0; times < 100; times += 1) {
            const reader = await openReadOnly(path);
            expect(reader.description.format).toBe(STORE_FORMAT);
            await reader.close();
          }
        } finally {
          await child.kill();
        }
      }),
    TIMEOUT_MS,
  );

  it(
    `never ends the process, whatever is in it (${SEEDS} damaged files)`,
    () =>
      withFolder(async (path) => {
        mkdirSync(path);
        cpSync(FIXTURE, join(path, "whole"), { recursive: true });
        const args = [join(path, "whole"), path, "1", String(SEEDS)];
        const child = await ChildProgram.start("child-damage.ts", args);
        await child.ended;
        rmSync(join(path, "whole"), { recursive: true });
        const outcomes = child.lines.filter((line) => line.includes(", "));
        expect(child.lines.at(-1), "the last line of a process that LMDB ended").toMatch(
          new RegExp(`^seed ${SEEDS}: .*, `),
        );
        expect(
          outcomes.filter((line) => !/: (refused|opened), (refused|opened)$/.test(line)),
        ).toEqual([]);
        expect(outcomes.filter((line) => line.endsWith("refused, refused")).length).toBeGreaterThan(
          SEEDS / 2,
        );
        expect(outcomes.some((line) => line.endsWith("opened, opened"))).toBe(true);
      }),
    TIMEOUT_MS,
  );
});
