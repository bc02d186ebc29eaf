/** The reference of the command line, made of the same tables as `--help`. */
import { fileURLToPath } from "node:url";
import type { Command } from "../../src/command.ts";
import { COMMANDS } from "../../src/commands.ts";
import {
  PROPERTY_OWNERS,
  propertyIdentifier,
  settableProperties,
} from "../../src/connecting/property-assignment.ts";
import { flagGroups } from "../../src/flags/help-text.ts";

/** Where it is kept. */
export const REFERENCE_PATH: string = fileURLToPath(
  new URL("../../../../docs/reference/cli.md", import.meta.url),
);

/** The schema of configuration files. */
export const SCHEMA_PATH: string = fileURLToPath(
  new URL("../../config.schema.json", import.meta.url),
);

const OPENING = `# The command line

Written from the tables of flags by \`npm run reference -w anax\`. Not to be edited.

Every command explains itself by \`anax <command> --help\`. Flags are written \`--flag value\`, \`--flag=value\`
or, where there is a letter, \`-f value\`; letters without a value may be joined, as in \`-rd\`. A wrong command
line is answered by one line on standard error and exit code 2.
`;

/** The whole page, as Markdown. */
export async function cliReference(): Promise<string> {
  const commands = await Promise.all([...COMMANDS.values()].map(({ load }) => load()));
  const rows = commands.map(
    ({ name, summary }) => `| [\`anax ${name}\`](#anax-${name}) | ${summary} |`,
  );
  const overview = ["| command | what it does |", "|---|---|", ...rows, ""].join("\n");
  const [pub, sub] = ["pub", "sub"].map((wanted) => {
    return groupTables(commands.find(({ name }) => name === wanted));
  });
  const shared = new Map([...(pub ?? [])].filter(([group, table]) => sub?.get(group) === table));
  const sections = commands.map((command) => section(command, shared));
  const both = ["## Flags of `anax pub` and `anax sub`\n", ...shared.values()].join("\n");
  return [OPENING, overview, ...sections, both, propertiesSection()].join("\n");
}

/** What a command has of its own; what `pub` and `sub` share is told once. */
function section(command: Command, shared: ReadonlyMap<string, string>): string {
  const own = [...groupTables(command)].filter(([group, table]) => shared.get(group) !== table);
  const notes = command.notes.map(({ title, lines }) =>
    [`### ${title}`, "", "```text", ...lines, "```", ""].join("\n"),
  );
  const usage = ["```sh", ...command.usage, "```", ""].join("\n");
  const tables = own.map(([, table]) => table);
  const opening = [`## anax ${command.name}\n`, `${sentence(command.summary)}\n`, usage];
  return [...opening, ...tables, ...notes].join("\n");
}

/** A table for each group of flags. */
function groupTables(command: Command | undefined): ReadonlyMap<string, string> {
  if (command === undefined) return new Map();
  const entries = [...flagGroups(command)].map(([group, flags]): [string, string] => {
    const rows = flags.map(
      ({ written, explanation }) => `| \`${cell(written.trim())}\` | ${cell(explanation)} |`,
    );
    return [group, [`### ${group}`, "", "| flag | meaning |", "|---|---|", ...rows, ""].join("\n")];
  });
  return new Map(entries);
}

/** What can stand behind `-D`. */
function propertiesSection(): string {
  const rows = PROPERTY_OWNERS.map((owner) => {
    const identifiers = settableProperties(owner).map((one) => `\`${propertyIdentifier(one)}\``);
    return `| \`${owner}\` | ${identifiers.join(", ")} |`;
  });
  return [
    "## Properties of `-D`",
    "",
    "`-D command identifier value` sets an MQTT 5.0 property of a packet that `anax pub` or `anax sub` sends;",
    "`-D command user-property key value` may be repeated.",
    "",
    "| command | identifiers |",
    "|---|---|",
    ...rows,
    "",
  ].join("\n");
}

function sentence(phrase: string): string {
  return `${phrase.charAt(0).toUpperCase()}${phrase.slice(1)}.`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
