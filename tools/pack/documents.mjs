/** The pages and programs that go along with a package, so that they are at hand where it is installed. */
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** Folders of pages, below the root of the repository and of the package alike. */
const PAGES = ["docs/guide", "docs/reference"];

/**
 * Copies them. A link to what stays in the repository becomes plain text.
 * @param {string} root of the repository
 * @param {string} folder of the package
 */
export function copyDocuments(root, folder) {
  cpSync(join(root, "examples"), join(folder, "docs/examples"), {
    recursive: true,
    filter: (path) => !/[\\/](test|node_modules|dist)$/.test(path),
  });
  for (const path of PAGES) cpSync(join(root, path), join(folder, path), { recursive: true });
  for (const path of [...PAGES, "docs/examples"]) {
    for (const name of readdirSync(join(folder, path), { recursive: true, encoding: "utf8" }))
      if (name.endsWith(".md")) withoutDeadLinks(folder, join(path, name));
  }
}

/**
 * @param {string} folder
 * @param {string} page
 */
function withoutDeadLinks(folder, page) {
  const text = readFileSync(join(folder, page), "utf8");
  const packed = text.replaceAll(
    /\[([^\]]*)\]\(([^)#\s]+)(#[^)]*)?\)/g,
    (whole, words, path, place = "") => {
      if (/^[a-z]+:/.test(path)) return whole;
      // In a package the examples lie below the pages.
      const moved = path
        .replace(/^\.\.\/((?:\.\.\/)+examples\b)/, "$1")
        .replace(/^((?:\.\.\/)+)docs\//, "$1");
      const isThere = existsSync(join(folder, normalize(join(dirname(page), moved))));
      return isThere ? `[${words}](${moved}${place})` : words;
    },
  );
  if (packed !== text) writeFileSync(join(folder, page), packed);
}
