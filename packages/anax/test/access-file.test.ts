import { checkAccessRules } from "@anax/server";
import { describe, expect, it } from "vitest";
import { accessRulesOf } from "../src/access/access-file.ts";
import { configurationSource } from "../src/settings/configuration-file.ts";
import { SERVE_FLAGS } from "../src/serving/serve-flags.ts";

function load(text: string, path = "a.yaml"): void {
  checkAccessRules(accessRulesOf({ path, text }));
}

/** Each alias stands for ten of the one before. */
const BOMB = Array.from({ length: 9 }, (_, level) => {
  const items = Array.from({ length: 10 }, () => (level === 0 ? "x" : `*l${level - 1}`));
  return `l${level}: &l${level} [${items.join(", ")}]\n`;
}).join("");

describe("a file of rules is refused in words", () => {
  it.each([
    ["an alias of nothing", "rules:\n  - *a\n", /^a\.yaml: Unresolved alias/],
    [
      "an alias of nothing within a rule",
      "rules:\n  - allow: both\n    topics: *a\n",
      /^a\.yaml: Unresolved alias/,
    ],
    [
      "aliases that make millions of values of a few lines",
      `${BOMB}rules: []\n`,
      /^a\.yaml: Excessive alias count/,
    ],
    [
      "topics without a value",
      "rules:\n  - allow: both\n    topics:\n",
      /^a\.yaml:2: topics has no value$/,
    ],
    [
      "a user without a value",
      "rules:\n  - allow: both\n    topics: a\n    user:\n",
      /^a\.yaml:2: user has no value$/,
    ],
  ])("%s", (_what, text, words) => {
    expect(() => load(text)).toThrow(words);
  });

  it("null, in JSON", () => {
    const text = JSON.stringify({ rules: [{ deny: "both", topics: "a", group: null }] });
    expect(() => load(text, "a.json")).toThrow("a.json: rules[0]: group has no value");
  });
});

it("a configuration file with an alias of nothing is refused in words", () => {
  const file = { path: "c.yaml", text: "max-connections: *a\n" };
  expect(() => configurationSource(file, SERVE_FLAGS)).toThrow(/^c\.yaml:1: .*alias/);
});
