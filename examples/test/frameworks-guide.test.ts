/** Runs the programs of the guide about frameworks: chat and MQTT on one port, and the end of both. */
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "@anax/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { connect } from "@anax/client";
import { ChildProgram } from "../../interop/support/child-program.ts";
import { readmeExamples } from "../../tools/readme-examples.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const COMPILER_OPTIONS = { experimentalDecorators: true, target: "es2022", module: "nodenext" };

const examples = readmeExamples(readFileSync(join(ROOT, "docs/guide/frameworks.md"), "utf8"));
const [shared = "", ...frameworks] = examples.keys();

let folder: string;

beforeAll(() => {
  // Inside the repository, so that the names of the packages resolve.
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  folder = mkdtempSync(join(ROOT, ".cache/frameworks-"));
  writeFileSync(join(folder, "package.json"), `{ "private": true, "type": "module" }`);
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions: COMPILER_OPTIONS }),
  );
  writeFileSync(join(folder, `${shared}.ts`), codeOf(shared));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Each is a process of its own, which takes its time on a busy machine.
describe("the guide", { timeout: 60_000 }, () => {
  it("shows what this test runs, and no more", () => {
    expect(shared).toBe("mqtt-first");
    expect(frameworks).toEqual(["ws", "fastify", "hono", "nestjs"]);
  });

  it.each(frameworks)(
    "has MQTT beside the WebSockets of %s, and both end in order",
    async (name) => {
      const port = await freePort();
      const program = start(name, port);
      await program.printed(/listening/);

      const chat = new WebSocket(`ws://127.0.0.1:${port}/chat`);
      onTestFinished(() => chat.terminate());
      const [greeting] = (await once(chat, "message")) as [Buffer];
      expect(greeting.toString()).toBe("welcome");

      const client = await connect(`ws://127.0.0.1:${port}/mqtt`, { reconnect: false });
      const messages = client.subscribe("plants/#", { qos: 1 });
      await messages;
      await client.publish("plants/7", "dry", { qos: 1 });
      for await (const { text } of messages) {
        expect(text).toBe("dry");
        break;
      }

      const told = new Promise<unknown>((resolve) => client.on("disconnected", resolve));
      const closed = once(chat, "close");
      const { code, errors } = await program.stop("SIGTERM");
      await closed;
      // 0x8B, Server shutting down: whoever ends MQTT after its HTTP server cannot say so.
      expect(await told).toMatchObject({ reasonCode: 0x8b });
      // NestJS ends itself by the signal that it got, when all its hooks have run.
      expect(code, errors).toBe(name === "nestjs" ? null : 0);
    },
  );
});

function codeOf(name: string): string {
  const found = examples.get(name);
  if (found === undefined) throw new Error(`the guide has no example "${name}"`);
  return found.code;
}

/** Runs an example on this port; it is ended with the test. */
function start(name: string, port: number): ChildProgram {
  const path = join(folder, `${name}.ts`);
  writeFileSync(path, codeOf(name).replace("3000", String(port)));
  const args = ["--conditions=source", "--import=tsx", path];
  const program = new ChildProgram(process.execPath, args, { cwd: folder });
  onTestFinished(async () => {
    await program.stop("SIGKILL");
  });
  return program;
}
