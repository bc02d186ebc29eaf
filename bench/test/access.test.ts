import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { AccessRuleBook } from "@anax/server";
import { expect, it } from "vitest";
import { ruleLines } from "../access.ts";
import { connectCost, connectLine } from "../access/connects.ts";
import { ACCESS_RULES } from "../access/rules.mjs";

it("each list of rules has 1000, and allows what the load needs in the way that its name says", () => {
  const client = { clientId: "c", groups: [], listener: "" };
  const found = Object.entries(ACCESS_RULES).map(([kind, rules]) => {
    expect(rules).toHaveLength(1_000);
    const book = new AccessRuleBook({ rules });
    expect(book.maySubscribe(client, "b1/0/#", false)).toMatchObject({ isNarrowed: false });
    book.mayPublish(client, "b1/0/dev00001/state");
    const { topicFilter } = Object(book.mayPublish(client, "b1/0/dev00999/state"));
    return [kind, topicFilter];
  });
  expect(found).toEqual([
    ["rules-tree", "b1/#"],
    ["rules-filter", "b1/+/+/state"],
    ["rules-topics", undefined],
  ]);
});

it("tells shares of medians", () => {
  const costs = new Map([
    ["plain", [100, 300, 200]],
    ["rules-tree", [180, 190, 150]],
  ]);
  expect(ruleLines(costs)).toEqual([
    "no rules: 200 messages per second of processor time, 100 % (100 to 300)",
    "1000 rules, of which one allows a whole tree: 180 messages per second of processor time, 90 % (150 to 190)",
  ]);
});

const isBuilt = existsSync(
  fileURLToPath(new URL("../../packages/access/dist/index.js", import.meta.url)),
);

it.skipIf(!isBuilt || !existsSync("/proc/self/stat"))(
  "connects with tokens, each of which the server takes",
  async () => {
    const cost = await connectCost("ES256", 20);
    expect(cost.fresh).toBeGreaterThan(0);
    expect(connectLine({ kind: "ES256", fresh: 1.4, again: 2 })).toBe(
      "CONNECT ES256: 1 per second of processor time, 2 where the same come again",
    );
  },
  60_000,
);
