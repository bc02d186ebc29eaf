import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { emptyTransaction, holdings } from "@anax/server/contracts";
import { lmdbStore, openReadOnly, STORE_FORMAT } from "@anax/store-lmdb";
import { describe, expect, it } from "vitest";
import { FIXTURE } from "./support/fixture.ts";
import { withFolder } from "./support/folder.ts";

const FIXTURES = join(import.meta.dirname, "fixtures");

describe("stores of every format that there has been", () => {
  const names = readdirSync(FIXTURES);

  it("are all here", () => {
    const formats = Array.from({ length: STORE_FORMAT }, (_, index) => `format-${index + 1}`);
    expect(names.toSorted()).toEqual(formats.toSorted());
  });

  for (const name of names) {
    it(`are read and written: ${name}`, () =>
      withFolder(async (path) => {
        cpSync(join(FIXTURES, name), path, { recursive: true });
        const store = lmdbStore({ path });
        const found = await holdings(store);
        expect(new Map(found.sessions)).toEqual(FIXTURE.sessions);
        expect(new Map(found.retained)).toEqual(FIXTURE.retained);
        const { position = 0, bytes } = FIXTURE.batch ?? {};
        expect(found.batches).toEqual([[position, bytes]]);
        const retained = new Map([...FIXTURE.retained.keys()].map((topic) => [topic, undefined]));
        await store.commit({ ...emptyTransaction(), retained, deletedBatches: [position] });
        await store.close();
        const { sessions, ...rest } = await holdings(store);
        expect(rest).toEqual({ retained: [], batches: [] });
        expect(sessions).toHaveLength(FIXTURE.sessions.size);
        await store.close();
        const reader = await openReadOnly(path);
        expect(reader.description.format).toBe(STORE_FORMAT);
        await reader.close();
      }));
  }
});
