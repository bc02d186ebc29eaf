/**
 * The lint configuration, tried: each row is one seeded fault in the folder where the rule holds,
 * and each of them has to be found. One run of oxlint reads them all.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { repositoryRoot } from "../tidy.ts";
import { temporaryFolder } from "./temporary-folder.ts";

interface Seed {
  readonly fault: string;
  readonly folder: string;
  readonly code: string;
  readonly rule: string;
  /** Given where the name itself is the fault. */
  readonly name?: string;
}

function seed(fault: string, folder: string, code: string, rule: string): Seed {
  return { fault, folder, code, rule };
}

const imports = "no-restricted-imports";
const globals = "no-restricted-globals";
const protocol = "packages/protocol/src";
const server = "packages/server/src";
const client = "packages/client/src";

const branches = Array.from({ length: 16 }, (_, n) => `  if (x === ${n}) return ${n + 1};`);
const statements = Array.from({ length: 71 }, (_, n) => `  console.log(${n});`);

const SEEDS: readonly Seed[] = [
  seed(
    "server uses a timer that tests fake",
    `${server}/driver`,
    `setImmediate(() => undefined);`,
    globals,
  ),
  seed("protocol imports node", protocol, `import "node:net";`, imports),
  seed("protocol imports a package", protocol, `import "ws";`, imports),
  seed("protocol imports a sibling", protocol, `import "@anax/server";`, imports),
  seed("protocol uses Buffer", protocol, `export const x = Buffer;`, globals),
  seed("protocol reads the clock", protocol, `export const x = Date.now();`, globals),
  seed("protocol makes a promise", protocol, `Promise.resolve();`, globals),
  seed("protocol starts a timer", protocol, `setTimeout(() => {}, 1);`, globals),
  seed("protocol knows process", protocol, `export const x = process;`, globals),
  seed(
    "protocol throws dice",
    protocol,
    `export const x = Math.random();`,
    "no-restricted-properties",
  ),
  seed("core imports node", `${server}/core`, `import "node:net";`, imports),
  seed("core imports ws", `${server}/core`, `import "ws";`, imports),
  seed("core imports a port", `${server}/core`, `import "../ports/x.ts";`, imports),
  seed("core imports driver", `${server}/core`, `import "../driver/x.ts";`, imports),
  seed("core imports server", `${server}/core`, `import "../server.ts";`, imports),
  seed("core imports a listener", `${server}/core`, `import "../listeners/x.ts";`, imports),
  seed("core uses Buffer", `${server}/core`, `export const x = Buffer;`, globals),
  seed("core reads the clock", `${server}/core`, `Date.now();`, globals),
  seed("core makes a promise", `${server}/core`, `Promise.resolve();`, globals),
  seed("core starts a timer", `${server}/core`, `setInterval(f, 1);`, globals),
  seed(
    "core throws dice",
    `${server}/core`,
    `export const x = Math.random();`,
    "no-restricted-properties",
  ),
  seed("a port imports driver", `${server}/ports`, `import "../driver/x.ts";`, imports),
  seed("a port imports ws", `${server}/ports`, `import "ws";`, imports),
  seed("a listener imports driver", `${server}/listeners`, `import "../driver/x.ts";`, imports),
  seed("a store imports server", `${server}/stores`, `import "../server.ts";`, imports),
  seed("server imports client", server, `import "@anax/client";`, imports),
  seed("a deep import", server, `import "@anax/protocol/dist/x.js";`, imports),
  seed("client core imports node", `${client}/core`, `import "node:net";`, imports),
  seed(
    "client core imports a transport",
    `${client}/core`,
    `import "../transports/x.ts";`,
    imports,
  ),
  seed("client core reads the clock", `${client}/core`, `Date.now();`, globals),
  seed("client core makes a promise", `${client}/core`, `Promise.resolve();`, globals),
  seed("client imports node", client, `import "node:net";`, imports),
  seed("client imports ws", client, `import "ws";`, imports),
  seed("client names Node", client, `import "./transports-node/x.ts";`, imports),
  seed("client uses Buffer", client, `export const x = Buffer;`, globals),
  seed("client uses the page", client, `export const x = document;`, globals),
  seed("client uses the window", client, `export const x = window;`, globals),
  seed("client sets a timer that may be faked", client, `setTimeout(() => {}, 1);`, globals),
  seed("client reads a clock that may be faked", client, `performance.now();`, globals),
  seed("client knows process", client, `export const x = process;`, globals),
  seed(
    "the Node transport imports server",
    `${client}/transports-node`,
    `import "@anax/server";`,
    imports,
  ),
  seed("the command goes deep", "packages/anax/src", `import "@anax/server/dist/x.js";`, imports),
  seed(
    "the command imports the test tools",
    "packages/anax/src",
    `import "@anax/testing";`,
    imports,
  ),
  seed(
    "the store imports the client",
    "packages/store-lmdb/src",
    `import "@anax/client";`,
    imports,
  ),
  seed(
    "the admin API reaches into the server",
    "packages/admin/src",
    `import "@anax/server/journal";`,
    imports,
  ),
  seed(
    "the authenticators reach into the server",
    "packages/access/src",
    `import "@anax/server/journal";`,
    imports,
  ),
  seed("a default export", server, `export default 1;`, "no-default-export"),
  seed("any", server, `export const x: any = 1;`, "no-explicit-any"),
  seed("a non-null assertion", server, `export const x = f()!;`, "no-non-null-assertion"),
  seed("console", server, `console.log(1);`, "no-console"),
  seed("two equals signs", server, `export const x = f() == 1;`, "eqeqeq"),
  seed(
    "a type imported as a value",
    server,
    `import { T } from "./t.ts";\nexport const x: T = 1;`,
    "consistent-type-imports",
  ),
  seed("a floating promise", server, `async function f() {}\nf();`, "no-floating-promises"),
  seed(
    "a promise where nobody waits",
    server,
    `[1].forEach(async () => {});`,
    "no-misused-promises",
  ),
  seed(
    "a switch with a hole",
    server,
    `export function f(x: "a" | "b") {\n  switch (x) {\n    case "a":\n      return 1;\n  }\n}`,
    "switch-exhaustiveness-check",
  ),
  seed(
    "a function with too many branches",
    server,
    `export function f(x: number) {\n${branches.join("\n")}\n}`,
    "complexity",
  ),
  seed(
    "a function of 71 lines",
    "packages/anax/src",
    `function f() {\n${statements.join("\n")}\n}`,
    "max-lines-per-function",
  ),
  seed("a file of 501 lines", server, `${"f();\n".repeat(501)}`, "max-lines"),
  {
    ...seed("a name that is not kebab-case", server, `f();`, "filename-case"),
    name: "camelCase.ts",
  },
];

function pathOf(seeded: Seed): string {
  return `${seeded.folder}/${seeded.name ?? `seed-${SEEDS.indexOf(seeded)}.ts`}`;
}

const CYCLE: Readonly<Record<string, string>> = {
  [`${server}/cycle-a.ts`]: `import { b } from "./cycle-b.ts";\nexport const a = b;`,
  [`${server}/cycle-b.ts`]: `import { a } from "./cycle-a.ts";\nexport const b = a;`,
};

/** What each folder may do: nothing of it may be found. */
const INNOCENT: Readonly<Record<string, string>> = {
  [`${protocol}/innocent.ts`]: `import { x } from "./bytes/x.ts";\nexport const y = x;`,
  [`${server}/core/innocent.ts`]: `import { x } from "@anax/protocol";\nexport const y = x;`,
  [`${server}/ports/innocent.ts`]: `import type { X } from "../core/x.ts";\nexport type Y = X;`,
  [`${server}/driver/innocent.ts`]: `import { a } from "node:net";\nimport { b } from "ws";\nexport const y = [a, b];`,
  [`${client}/innocent.ts`]: `import { x } from "#transport";\nexport const y = x;`,
  [`${client}/transports-node/innocent.ts`]: `import { x } from "node:fs/promises";\nexport const y = x;`,
  "packages/store-lmdb/src/innocent.ts": `import { x } from "lmdb";\nexport const y = x;`,
  "packages/anax/src/innocent.ts": `import { x } from "@anax/client";\nconsole.log(x);`,
};

/** The rules that complained, by path. */
const found = new Map<string, readonly string[]>();

beforeAll(() => {
  const root = repositoryRoot();
  using folder = temporaryFolder({
    ".oxlintrc.json": readFileSync(join(root, ".oxlintrc.json"), "utf8"),
    "tsconfig.json": `{ "compilerOptions": { "strict": true, "target": "es2022" } }`,
    ...Object.fromEntries(SEEDS.map((seeded) => [pathOf(seeded), `${seeded.code}\n`])),
    ...CYCLE,
    ...INNOCENT,
  });
  const oxlint = join(root, "node_modules/oxlint/bin/oxlint");
  const args = [oxlint, "--format=unix", "--threads=1", "packages"];
  const { stdout } = spawnSync(process.execPath, args, { cwd: folder.path, encoding: "utf8" });
  for (const line of stdout.split("\n")) {
    const match = /^([^:]+):\d+:\d+: .*\[Error\/[\w-]+\(([\w-]+)\)\]$/.exec(line);
    const [, path = "", rule = ""] = match ?? [];
    found.set(path, [...(found.get(path) ?? []), rule]);
  }
});

describe("the linter", () => {
  it.each(SEEDS)("finds: $fault", (seeded) => {
    expect(found.get(pathOf(seeded)) ?? []).toContain(seeded.rule);
  });

  it("finds an import cycle", () => {
    expect(found.get(`${server}/cycle-a.ts`) ?? []).toContain("no-cycle");
  });

  it.each(Object.keys(INNOCENT))("finds nothing in %s", (path) => {
    expect(found.get(path)).toBeUndefined();
  });
});
