/** Every page, or part of one, that is written from the sources. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { eventsSection } from "../../interop/mqttnet/events/section.ts";
import { tutorialsSection } from "../../interop/mqttnet/tutorials/recorded.ts";
import { eventsPage } from "../events-page.ts";
import { systemTopicsPage } from "../system-topics-page.ts";
import { adminApiPage, metricsPage } from "./admin-pages.ts";
import { errorsPage } from "./errors-page.ts";
import { buildersSection } from "./mqttnet-builders.ts";
import { membersSection } from "./mqttnet-members.ts";
import { clientOptionTables, optionsPage } from "./options-page.ts";

/** What a page has to be, by its path. @param root of the repository */
export const GENERATED_PAGES: Readonly<Record<string, (root: string) => string>> = {
  "docs/reference/events.md": eventsPage,
  "docs/reference/sys-topics.md": systemTopicsPage,
  "docs/reference/errors.md": errorsPage,
  "docs/reference/options.md": optionsPage,
  "docs/reference/admin-api.md": adminApiPage,
  "docs/reference/metrics.md": metricsPage,
  "docs/guide/from-mqttnet.md": (root) =>
    withParts(root, "docs/guide/from-mqttnet.md", () => ({
      "events side by side": eventsSection(),
      "tutorials side by side": tutorialsSection(),
    })),
  "docs/reference/mqttnet.md": (root) =>
    withParts(root, "docs/reference/mqttnet.md", () => ({
      builders: buildersSection(),
      members: membersSection(),
    })),
  "docs/guide/client.md": (root) => withParts(root, "docs/guide/client.md", clientOptionTables),
};

/** The page as it is, with what stands between `<!-- name: begin -->` and `<!-- name: end -->` written anew. */
function withParts(
  root: string,
  path: string,
  parts: (root: string) => Readonly<Record<string, string>>,
): string {
  let page = readFileSync(join(root, path), "utf8");
  for (const [name, text] of Object.entries(parts(root))) {
    const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
    const [head, rest] = halves(page, begin);
    const [, tail] = halves(rest, end);
    page = `${head}${begin}\n${text}\n${end}${tail}`;
  }
  return page;
}

function halves(text: string, mark: string): [string, string] {
  const index = text.indexOf(mark);
  if (index === -1) throw new Error(`the mark ${mark} is missing`);
  return [text.slice(0, index), text.slice(index + mark.length)];
}
