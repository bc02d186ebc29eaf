import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SYSTEM_TOPICS } from "@anax/server";
import { expect, it } from "vitest";
import { systemTopicsPage } from "../system-topics-page.ts";
import { repositoryRoot } from "../tidy.ts";

it("docs/reference/sys-topics.md is what the table says: else run `npm run docs`", () => {
  const page = readFileSync(join(repositoryRoot(), "docs/reference/sys-topics.md"), "utf8");
  expect(page).toBe(systemTopicsPage());
});

it("names every topic, the three spans of an average in one row", () => {
  const page = systemTopicsPage();
  const names = Object.keys(SYSTEM_TOPICS).map((name) => name.replace(/\d+min$/, "<1, 5, 15>min"));
  expect(names.filter((name) => !page.includes(`\n| \`${name}\` | `))).toEqual([]);
});
