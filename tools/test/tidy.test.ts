/**
 * The rules of tidy, twice: they hold for this repository, and each finds the fault that it exists
 * for when one is seeded in a small repository that is otherwise in order.
 */
import { describe, expect, it } from "vitest";
import { findingText, readRepository, repositoryOf } from "../tidy/repository.ts";
import type { Finding, Rule } from "../tidy/repository.ts";
import { repositoryRoot, RULES } from "../tidy.ts";

const ORDERLY: Readonly<Record<string, string>> = {
  LICENSE: "MIT\n",
  "ARCHITECTURE.md": "`packages/server/src/core/session.ts`, `core/`, `packages/{client,server}`\n",
  "DEPENDENCIES.md": "| ws | 8.23.0 | MIT |\n| vitest | 4.1.12 | MIT |\n",
  "package.json": manifest("anax-workspace", { devDependencies: { vitest: "4.1.12" } }),
  ...packed("protocol", manifest("@anax/protocol", {})),
  ...packed("client", manifest("@anax/client", { dependencies: { "@anax/protocol": "0.1.0" } })),
  ...packed(
    "server",
    manifest("@anax/server", { dependencies: { "@anax/protocol": "0.1.0", ws: "8.23.0" } }),
  ),
  "packages/testing/package.json": manifest("@anax/testing", { private: true }),
  "packages/protocol/src/index.ts": `export { a } from "./a.ts";\n`,
  "packages/client/src/index.ts": `import "#transport";\nimport "@anax/protocol";\n`,
  "packages/server/src/core/session.ts": `import "@anax/protocol";\n// import "no-code";\n`,
  "packages/server/src/listeners/websocket.ts": `import "ws";\nconst x = 'import "no-code"';\n`,
  "packages/server/test/session.test.ts": `import "vitest";\nimport "@anax/testing";\n`,
  "examples/broker.ts": `import "@anax/server";\n`,
};

interface Seed {
  readonly rule: string;
  readonly path: string;
  readonly text: string;
  /** Words of the message that has to come. */
  readonly says: string;
}

const SEEDS: readonly Seed[] = [
  seed(
    "manifestsFollowTheImportTable",
    "packages/protocol/package.json",
    manifest("@anax/protocol", { dependencies: { ws: "8.23.0" } }),
    "does not let @anax/protocol depend on ws",
  ),
  seed(
    "manifestsFollowTheImportTable",
    "packages/stranger/package.json",
    manifest("@anax/stranger", { private: true }),
    "not in the import table",
  ),
  source(
    "coreFoldersAreLayers",
    "packages/server/src/core/routing/b.ts",
    `import { Session } from "../sessions/session.ts";`,
    "in a layer above it",
  ),
  source(
    "coreFoldersAreLayers",
    "packages/server/src/core/routing/c.ts",
    `import type {\n  Works,\n} from "../works/works.ts";`,
    "in a layer above it",
  ),
  source(
    "coreFoldersAreLayers",
    "packages/server/src/core/routing/d.ts",
    `import type { CoreContext } from "../core-context.ts";`,
    "in a layer above it",
  ),
  source(
    "coreFoldersAreLayers",
    "packages/server/src/core/byte-pool.ts",
    `import "./server-core.ts";`,
    "in a layer above it",
  ),
  source(
    "coreFoldersAreLayers",
    "packages/server/src/core/odds/b.ts",
    `export const b = 1;`,
    "give its folder a row in LAYERS",
  ),
  source("importsAreDeclared", "packages/protocol/src/b.ts", `import "ws";`, "ws is not in"),
  source("importsAreDeclared", "packages/client/src/b.ts", `export * from "ws";`, "ws is not in"),
  source("importsAreDeclared", "packages/client/src/c.ts", `await import("ws");`, "ws is not in"),
  source("importsAreDeclared", "packages/client/src/d.ts", `import "@anax/server";`, "is not in"),
  source("importsAreDeclared", "packages/client/test/d.ts", `import "left-pad";`, "is not in"),
  source(
    "programsImportWhatTheRootDeclares",
    "bench/b.ts",
    `import "left-pad";`,
    "left-pad is not",
  ),
  seed(
    "dependenciesAreUsed",
    "packages/server/src/listeners/websocket.ts",
    "\n",
    "declares ws but",
  ),
  source("builtInModulesHaveThePrefix", "packages/server/src/b.ts", `import "fs";`, "node:fs"),
  source(
    "importsStopAtExports",
    "examples/b.ts",
    `import "@anax/server/dist/core/session.js";`,
    "not exported",
  ),
  source(
    "relativeImportsStayInTheirPackage",
    "packages/client/src/b.ts",
    `import "../../protocol/src/index.ts";`,
    "leaves its package",
  ),
  source(
    "relativeImportsStayInTheirPackage",
    "examples/b.ts",
    `import "../packages/server/src/index.ts";`,
    "leaves its package",
  ),
  source(
    "relativeImportsStayInTheirPackage",
    "packages/client/src/b.ts",
    `import "../../../tools/readme-examples.ts";`,
    "leaves its package",
  ),
  source(
    "publishedCodeStandsAlone",
    "packages/server/src/b.ts",
    `import "../test/session.ts";`,
    "not published",
  ),
  source(
    "publishedCodeStandsAlone",
    "packages/server/src/b.ts",
    `import "../../../examples/broker.ts";`,
    "not published",
  ),
  source(
    "publishedCodeStandsAlone",
    "packages/server/src/b.ts",
    `import "@anax/testing";`,
    "not published",
  ),
  seed(
    "packagesShareOneVersion",
    "packages/testing/package.json",
    manifest("@anax/testing", { private: true, version: "0.2.0" }),
    "must have version 0.1.0",
  ),
  seed(
    "packagesShareOneVersion",
    "packages/client/package.json",
    manifest("@anax/client", { dependencies: { "@anax/protocol": "0.0.9" } }),
    "@anax/protocol must have version 0.1.0",
  ),
  seed(
    "versionsAreExact",
    "package.json",
    manifest("anax-workspace", { devDependencies: { vitest: "^4.1.12" } }),
    "name one version",
  ),
  seed(
    "dependenciesAreUsed",
    "packages/client/package.json",
    manifest("@anax/client", { peerDependencies: { "left-pad": ">=1" } }),
    "declares left-pad but",
  ),
  seed(
    "dependenciesAreExplained",
    "packages/client/package.json",
    manifest("@anax/client", { peerDependencies: { "left-pad": ">=1" } }),
    "| left-pad | >=1 |",
  ),
  seed("dependenciesAreExplained", "DEPENDENCIES.md", "| ws | 8.22.0 | MIT |\n", "| ws | 8.23.0 |"),
  seed("publishedPackagesAreComplete", "packages/client/LICENSE", "GPL\n", "differs from"),
  seed(
    "publishedPackagesAreComplete",
    "packages/client/package.json",
    manifest("@anax/client", { files: ["dist", "src", "README.md"] }),
    "does not list LICENSE",
  ),
  word("packages/server/src/b.ts", "// TODO later", "open an issue"),
  word("docs.ts", "// @ts-ignore", "@ts-expect-error"),
  word("docs.ts", "// oxlint-disable-next-line complexity", "give the reason"),
  word("packages/server/test/b.test.ts", "it.only(f);", "one test from the command line"),
  word("packages/server/test/b.test.ts", "it.skip(f);", "skipIf"),
  word("packages/server/test/b.test.ts", `const x = "localhost";`, "127.0.0.1"),
  word("packages/server/src/b.ts", "export default x;", "by its name"),
  word("packages/server/src/b.ts", `export * from "./c.ts";`, "by hand"),
  word("packages/server/src/core/b.ts", "export async function f() {}", "the driver waits"),
  word("packages/protocol/src/b.ts", "await f();", "the driver waits"),
  word("packages/protocol/test/b.test.ts", "setTimeout(f, 1);", "virtual time"),
  word("packages/server/src/b.ts", "export enum A {}", "string literals"),
  word("packages/server/src/b.ts", "namespace A {}", "use a module"),
  word("packages/server/src/b.ts", "class A {\n  private x = 1;\n}", "#name"),
  word("packages/server/src/core/b.ts", "const x = Buffer.alloc(1);", "Uint8Array"),
  word("packages/server/src/b.ts", "class SessionManager {}", "what it does"),
  word("packages/server/src/b.ts", "class ConnectionImpl {}", "what it does"),
  word("packages/server/src/b.ts", "class BaseStore {}", "prefer a function"),
  word("packages/server/src/b.ts", "interface IStore {}", "without the prefix"),
  word("packages/server/src/b.ts", "const messageId = 1;", "packetIdentifier"),
  word("packages/server/src/b.ts", "const lwt = 1;", "say will"),
  word("packages/server/src/b.ts", "const clientIdentifier = 1;", "clientId"),
  word("packages/server/src/b.ts", "kickClient();", "takeOver"),
  source("noCatchAllFiles", "packages/server/src/utils.ts", "f();", "after its noun"),
  source("noCatchAllFiles", "packages/server/src/core/types.ts", "f();", "after its noun"),
  source("filesAreShort", "packages/server/src/b.ts", "f();\n".repeat(500), "has 501 lines"),
  source("whiteSpaceIsPlain", "packages/server/src/b.ts", "\tf();", "tab"),
  source("whiteSpaceIsPlain", "packages/server/src/b.ts", "f(); ", "spaces at the end"),
  source("whiteSpaceIsPlain", "packages/server/src/b.ts", "f();\r", "carriage return"),
  source("whiteSpaceIsPlain", "packages/server/src/b.ts", "f();\n", "ends with an empty line"),
  seed("whiteSpaceIsPlain", "packages/server/src/b.ts", "f();", "does not end with"),
  source("sourceNamesAreKebabCase", "packages/server/src/sessionStore.ts", "f();", "kebab-case"),
  seed("architectureNamesWhatExists", "ARCHITECTURE.md", "`core/gone.ts`\n", "names core/gone.ts"),
  seed("architectureNamesWhatExists", "ARCHITECTURE.md", "`packages/{client,gone}`\n", "names"),
  seed("architectureNamesWhatExists", "ARCHITECTURE.md", "`packages/*/gone.ts`\n", "names"),
  seed(
    "architectureNamesWhatExists",
    "ARCHITECTURE.md",
    "```\npackages/server/src/\n  core/   pure   gone.ts  x\n```\n",
    "names packages/server/src/gone.ts",
  ),
  seed(
    "linksLeadSomewhere",
    "docs/a.md",
    "[x](../LICENSE) [y](gone.md#part)\n",
    "links to gone.md",
  ),
  seed(
    "linksLeadToHeadings",
    "docs/a.md",
    "# A `b`: c\n[x](#a-b-c) [y](#gone)\n",
    "no heading #gone",
  ),
  seed("linksLeadToHeadings", "docs/a.md", "[x](../ARCHITECTURE.md#gone)\n", "no heading #gone"),
  seed("commandsExist", "docs/a.md", "`npm run gone -- x`\n", "no script gone"),
  seed("commandsExist", "docs/a.md", "```sh\nnpx tsx tools/gone.ts\n```\n", "no tools/gone.ts"),
];

function seed(rule: string, path: string, text: string, says: string): Seed {
  return { rule, path, text, says };
}

function source(rule: string, path: string, line: string, says: string): Seed {
  return seed(rule, path, `${line}\n`, says);
}

function word(path: string, line: string, says: string): Seed {
  return source("noBannedWords", path, line, says);
}

function manifest(name: string, fields: Readonly<Record<string, unknown>>): string {
  const usual = {
    version: "0.1.0",
    exports: { ".": {}, "./package.json": {} },
    files: ["dist", "src", "README.md", "LICENSE"],
  };
  return `${JSON.stringify({ name, ...usual, ...fields })}\n`;
}

function packed(name: string, packageJson: string): Readonly<Record<string, string>> {
  const folder = `packages/${name}`;
  return {
    [`${folder}/package.json`]: packageJson,
    [`${folder}/LICENSE`]: "MIT\n",
    [`${folder}/README.md`]: `# ${name}\n`,
    [`${folder}/api.md`]: `# ${name}\n`,
  };
}

function check(rule: Rule, files: Readonly<Record<string, string>>): readonly Finding[] {
  return rule(repositoryOf(new Map(Object.entries(files))));
}

describe("the rules of tidy", () => {
  it.each([...RULES])("%s finds nothing in an orderly repository", (_name, rule) => {
    expect(check(rule, ORDERLY)).toEqual([]);
  });

  it.each(SEEDS)("$rule finds $path with: $says", ({ rule, path, text, says }) => {
    const findings = check(ruleNamed(rule), { ...ORDERLY, [path]: text });
    expect(findings.map((finding) => finding.message).join("\n")).toContain(says);
  });

  it("each have a seeded fault", () => {
    expect(new Set(SEEDS.map((seeded) => seeded.rule))).toEqual(new Set(RULES.keys()));
  });

  it("name the line of the fault", () => {
    const text = `/** Text. */\nconst a = \`\${1}\`;\nimport "left-pad";\n`;
    const findings = check(ruleNamed("importsAreDeclared"), {
      ...ORDERLY,
      "packages/client/src/b.ts": text,
    });
    expect(findings.map((finding) => finding.line)).toEqual([3]);
  });
});

describe("this repository", () => {
  const repository = readRepository(repositoryRoot());

  it.each([...RULES])("keeps %s", (_name, rule) => {
    expect(rule(repository).map(findingText)).toEqual([]);
  });
});

function ruleNamed(name: string): Rule {
  const rule = RULES.get(name);
  if (rule === undefined) throw new TypeError(`there is no rule ${name}`);
  return rule;
}
