/**
 * Translations of pages. Each begins with a comment that names its original and has a digest of each section of it, as the
 * section was when it was translated: so a test can tell which sections have changed since.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The pages that are translated, and their originals. */
export const TRANSLATIONS: Readonly<Record<string, string>> = {
  "README.zh-CN.md": "README.md",
  "docs/zh-CN/getting-started.md": "docs/guide/getting-started.md",
  "docs/zh-CN/from-mqttnet.md": "docs/guide/from-mqttnet.md",
  "docs/zh-CN/durability.md": "docs/guide/durability.md",
  "docs/zh-CN/devices.md": "docs/guide/devices.md",
  "docs/zh-CN/dashboard.md": "docs/guide/dashboard.md",
};

/** What is written by a program is not translated: tables of measurements, and between marks that have names. */
const GENERATED =
  /<!-- (bench[\w-]*) -->[\s\S]*?<!-- end -->|<!-- ([\w -]+): begin -->[\s\S]*?<!-- \2: end -->/g;
const STAMP = /^<!-- translation of (\S+)\n([\s\S]*?)\n-->\n/;
const BLOCK = /^```\w*\n[\s\S]*?^```$/gm;

/** What is out of date in a translation, in words; empty if nothing is. @param root of the repository */
export function translationFaults(root: string, translation: string): readonly string[] {
  const original = TRANSLATIONS[translation] ?? "";
  const [text, source] = [translation, original].map((path) =>
    readFileSync(join(root, path), "utf8"),
  );
  return [
    ...staleSections(text ?? "", original, source ?? ""),
    ...otherBlocks(text ?? "", source ?? ""),
  ];
}

/** The translation with the stamp of its original as it is now. */
export function stamped(root: string, translation: string): string {
  const original = TRANSLATIONS[translation] ?? "";
  const source = readFileSync(join(root, original), "utf8");
  const text = readFileSync(join(root, translation), "utf8").replace(STAMP, "");
  const lines = Array.from(sectionsOf(source), ([title, digest]) => `${digest} ${title}`);
  return `<!-- translation of ${original}\n${lines.join("\n")}\n-->\n${text}`;
}

function staleSections(text: string, original: string, source: string): string[] {
  const [, named, lines = ""] = STAMP.exec(text) ?? [];
  if (named !== original) return [`it does not begin with "<!-- translation of ${original}"`];
  const before = new Map(
    lines.split("\n").map((line) => [line.slice(DIGITS + 1), line.slice(0, DIGITS)]),
  );
  const now = sectionsOf(source);
  const changed = [...now].filter(([title, digest]) => before.get(title) !== digest);
  const gone = [...before.keys()].filter((title) => !now.has(title));
  return [
    ...changed.map(([title]) => `the section "${title}" has changed since it was translated`),
    ...gone.map((title) => `the section "${title}" is not in the original any more`),
  ];
}

/** Code is the same in both, so that the tests of the original's blocks are those of the translation's. */
function otherBlocks(text: string, source: string): string[] {
  const blocks = (page: string): readonly string[] =>
    page.replace(GENERATED, "").match(BLOCK) ?? [];
  const [own, given] = [blocks(text), blocks(source)];
  const other = given.findIndex((block, index) => block !== own[index]);
  if (other === -1 && own.length === given.length) return [];
  return [`its blocks of code differ from those of the original, from number ${other + 1} on`];
}

/** Digits of a digest: enough to see a change. */
const DIGITS = 12;

/** A digest of each section, by its heading. */
function sectionsOf(source: string): ReadonlyMap<string, string> {
  const text = source.replace(GENERATED, "").replace(BLOCK, "");
  const sections = text.split(/^(?=#{1,2} )/m).filter((section) => section.trim() !== "");
  return new Map(
    sections.map((section) => {
      const [title = ""] = section.replace(/^#+ /, "").split("\n");
      // Where lines break says nothing.
      const digest = createHash("sha256").update(section.replace(/\s+/g, " ").trim()).digest("hex");
      return [title, digest.slice(0, DIGITS)];
    }),
  );
}
