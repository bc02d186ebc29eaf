/** What the examples say when they are started with what cannot work: one line, and exit code 1. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { bundledProgram } from "../../tools/bundled-program.ts";

interface Ended {
  readonly code: number | string | null | undefined;
  readonly stderr: string;
}

/** Runs an example as a user does, to its end. */
async function run(name: string, ...args: string[]): Promise<Ended> {
  const program = fileURLToPath(new URL(`../${name}.ts`, import.meta.url));
  const command = [await bundledProgram(program), ...args];
  const env = { PATH: process.env["PATH"] };
  return new Promise((resolve) => {
    execFile(process.execPath, command, { env }, (error, _stdout, stderr) =>
      resolve({ code: error?.code, stderr }),
    );
  });
}

it.each([
  ["no server", "publisher", ["mqtt://127.0.0.1:1"], /ECONNREFUSED/],
  [
    "no server",
    "mqttnet/client-publish",
    ["publishApplicationMessage", "mqtt://127.0.0.1:1"],
    /REFUSED/,
  ],
  ["no such sample", "mqttnet/client-publish", ["nope"], /there is no sample nope/],
  ["no URL", "subscriber", ["nonsense"], /nonsense/],
  ["a scheme that nobody speaks", "publisher", ["http://127.0.0.1"], /http:/],
  ["a wrong port", "server-events", ["none"], /port NaN/],
  ["a port that is too high", "server-access", ["70000"], /port 70000/],
  ["variables that are missing", "cloud-client", [], /CLOUD_KEY/],
])("says in one line that it got %s", async (_name, example, args, words) => {
  const { code, stderr } = await run(example, ...args);
  expect(stderr).toMatch(/^[^\n]+\n$/);
  expect(stderr).toMatch(words);
  expect(code).toBe(1);
});
