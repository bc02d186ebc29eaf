/** What a browser has to load: small, without dependencies, and nothing of Node in it. */
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";

/**
 * The budget for a page that connects, publishes and subscribes, with all that it needs. It may only ever be
 * lowered. About 11 KiB of it are the codec and the flows of `@anax/protocol`, both directions included.
 */
const GZIP_BYTES_MAX = 26 * 1024;

describe("the client bundled for browsers", () => {
  let code = "";
  let inputs: string[] = [];

  beforeAll(async () => {
    const result = await build({
      stdin: {
        contents: 'export { connect } from "@anax/client";',
        resolveDir: fileURLToPath(new URL(".", import.meta.url)),
      },
      bundle: true,
      minify: true,
      write: false,
      metafile: true,
      format: "esm",
      platform: "browser",
      target: "es2022",
      conditions: ["source", "browser"],
    });
    code = result.outputFiles[0]?.text ?? "";
    inputs = Object.keys(result.metafile.inputs).filter((path) => path !== "<stdin>");
  });

  it(`takes at most ${GZIP_BYTES_MAX} bytes after gzip`, () => {
    const bytes = gzipSync(code, { level: 9 }).length;
    console.log(`@anax/client for browsers: ${bytes} bytes gzip, ${code.length} bytes minified`);
    expect(code.length).toBeGreaterThan(1_000);
    expect(bytes).toBeLessThanOrEqual(GZIP_BYTES_MAX);
  });

  it("consists of files of the client and the protocol only", () => {
    expect(inputs.length).toBeGreaterThan(10);
    const foreign = inputs.filter((path) => !/packages\/(client|protocol)\/src\//.test(path));
    expect(foreign).toEqual([]);
  });

  it("holds nothing of Node", () => {
    const nodeFiles = inputs.filter((path) => path.includes("transports-node"));
    expect(nodeFiles).toEqual([]);
    for (const word of ["node:", "require(", "process.", "Buffer."]) {
      expect(code).not.toContain(word);
    }
  });
});
