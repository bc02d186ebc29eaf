import { holdings } from "@anax/server/contracts";
import { lmdbStore } from "@anax/store-lmdb";
import { describe, expect, it } from "vitest";
import { ChildProgram } from "./support/child-program.ts";
import { withFolder } from "./support/folder.ts";
import { batchOf } from "./support/transactions.ts";

const TIMEOUT_MS = 60_000;

describe("a store and other processes", () => {
  for (const durability of ["disk", "process"] as const) {
    it(
      `has every commit that was confirmed before kill -9, durability ${durability}`,
      () =>
        withFolder(async (path) => {
          let confirmed = 0;
          for (const count of [1, 30, 200]) {
            const child = await ChildProgram.start("child-store.ts", [path, durability]);
            try {
              await child.wrote(count);
            } finally {
              await child.kill();
            }
            confirmed = Number(child.lines.at(-1));
            const store = lmdbStore({ path, durability });
            const { batches } = await holdings(store);
            await store.close();
            const positions = batches.map(([position]) => position);
            const last = positions.at(-1) ?? 0;
            // The one that was under way when it ended may be there too, with all that belongs to it.
            expect([confirmed, confirmed + 1]).toContain(last);
            // What is deleted in a commit of its own may still be there.
            const first = positions[0] ?? 0;
            expect([Math.max(1, last - 9), Math.max(1, last - 10)]).toContain(first);
            const expected = Array.from({ length: last - first + 1 }, (_, index) => first + index);
            expect(positions).toEqual(expected);
            const contents = expected.map((position) => batchOf(position, (position % 7) * 9_000));
            expect(batches.map(([, bytes]) => bytes)).toEqual(
              contents.map(({ batch }) => batch?.bytes),
            );
          }
        }),
      TIMEOUT_MS,
    );
  }

  it(
    "is refused while another process has it",
    () =>
      withFolder(async (path) => {
        const child = await ChildProgram.start("child-store.ts", [path, "disk"]);
        try {
          await child.wrote(1);
          const message = expect.stringMatching(/is in use by process \d+ on /);
          const refusal = { code: "ANAX_STORE_IN_USE", message };
          await expect(holdings(lmdbStore({ path }))).rejects.toMatchObject(refusal);
        } finally {
          await child.kill();
        }
        const store = lmdbStore({ path });
        await holdings(store);
        await store.close();
      }),
    TIMEOUT_MS,
  );

  // Less than LMDB is otherwise given, and more than Node needs.
  it.runIf(process.platform === "linux")(
    "is opened where addresses are limited",
    () =>
      withFolder(async (path) => {
        const child = await ChildProgram.start("child-store.ts", [path, "disk"], {
          addressKilobytes: 60_000_000,
        });
        try {
          await child.wrote(30);
          expect(child.lines.slice(0, 2)).toEqual(["1", "2"]);
        } finally {
          await child.kill();
        }
      }),
    TIMEOUT_MS,
  );

  it(
    "is not ended by LMDB, however much is deleted at once, and from whatever file",
    () =>
      withFolder(async (path) => {
        const child = await ChildProgram.start("child-pages.ts", [path, "1", "20"]);
        await child.ended;
        expect(child.lines.at(-1)).toBe("round 20");
      }),
    TIMEOUT_MS,
  );
});
