/** A server in one file, bundled as docs/guide/getting-started.md says. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, expect, it } from "vitest";

const here = fileURLToPath(new URL(".", import.meta.url));
// Below the repository, so that `lmdb`, which stays outside of the bundle, is found.
const directory = mkdtempSync(`${here}bundled-`);

afterAll(() => rmSync(directory, { recursive: true }));

const APPLICATION = `
  import { MqttServer } from "@anax/server";
  import { lmdbStore } from "@anax/store-lmdb";

  const store = lmdbStore({ path: process.argv[2] });
  const listeners = [{ type: "websocket", port: 0, host: "127.0.0.1" }];
  const server = new MqttServer({ listeners, store });
  await server.start();
  const version = server.retainedMessages.get("$SYS/broker/version");
  console.log(new TextDecoder().decode(version.payload));
  await server.stop();
`;

/** What the guide has the command line of esbuild say. */
function bannerOfTheGuide(): string {
  const guide = readFileSync(`${here}../../docs/guide/getting-started.md`, "utf8");
  return /--banner:js="([^"]+)"/.exec(guide)?.[1] ?? "";
}

it("runs, and says its own version, not that of the application", async () => {
  mkdirSync(`${directory}/dist/server`, { recursive: true });
  writeFileSync(`${directory}/package.json`, '{ "type": "module", "version": "9.9.9" }');
  const outfile = `${directory}/dist/server/app.js`;
  await build({
    stdin: { contents: APPLICATION, resolveDir: here },
    bundle: true,
    platform: "node",
    format: "esm",
    external: ["lmdb"],
    banner: { js: bannerOfTheGuide() },
    conditions: ["source"],
    outfile,
  });
  const manifest = readFileSync(`${here}../../packages/server/package.json`, "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  const { stdout } = await promisify(execFile)(process.execPath, [outfile, `${directory}/data`]);
  expect(stdout).toBe(`anax version ${version}\n`);
});
