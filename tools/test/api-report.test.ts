import { describe, expect, it } from "vitest";
import { apiReport } from "../api-report.ts";

const FILES: Readonly<Record<string, string>> = {
  "dist/index.d.ts": `
export { Session, type SessionOptions as Options } from "./session.ts";
export type { Readable } from "node:stream";
import { LIMITS } from "./deep/limits.js";
export { LIMITS };
/** A comment; with { braces. */
export declare function open(path: string): Session;
export declare function open(path: string, mode: "r" | "w;{"): Session;
//# sourceMappingURL=index.d.ts.map`,
  "dist/session.d.ts": `
/** Not exported. */
interface Hidden {
    x: number;
}
export interface SessionOptions {
    /** Why. */
    readonly clientId?: string;
}
export declare class Session extends Hidden {
    #private;
    get size(): number;
}
export {};
`,
  "dist/deep/limits.d.ts": `export declare const LIMITS: {
    readonly bytes: 1;
};
`,
};

function report(files: Readonly<Record<string, string>>): string {
  return apiReport("@anax/example", "dist/index.d.ts", (path) => files[path] ?? "");
}

describe("the API report", () => {
  it("lists every exported name with its declaration and without comments", () => {
    expect(report(FILES)).toBe(`# @anax/example

The exported names and their types, written by \`npm run api\`. Not to be edited.

## LIMITS

\`\`\`ts
const LIMITS: {
    readonly bytes: 1;
};
\`\`\`

## Options

\`\`\`ts
interface Options {
    readonly clientId?: string;
}
\`\`\`

## Readable

\`\`\`ts
export { Readable } from "node:stream";
\`\`\`

## Session

\`\`\`ts
class Session extends Hidden {
    #private;
    get size(): number;
}
\`\`\`

## open

\`\`\`ts
function open(path: string): Session;
function open(path: string, mode: "r" | "w;{"): Session;
\`\`\`
`);
  });

  it("changes when an exported type changes", () => {
    const limits = "export declare const LIMITS: {\n    readonly bytes: 2;\n};\n";
    expect(report({ ...FILES, "dist/deep/limits.d.ts": limits })).not.toBe(report(FILES));
  });

  it("fails on a name that nothing declares", () => {
    expect(() => report({ ...FILES, "dist/deep/limits.d.ts": "" })).toThrow(/LIMITS/);
  });

  it("shows what an interface has of others that are not exported", () => {
    const files = {
      "dist/index.d.ts": `export type { Event } from "./events.ts";`,
      "dist/events.d.ts": `
import type { Event as CoreEvent } from "./core.ts";
import type { Signalled } from "./core.ts";
export interface Event extends CoreEvent, Signalled {
}
`,
      "dist/core.d.ts": `
export interface Event extends Base {
    readonly topic: string;
}
interface Base {
    readonly clientId: string;
}
export interface Signalled {
    readonly signal: AbortSignal;
}
`,
    };
    const shown = report(files);
    for (const line of [
      "interface CoreEvent extends Base {\n    readonly topic: string;\n}",
      "interface Base {\n    readonly clientId: string;\n}",
      "interface Signalled {\n    readonly signal: AbortSignal;\n}",
    ])
      expect(shown).toContain(line);
  });
});
