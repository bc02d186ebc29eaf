/** Runs what the guide of the client shows, and compares its table of options with the code. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MqttServer } from "@anax/server";
import { ChildProgram } from "../../interop/support/child-program.ts";
import { bundledProgram } from "../../tools/bundled-program.ts";
import { readmeExamples } from "../../tools/readme-examples.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const guide = readFileSync(join(ROOT, "docs/guide/client.md"), "utf8");
const examples = readmeExamples(guide);

/** Interfaces whose members the guide lists, by their file below `packages/client/src`. */
const LISTED = {
  ClientOptions: "options.ts",
  ReconnectOptions: "options.ts",
  TlsOptions: "transports/transport.ts",
  WebSocketOptions: "transports/transport.ts",
} as const;

/** The options as a table: name and comment of each member of the interface. */
function optionTable(name: keyof typeof LISTED): string {
  const source = readFileSync(join(ROOT, "packages/client/src", LISTED[name]), "utf8");
  const declaration = new RegExp(`export interface ${name} \\{\\n([\\s\\S]*?)\\n\\}`);
  const [, members = ""] = declaration.exec(source) ?? [];
  const rows = [...members.matchAll(/\/\*\*([\s\S]*?)\*\/\s*readonly (\w+)\?/g)].map(
    ([, comment = "", member = ""]) =>
      `| \`${member}\` | ${comment.replaceAll(/\s*\n?\s*\* |\s+/g, " ").trim()} |`,
  );
  return ["| option | meaning |", "| --- | --- |", ...rows].join("\n");
}

describe("the guide of the client", { timeout: 60_000 }, () => {
  let server: MqttServer;
  let folder: string;

  beforeAll(async () => {
    server = new MqttServer({ port: 0 });
    await server.start();
    // Inside the repository, so that the names of the packages resolve.
    mkdirSync(join(ROOT, ".cache"), { recursive: true });
    folder = mkdtempSync(join(ROOT, ".cache/guide-"));
  });

  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await server.stop({ deadlineMs: 100 });
  });

  it.each([...examples])("prints what it says: %s", async (name, { code, output }) => {
    const path = join(folder, `${name}.ts`);
    writeFileSync(path, code.replace("mqtt://127.0.0.1:1883", server.address().url));
    const args = [await bundledProgram(path)];
    const program = new ChildProgram(process.execPath, args, { cwd: folder });
    expect(await program.succeeded()).toBe(output);
  });

  it.each(Object.keys(LISTED) as (keyof typeof LISTED)[])(
    "names every option of %s as the code does",
    (name) => {
      const marks = new RegExp(`<!-- ${name}: begin -->\\n([\\s\\S]*?)\\n?<!-- ${name}: end -->`);
      const [, table] = marks.exec(guide) ?? [];
      expect(table?.trim()).toBe(optionTable(name));
      expect(optionTable(name)).toContain("| `");
    },
  );
});
