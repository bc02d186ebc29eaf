import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { backEndLine, stormBackEnd } from "../access-storm.ts";

const isBuilt = existsSync(
  fileURLToPath(new URL("../../packages/access/dist/index.js", import.meta.url)),
);

it.skipIf(!isBuilt || !existsSync("/proc/self/stat"))(
  "a back end that is stalled, slow, wrong or absent lets in whom the server knows, and no stranger",
  async () => {
    let count = 0;
    const storm = { perSecond: 200, seconds: 0.3, timeoutMs: 200 };
    for await (const result of stormBackEnd("http", storm)) {
      count += 1;
      expect(result).toMatchObject({ known: 6, knownLetIn: 6, strangersLetIn: 0, unanswered: 0 });
      expect(backEndLine("http", result)).toContain("6 of 6 known let in");
    }
    expect(count).toBeGreaterThan(2);
  },
  60_000,
);
