/** The reference of configuration files, made of the table of flags that reads them. */
import { fileURLToPath } from "node:url";
import type { Flag } from "../../src/flags/flag.ts";
import { longName } from "../../src/flags/flag.ts";
import { RELOADED } from "../../src/serving/reloading.ts";
import { SERVE_FLAGS } from "../../src/serving/serve-flags.ts";
import { variableName } from "../../src/settings/environment-variables.ts";
import type { MapFlag } from "../../src/settings/configuration-file.ts";

/** Where it is kept. */
export const CONFIG_REFERENCE_PATH: string = fileURLToPath(
  new URL("../../../../docs/reference/config.md", import.meta.url),
);

const OPENING = `# The configuration file

Written from the table of flags by \`npm run reference -w anax\`. Not to be edited.

The keys of \`anax serve --config FILE\`, which is YAML or JSON. Each is also a flag (\`--max-sessions 5000\`) and an environment variable
(\`ANAX_MAX_SESSIONS=5000\`); a flag goes before a variable, and that before the file. How the file is checked, printed and read again is in
[running a server](../guide/operate.md#the-configuration-file). ↻: in force at a reload, all others at a new start.
`;

/** The whole page, as Markdown. */
export function configReference(): string {
  const table = Object.entries(SERVE_FLAGS) as [string, MapFlag][];
  const keys = table.filter(([name]) => name !== "config");
  const groups = new Set(keys.map(([, { group }]) => group));
  const sections = [...groups].map((wanted) => {
    const entries = keys.filter(([, { group }]) => group === wanted);
    return [`## ${wanted}`, "", ...rowsOf(entries, true), ""].join("\n");
  });
  const maps = keys.flatMap(([name, flag]) => {
    if (flag.entries === undefined) return [];
    const title = `## The keys of one of \`${keyOf(name, flag)}\``;
    return [[title, "", ...rowsOf(Object.entries(flag.entries)), ""].join("\n")];
  });
  return [OPENING, ...sections, ...maps].join("\n");
}

/** A list has the name that is usual for one: `listeners`. */
function keyOf(name: string, { aliases = [] }: Flag<unknown>): string {
  const plural = `${longName(name)}s`;
  return aliases.includes(plural) ? plural : longName(name);
}

function rowsOf(entries: readonly [string, Flag<unknown>][], isTop = false): string[] {
  const head = isTop
    ? ["| key | value | default | variable | what it does |", "|---|---|---|---|---|"]
    : ["| key | value | default | what it does |", "|---|---|---|---|"];
  const rows = entries.map(([name, flag]) => {
    const mark = isTop && RELOADED.has(name) ? " ↻" : "";
    const key = `\`${keyOf(name, flag)}\`${mark}`;
    const variable = isTop ? [`\`${variableName(name)}\``] : [];
    const cells = [key, valueOf(flag), flag.defaultText ?? "", ...variable, flag.help];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
  return [...head, ...rows];
}

function valueOf({ placeholder, repeatable }: Flag<unknown>): string {
  if (placeholder === undefined) return "true or false";
  return repeatable === true ? `${placeholder}, or a list` : placeholder;
}
