/** What a browser has to load: small, without dependencies, and nothing of Node in it. */
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import type { MqttClient, connect } from "@anax/client";
import { MqttServer } from "@anax/server";

/** The budget for a page that connects, publishes and subscribes, with all that it needs. Mends of faults come first; features make room. */
const GZIP_BYTES_MAX = 32_250;

describe("the client bundled for browsers", () => {
  let code = "";
  let inputs: string[] = [];

  beforeAll(async () => {
    const result = await build({
      stdin: {
        contents: 'export { MqttClient, connect } from "@anax/client";',
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

  afterEach(() => {
    vi.unstubAllGlobals();
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

  it("works: what it holds in place of the files for Node speaks MQTT as well", async () => {
    vi.stubGlobal("WebSocket", WebSocket);
    const listeners = [{ type: "websocket", host: "127.0.0.1", port: 0 }] as const;
    await using server = new MqttServer({ listeners, systemTopics: false, topicAliasMaximum: 2 });
    await server.start();
    const url = `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`;
    const bundle = (await import(/* @vite-ignore */ url)) as { connect: typeof connect };
    await using client = await bundle.connect(server.address().url, { topicAliasMaximum: 2 });
    const subscription = client.subscribe("größe/+", { qos: 2 });
    await subscription;
    for (const qos of [0, 1, 2, 0, 1, 2] as const) {
      await client.publish("größe/a", "\u{1f409}", { qos, contentType: "µ" });
    }
    const seen: string[] = [];
    for await (const { topic, text, qos, contentType } of subscription) {
      seen.push(`${topic} ${text} ${qos} ${contentType}`);
      if (seen.length === 6) break;
    }
    expect(seen).toEqual([0, 1, 2, 0, 1, 2].map((qos) => `größe/a \u{1f409} ${qos} µ`));
    await expect(client.publish("a\ud800")).rejects.toMatchObject({
      code: "ANAX_CONFIGURATION",
    });
    await expect(bundle.connect(server.address().url, { keepalive: 5 } as object)).rejects.toThrow(
      'unknown option "keepalive"',
    );
    await expect(bundle.connect("mqtt://127.0.0.1")).rejects.toMatchObject({
      code: "ANAX_CONFIGURATION",
    });
  });

  it("is the same for React Native, whose bundler names that condition and no other", async () => {
    const { metafile } = await build({
      stdin: {
        contents: 'export { connect } from "@anax/client";',
        resolveDir: fileURLToPath(new URL(".", import.meta.url)),
      },
      bundle: true,
      write: false,
      metafile: true,
      format: "cjs",
      platform: "neutral",
      conditions: ["source", "react-native"],
    });
    const paths = Object.keys(metafile.inputs);
    expect(paths.filter((path) => path.includes("transports-node"))).toEqual([]);
    expect(paths.some((path) => path.endsWith("transports/browser.ts"))).toBe(true);
  });

  it("makes a client where there is no crypto, as in React Native", async () => {
    vi.stubGlobal("crypto", undefined);
    const bare = `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`;
    const bundle = (await import(/* @vite-ignore */ bare)) as { MqttClient: typeof MqttClient };
    const ids = [1, 2].map(() => new bundle.MqttClient("ws://127.0.0.1").clientId);
    expect(ids[0]).toMatch(/^anax-[0-9a-f]{16}$/);
    expect(ids[0]).not.toBe(ids[1]);
  });

  it("holds nothing of Node", () => {
    const nodeFiles = inputs.filter((path) => path.includes("transports-node"));
    expect(nodeFiles).toEqual([]);
    for (const word of ["node:", "require(", "process.", "Buffer."]) {
      expect(code).not.toContain(word);
    }
  });
});
