/** What every text file keeps, whatever is in it. */
import { lineAt } from "./code-text.ts";
import type { Finding, Rule } from "./repository.ts";

/** Lines of one file, comments included. The lint rule of the same size covers TypeScript alone. */
const LINES_MAX = 500;

/** Generated or foreign files, and tables that read best in one piece. */
const MAY_BE_LONG: readonly RegExp[] = [
  /^package-lock\.json$/,
  // A row for each folder, whose patterns the formatter puts on a line each.
  /^\.oxlintrc\.json$/,
  /\.tsv$/,
  /\/api\.md$/,
  /\/conformance\.md$/,
  /\/reference\/(cli|admin-api)\.md$/,
];

/** Fixtures may hold anything: some exist to be wrong. */
const FIXTURES = /(^|\/)fixtures\//;

export const filesAreShort: Rule = ({ files }) =>
  [...files]
    .filter(([path]) => !FIXTURES.test(path) && !MAY_BE_LONG.some((name) => name.test(path)))
    .map(([path, text]) => ({ path, lines: text.split("\n").length - 1 }))
    .filter(({ lines }) => lines > LINES_MAX)
    .map(({ path, lines }) => ({
      path,
      message: `has ${lines} lines, more than ${LINES_MAX}: find the second idea and give it a file`,
    }));

const FAULTS: readonly (readonly [RegExp, string])[] = [
  [/\t/g, "has a tab: indent with two spaces"],
  [/[ \t]+$/gm, "has spaces at the end of the line"],
  [/\r/g, "has a carriage return: end lines with a line feed alone"],
  [/(?<!\n)$(?![\s\S])/g, "does not end with a line feed"],
  [/\n\n$(?![\s\S])/g, "ends with an empty line"],
];

export const whiteSpaceIsPlain: Rule = ({ files }) =>
  [...files]
    .filter(([path, text]) => !FIXTURES.test(path) && !path.endsWith(".tsv") && text !== "")
    .flatMap(([path, text]) => FAULTS.flatMap((fault) => firstFault(path, text, fault)));

function firstFault(
  path: string,
  text: string,
  [pattern, message]: readonly [RegExp, string],
): readonly Finding[] {
  const offset = text.search(pattern);
  return offset === -1 ? [] : [{ path, line: lineAt(text, offset), message }];
}

/** File names are kebab-case nouns, so that a list of files reads like a table of contents. */
export const sourceNamesAreKebabCase: Rule = ({ sources }) =>
  sources
    .filter(({ path }) => !FIXTURES.test(path))
    .filter(({ path }) => !/(^|\/)[a-z0-9]+([-.][a-z0-9]+)*\.(m?[tj]s|tsx)$/.test(path))
    .map(({ path }) => ({ path, message: "name the file in kebab-case" }));
