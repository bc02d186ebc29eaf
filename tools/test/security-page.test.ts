import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";

/** Files and titles of tests that the page names. */
function namedTests(page: string): (readonly [path: string, title: string])[] {
  const groups = page.matchAll(/`([\w/.-]+\.test\.ts)`: ((?:"[^"\n]+"(?:, )?)+)/g);
  return Array.from(groups).flatMap(([, path = "", titles = ""]) =>
    Array.from(titles.matchAll(/"([^"]+)"/g), ([, title = ""]) => [path, title] as const),
  );
}

async function missing(page: string): Promise<string[]> {
  const found = await Promise.all(
    namedTests(page).map(async ([path, title]) => {
      const text = await readFile(new URL(`../../${path}`, import.meta.url), "utf8").catch(
        () => "",
      );
      return [`"${title}"`, `\`${title}\``].some((quoted) => text.includes(quoted))
        ? []
        : [`${path}: ${title}`];
    }),
  );
  return found.flat();
}

it("each test that the page on security names is there", async () => {
  const page = await readFile(new URL("../../SECURITY.md", import.meta.url), "utf8");
  const rows = page
    .split("\n")
    .filter((line) => line.startsWith("| ") && line.includes(".test.ts"));
  expect(rows.length).toBeGreaterThan(15);
  for (const row of rows) expect(namedTests(row), row).not.toEqual([]);
  expect(await missing(page)).toEqual([]);
});

it("one that is not there is seen", async () => {
  const path = "tools/test/security-page.test.ts";
  expect(
    await missing(`\`${path}\`: "${["none", "such"].join(" ")}"; \`none.test.ts\`: "x"`),
  ).toHaveLength(2);
});
