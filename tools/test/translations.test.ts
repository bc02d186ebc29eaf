import { describe, expect, it } from "vitest";
import { TRANSLATIONS, stamped, translationFaults } from "../docs/translations.ts";
import { repositoryRoot } from "../tidy.ts";
import { emptyFolder } from "./temporary-folder.ts";

describe("the translations", () => {
  it.each(Object.keys(TRANSLATIONS))(
    "%s is as new as its original: else translate what has changed and run `npm run translations`",
    (path) => {
      expect(translationFaults(repositoryRoot(), path)).toEqual([]);
    },
  );
});

describe("the check of translations", () => {
  const PATH = "docs/zh-CN/devices.md";
  const ORIGINAL = "# One\n\nText.\n\n```ts\ncode();\n```\n\n## Two\n\nMore.\n";

  function repository(original: string, translation: string): string {
    return emptyFolder({ "docs/guide/devices.md": original, [PATH]: translation }).path;
  }

  const translated = stamped(repository(ORIGINAL, "# Eins\n\n```ts\ncode();\n```\n"), PATH);

  it.each([
    ["nothing", ORIGINAL, []],
    ["where lines break", ORIGINAL.replace("# One\n\nText.", "# One\n\n\nText."), []],
    ["a figure that is measured", `${ORIGINAL}\n<!-- bench -->\n1\n<!-- end -->\n`, []],
    ["a table that is generated", `${ORIGINAL}\n<!-- t: begin -->\n1\n<!-- t: end -->\n`, []],
    ["a section", ORIGINAL.replace("More", "Less"), ['the section "Two" has changed']],
    ["a new section", `${ORIGINAL}\n## Three\n`, ['the section "Three" has changed']],
    ["a heading", ORIGINAL.replace("Two", "Zwei"), ['"Zwei" has changed', '"Two" is not in']],
    ["code", ORIGINAL.replace("code()", "other()"), ["blocks of code differ"]],
  ])("sees that %s has changed", (_, original, faults) => {
    const found = translationFaults(repository(original, translated), PATH);
    expect(found).toHaveLength(faults.length);
    faults.forEach((fault, index) => expect(found[index]).toContain(fault));
  });

  it("wants the stamp of the original", () => {
    const found = translationFaults(repository(ORIGINAL, "# Eins\n"), PATH);
    expect(found[0]).toContain("does not begin with");
  });
});
