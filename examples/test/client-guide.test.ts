/** Runs what the guide of the client shows. */
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
    writeFileSync(path, code.replaceAll("mqtt://127.0.0.1:1883", server.address().url));
    const args = [await bundledProgram(path)];
    const program = new ChildProgram(process.execPath, args, { cwd: folder });
    expect(await program.succeeded()).toBe(output);
  });
});
