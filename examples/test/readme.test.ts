/** What the list of the examples promises. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const FOLDER = new URL("../", import.meta.url);

const examples = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".ts") && name !== "run-example.ts")
  .toSorted();

describe("README.md of the examples", () => {
  it("lists every example, and nothing else", () => {
    const text = readFileSync(new URL("README.md", FOLDER), "utf8");
    const listed = [...text.matchAll(/^\| \[`([\w-]+\.ts)`\]/gm)].map(([, name]) => name);
    expect(new Set(listed)).toEqual(new Set(examples));
  });

  it.each(examples)("%s names its counterpart in the first line", (name) => {
    const [first = ""] = readFileSync(new URL(name, FOLDER), "utf8").split("\n");
    expect(first).toMatch(/^\/\*\* In (?:MQTTnet|aedes): .*\*\/$/);
  });
});
