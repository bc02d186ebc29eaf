import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CHECKS, PLATFORMS, platformTable, withTable } from "../platforms/table.ts";

const KNOWN_NODE_MAJORS = knownMajors();

const page = readFileSync(new URL("../../docs/guide/platforms.md", import.meta.url), "utf8");

/** What the server has for it: an inner part, which its package does not give away. */
function knownMajors(): readonly number[] {
  const path = "../../packages/server/src/listeners/socket-handles.ts";
  const source = readFileSync(new URL(path, import.meta.url), "utf8");
  const [, list = ""] = /KNOWN_NODE_MAJORS: readonly number\[\] = \[([\d, ]+)\]/.exec(source) ?? [];
  return list.split(", ").map(Number);
}

/** Cells of the row that begins with this, without the first. */
function cellsOf(title: string): readonly string[] {
  const row = page.split("\n").find((line) => line.startsWith(`| ${title} |`));
  return (
    row
      ?.split("|")
      .slice(2, -1)
      .map((cell) => cell.trim()) ?? []
  );
}

describe("the page about platforms", () => {
  it("has a row of what was seen for each platform that is tried", () => {
    for (const { title } of PLATFORMS) expect(cellsOf(title)).toHaveLength(CHECKS.length);
    const empty = withTable(page, platformTable([]));
    const rows = page.split("\n").length - empty.split("\n").length;
    expect(rows).toBe(PLATFORMS.length);
  });

  it("shows the quick way of plain sockets for the versions of Node that are known, and no others", () => {
    const quick = PLATFORMS.filter(({ title }) => cellsOf(title).at(-1) === "quick");
    const titles = quick.map(({ title }) => title.replace(/\..*/, ""));
    expect(titles).toEqual(KNOWN_NODE_MAJORS.map((major) => `Node ${major}`));
    expect(page).toContain(
      `${KNOWN_NODE_MAJORS.slice(0, -1).join(", ")} and ${KNOWN_NODE_MAJORS.at(-1)}`,
    );
  });

  it("says that all works in those versions", () => {
    for (const { title } of PLATFORMS.filter((platform) => platform.title.startsWith("Node "))) {
      const works = CHECKS.slice(0, -1).map(() => "ok");
      expect(cellsOf(title).slice(0, -1), title).toEqual(works);
    }
  });

  it("has marks for the table, or the command says so", () => {
    expect(() => withTable("no marks", "")).toThrow("the page has no <!-- platforms -->");
  });
});
