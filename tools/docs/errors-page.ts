/** Makes `docs/reference/errors.md` of the error classes of the packages. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where the error classes of each package are. */
const SOURCES = {
  "@anax/client": "packages/client/src/core/errors.ts",
  "@anax/server": "packages/server/src/errors.ts",
  "@anax/protocol": "packages/protocol/src/errors.ts",
} as const;

const STORE = "packages/server/src/ports/store.ts";
const CLASS = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport (abstract )?class (\w+) extends (\w+)/g;

interface ErrorClass {
  readonly name: string;
  readonly packages: readonly string[];
  readonly code: string;
  readonly comment: string;
}

/** The page. @param root of the repository */
export function errorsPage(root: string): string {
  const classes = errorClasses(root);
  const codes = [...new Set(classes.map(({ code }) => code))].toSorted();
  const sections = codes.map((code) => {
    const those = classes.filter((one) => one.code === code);
    const parts = those.map(
      ({ name, packages, comment }) => `\`${name}\` of ${packages.join(" and ")}. ${comment}`,
    );
    return `## ${code}\n\n${parts.join("\n\n")}\n`;
  });
  return `${INTRODUCTION}\n${sections.join("\n")}`;
}

/** All of them but those that only others extend. */
export function errorClasses(root: string): readonly ErrorClass[] {
  const found = Object.entries(SOURCES).flatMap(([name, path]) => classesIn(root, name, path));
  return [...found, ...classesIn(root, "@anax/server", STORE)];
}

function classesIn(root: string, packageName: string, path: string): ErrorClass[] {
  const text = readFileSync(join(root, path), "utf8");
  return [...text.matchAll(CLASS)].flatMap((match) => {
    const [, comment = "", isAbstract, name = ""] = match;
    const body = text.slice(match.index, text.indexOf("\n}", match.index));
    if (isAbstract !== undefined) return [];
    const [, code] = /readonly code = "(\w+)"/.exec(body) ?? [];
    const [, type = ""] = /readonly code: (\w+);/.exec(body) ?? [];
    const [, union = ""] = new RegExp(`type ${type} =([^;]*);`).exec(text) ?? [];
    const codes = code === undefined ? (union.match(/ANAX_\w+/g) ?? []) : [code];
    const told = { name, packages: [packageName], comment: plain(comment) };
    return codes.map((one) => ({ ...told, code: one }));
  });
}

function plain(comment: string): string {
  return comment
    .split("\n")
    .map((line) => line.replace(/^\s*\*?\s?/, "").trim())
    .join(" ")
    .trim();
}

const INTRODUCTION = `# Errors

<!-- Written by \`npm run docs\` from the sources of the packages. Not to be edited. -->

Every error has a \`code\`, which stays the same: match on that, not on the text. The text names what was wrong, its value and
the limit, for people. There are three families:

- The caller was wrong: \`MqttConfigurationError\`, and \`TypeError\` or \`RangeError\` where a function of \`@anax/protocol\`
  is called with what it cannot take.
- The peer was wrong: \`MalformedPacketError\` and \`ProtocolError\`, with the Reason Code that the peer is given.
- The world is as it is: the network, the disk, time. \`cause\` is the error of the system, where there is one.

Errors of the client also have \`reasonCode\`, \`reasonString\`, \`serverReference\` and \`userProperties\`, where the server
sent them. What is aborted by an \`AbortSignal\` rejects with the reason of the signal.
`;
