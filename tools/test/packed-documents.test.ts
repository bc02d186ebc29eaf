/** Does the README of every package lead to its guide, and every link of the pages in a package to a page in it? */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { copyDocuments } from "../pack/documents.mjs";
import { repositoryRoot } from "../tidy.ts";
import { emptyFolder } from "./temporary-folder.ts";

const root = repositoryRoot();
const packages = readdirSync(join(root, "packages")).filter((name) => {
  const path = join(root, "packages", name, "package.json");
  return existsSync(path) && !("private" in (JSON.parse(readFileSync(path, "utf8")) as object));
});

const folder = emptyFolder({});
copyDocuments(root, folder.path);
afterAll(() => folder[Symbol.dispose]());

describe("what is packed", () => {
  it.each(packages)("has the pages that the README of %s names, the guide among them", (name) => {
    const readme = readFileSync(join(root, "packages", name, "README.md"), "utf8");
    const named = [...readme.matchAll(/`(docs\/[^`]+)`/g)].map(([, path = ""]) => path);
    expect(named.filter((path) => path.startsWith("docs/guide"))).not.toEqual([]);
    expect(named.filter((path) => !existsSync(join(folder.path, path)))).toEqual([]);
    const linked = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, path = ""]) => path);
    expect(linked.filter((path) => !path.startsWith("https://"))).toEqual([]);
  });

  it("has every page that a page in it links to", () => {
    const pages = readdirSync(folder.path, { recursive: true, encoding: "utf8" }).filter((path) =>
      path.endsWith(".md"),
    );
    const links = pages.flatMap((page) =>
      [...readFileSync(join(folder.path, page), "utf8").matchAll(/\]\(([^)#\s]+)/g)]
        .map(([, path = ""]) => path)
        .filter((path) => !/^[a-z]+:/.test(path))
        .map((path) => ({ page, path })),
    );
    expect(links.length).toBeGreaterThan(50);
    const dead = links.filter(
      ({ page, path }) => !existsSync(join(folder.path, dirname(page), path)),
    );
    expect(dead).toEqual([]);
  });
});
