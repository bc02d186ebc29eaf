/**
 * The compiler configuration, tried: real tsconfig files around seeded faults. The pure folders have
 * no Node types, and the strict options are on.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { repositoryRoot } from "../tidy.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const PROJECTS = [
  "tsconfig.base.json",
  "packages/protocol/tsconfig.json",
  "packages/client/tsconfig.json",
  "packages/client/tsconfig.isomorphic.json",
  "packages/client/src/core/tsconfig.json",
  "packages/client/src/transports-node/tsconfig.json",
  "packages/server/tsconfig.json",
  "packages/server/src/core/tsconfig.json",
];

const CANNOT_FIND_NAME = /TS2304|TS2552|TS2580|TS2584|TS2591/;
const CANNOT_FIND_MODULE = /TS2307|TS2591|TS2882/;
const NOT_IN_THIS_PROJECT = /TS6059|TS6307/;

interface Seed {
  readonly fault: string;
  readonly path: string;
  readonly code: string;
  readonly error: RegExp;
}

const SEEDS: readonly Seed[] = [
  ...["protocol/src", "server/src/core", "client/src/core", "client/src"].flatMap((folder) => [
    seed(`node:net in ${folder}`, folder, `import "node:net";`, CANNOT_FIND_MODULE),
    seed(`Buffer in ${folder}`, folder, `void Buffer;`, CANNOT_FIND_NAME),
    seed(`process in ${folder}`, folder, `void process;`, CANNOT_FIND_NAME),
  ]),
  ...["protocol/src", "server/src/core", "client/src/core"].flatMap((folder) => [
    seed(`setTimeout in ${folder}`, folder, `setTimeout(() => {}, 1);`, CANNOT_FIND_NAME),
    seed(`console in ${folder}`, folder, `console.log(1);`, CANNOT_FIND_NAME),
    seed(`performance in ${folder}`, folder, `performance.now();`, CANNOT_FIND_NAME),
  ]),
  seed(
    "a relative import out of core",
    "server/src/core",
    `import { port } from "../ports/port.ts";\nvoid port;`,
    NOT_IN_THIS_PROJECT,
  ),
  seed(
    "a relative import of the Node transport",
    "client/src",
    `import { timer } from "./transports-node/timer.ts";\nvoid timer;`,
    NOT_IN_THIS_PROJECT,
  ),
  seed("an enum", "server/src", `export enum Color { Red }`, /TS1294/),
  seed("a namespace", "server/src", `export namespace n { export const x = 1; }`, /TS1294/),
  seed(
    "a parameter property",
    "server/src",
    `export class A { constructor(private x: number) { void this.x; } }`,
    /TS1294/,
  ),
  seed(
    "an unwritten return type",
    "server/src",
    `export const f = () => g();\nfunction g() { return 1; }`,
    /TS90\d\d/,
  ),
  seed(
    "an unchecked index",
    "server/src",
    `export const f = (a: number[]): number => a[0];`,
    /TS2322/,
  ),
  seed("an implicit any", "server/src", `export function f(x): void { void x; }`, /TS7006/),
  seed("an unused variable", "server/src", `const x = 1;`, /TS6133/),
  seed(
    "undefined for an optional property",
    "server/src",
    `export const x: { a?: number } = { a: undefined };`,
    /TS2375/,
  ),
  seed(
    "a type imported as a value",
    "server/src",
    `import { T } from "./type.ts";\nexport const x: T = 1;`,
    /TS1484/,
  ),
];

const INNOCENT: Readonly<Record<string, string>> = {
  "packages/protocol/src/innocent.ts": `export const x: Uint8Array = new Uint8Array(1);\n`,
  "packages/server/src/core/innocent.ts": `export const x: number = 1;\n`,
  "packages/client/src/core/innocent.ts": `export const x: number = 1;\n`,
  "packages/server/src/type.ts": `export type T = number;\n`,
  "packages/server/src/ports/port.ts": `export const port: number = 1;\n`,
  "packages/server/src/innocent.ts": `import { x } from "./core/innocent.ts";\nimport net from "node:net";\nvoid net;\nexport const y: Buffer = Buffer.alloc(x);\n`,
  "packages/client/src/innocent.ts": `export const x: number = 1;\n`,
  "packages/client/src/transports-node/timer.ts": `export const timer: number = 1;\n`,
  "packages/client/src/transports-node/node.ts": `import net from "node:net";\nimport { x } from "../innocent.ts";\nvoid net;\nexport const node: number = x;\n`,
};

function seed(fault: string, folder: string, code: string, error: RegExp): Seed {
  const path = `packages/${folder}/${fault.replace(/\W+/g, "-")}.ts`;
  return { fault, path, code: `${code}\n`, error };
}

/** What the compiler said, by path. */
const errors = new Map<string, string>();

beforeAll(() => {
  const root = repositoryRoot();
  using folder = temporaryFolder({
    "package.json": `{ "type": "module" }`,
    ...Object.fromEntries(PROJECTS.map((path) => [path, readFileSync(join(root, path), "utf8")])),
    ...Object.fromEntries(SEEDS.map(({ path, code }) => [path, code])),
    ...INNOCENT,
  });
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const args = [tsc, "-b", "--pretty", "false", "packages/client", "packages/server"];
  const { stdout } = spawnSync(process.execPath, args, { cwd: folder.path, encoding: "utf8" });
  for (const line of stdout.split("\n")) {
    const [, path = "", error = ""] = /^([^(]+)\(\d+,\d+\): error (.*)$/.exec(line) ?? [];
    errors.set(path, `${errors.get(path) ?? ""}${error}\n`);
  }
});

describe("the compiler", () => {
  it.each(SEEDS)("refuses: $fault", ({ path, error }) => {
    expect(errors.get(path) ?? "no error").toMatch(error);
  });

  it.each(Object.keys(INNOCENT))("accepts %s", (path) => {
    expect(errors.get(path)).toBeUndefined();
  });
});
