import { expect, it } from "vitest";
import { keptCopy } from "../../src/core/runs/kept-bytes.ts";

it.each([1, 100, 8_192, 8_193, 100_000])(
  "keeps %i bytes of memory that is read into again",
  (length) => {
    // As sockets give it: its `slice` is a view.
    const read = Buffer.alloc(length + 2, 1);
    const kept = keptCopy(read, 1, length + 1);
    read.fill(2);
    expect(kept.length).toBe(length);
    expect(kept.every((byte) => byte === 1)).toBe(true);
  },
);
