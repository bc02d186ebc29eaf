import type { StoreTransaction } from "@anax/server";
import { patternedBytes } from "@anax/server/contracts";

/** Sizes of rows in the fixtures: in a page, beside a page, in pages of their own. */
const SIZES = [0, 1, 100, 1_500, 5_000];

/** What the stores in `fixtures/` hold. Never changed: they were written once. */
export const FIXTURE: StoreTransaction = {
  batch: { position: 4_294_967_297, bytes: patternedBytes(5_000, 3) },
  deletedBatches: [],
  sessions: new Map(
    SIZES.map((size, index) => [index * 5_000_000_000, patternedBytes(size, index)]),
  ),
  retained: new Map(
    [
      "a",
      "plants/Käfer/🪲",
      "__proto__",
      "\u0001",
      "l".repeat(510),
      "l".repeat(511),
      "m".repeat(1_000),
    ].map((topic, index) => [topic, patternedBytes(SIZES[index % SIZES.length] ?? 0, index)]),
  ),
};
