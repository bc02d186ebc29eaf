/** Documents may only name what exists: a path that has moved is a lie that nobody notices. */
import { posix } from "node:path";
import { lineAt } from "./code-text.ts";
import type { Finding, Repository, Rule } from "./repository.ts";

const ARCHITECTURE = "ARCHITECTURE.md";

/** Folders that a path without its beginning may mean, as in "`core/sessions/session.ts`". */
const ASSUMED_FOLDERS = ["", "packages/", "packages/server/src/", "packages/client/src/"];

/**
 * Every path that ARCHITECTURE.md names exists, in `code` or in a tree: a block that begins with a folder
 * and names below it what is in there. `*` and `{a,b}` stand for several.
 */
export const architectureNamesWhatExists: Rule = (repository) => {
  const text = repository.files.get(ARCHITECTURE);
  if (text === undefined) return [{ path: ARCHITECTURE, message: "is missing" }];
  const paths = allPaths(repository);
  return [...pathsNamedIn(text), ...pathsInTrees(text)]
    .filter(({ name }) => !expandBraces(name).every((path) => exists(paths, path)))
    .map(({ name, line }) => ({
      path: ARCHITECTURE,
      line,
      message: `names ${name}, which does not exist`,
    }));
};

interface NamedPath {
  readonly name: string;
  readonly line: number;
}

/** Spans of `code` that are one path: they have a slash or end like a file, and no space. */
function pathsNamedIn(text: string): readonly NamedPath[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, (block) => block.replace(/[^\n]/g, " "));
  return [...prose.matchAll(/`([^`\n]+)`/g)]
    .map((match) => ({ name: match[1] ?? "", line: lineAt(text, match.index) }))
    .filter(({ name }) => /^[\w.*{},/-]+$/.test(name) && !/^(\$|\/|@|node:)/.test(name))
    .filter(({ name }) => isPathLike(name));
}

/** In a tree, two columns of names with their meaning are allowed; two spaces part the columns. */
function pathsInTrees(text: string): readonly NamedPath[] {
  return [...text.matchAll(/^```\n(\S+\/)\n([\s\S]*?)^```/gm)].flatMap((tree) =>
    [...(tree[2] ?? "").matchAll(/(?<=^ *| {2})([\w-]+(?:\/|\.ts))(?= {2,})/gm)].map((match) => ({
      name: `${tree[1]}${match[1]}`,
      line: lineAt(text, tree.index) + 1 + lineAt(tree[2] ?? "", match.index),
    })),
  );
}

function isPathLike(name: string): boolean {
  const firstFolder = name.split("/")[0] ?? "";
  if (name.endsWith("/") || /\.(ts|mjs|json|md|sh)$/.test(name)) return !name.startsWith("dist");
  return /^(packages|docs|tools|examples|bench|conformance|crash|fuzz|interop|\.ci)$/.test(
    firstFolder,
  );
}

function expandBraces(name: string): readonly string[] {
  const match = /^(.*?)\{([^{}]*)\}(.*)$/.exec(name);
  if (match === null) return [name];
  const [, before = "", choices = "", after = ""] = match;
  return choices.split(",").flatMap((choice) => expandBraces(before + choice + after));
}

function allPaths(repository: Repository): ReadonlySet<string> {
  const paths = new Set<string>();
  for (const file of repository.files.keys()) {
    for (let path = file; path !== "."; path = posix.dirname(path)) paths.add(path);
  }
  return paths;
}

function exists(paths: ReadonlySet<string>, name: string): boolean {
  const wanted = name.replace(/\/$/, "");
  return ASSUMED_FOLDERS.some((folder) => {
    const path = folder + wanted;
    if (!path.includes("*")) return paths.has(path);
    const pattern = new RegExp(`^${path.replace(/\./g, "\\.").replace(/\*+/g, "[^/]+")}$`);
    return [...paths].some((candidate) => pattern.test(candidate));
  });
}

/** Relative links of Markdown files lead to a file or folder of the repository. */
export const linksLeadSomewhere: Rule = (repository) => {
  const paths = allPaths(repository);
  return [...repository.files]
    .filter(([path]) => path.endsWith(".md"))
    .flatMap(([path, text]) =>
      [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap((match) =>
        brokenLink({ path, target: match[1] ?? "", line: lineAt(text, match.index) }, paths),
      ),
    );
};

/** What follows `#` in a relative link is a heading of the page that it leads to. */
export const linksLeadToHeadings: Rule = ({ files }) =>
  [...files].flatMap(([path, text]) => {
    if (!path.endsWith(".md")) return [];
    return [...text.matchAll(/\]\(([^)\s:#]*)#([^)\s]+)\)/g)].flatMap((link) => {
      const [, page = "", anchor = ""] = link;
      const target = page === "" ? path : posix.join(posix.dirname(path), page);
      const there = files.get(target);
      if (there === undefined || anchorsOf(there).has(anchor)) return [];
      return [
        { path, line: lineAt(text, link.index), message: `${target} has no heading #${anchor}` },
      ];
    });
  });

/** Anchors of a page's headings, as GitHub makes them: small letters, hyphens for blanks, no signs. */
function anchorsOf(markdown: string): ReadonlySet<string> {
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, "");
  const headings = [...prose.matchAll(/^#+ +(.+)$/gm)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_ -]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

function brokenLink(
  link: { readonly path: string; readonly target: string; readonly line: number },
  paths: ReadonlySet<string>,
): readonly Finding[] {
  const target = link.target.replace(/#.*$/, "");
  if (target === "" || /^[a-z]+:/.test(target)) return [];
  const resolved = posix.normalize(posix.join(posix.dirname(link.path), target));
  if (resolved === "." || paths.has(resolved.replace(/\/$/, ""))) return [];
  return [
    { path: link.path, line: link.line, message: `links to ${target}, which does not exist` },
  ];
}
