import { SYSTEM_TOPICS } from "@anax/server";
import { expect, it } from "vitest";
import { systemTopicsPage } from "../system-topics-page.ts";

it("names every topic, the three spans of an average in one row", () => {
  const page = systemTopicsPage();
  const names = Object.keys(SYSTEM_TOPICS).map((name) => name.replace(/\d+min$/, "<1, 5, 15>min"));
  expect(names.filter((name) => !page.includes(`\n| \`${name}\` | `))).toEqual([]);
});
