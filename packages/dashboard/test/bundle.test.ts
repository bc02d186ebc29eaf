/** The page as it is served: small, whole, and nothing in it that its policy would have to allow. */
import { createAdmin } from "@anax/admin";
import type { Admin } from "@anax/admin";
import { MqttServer } from "@anax/server";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildDashboard } from "../../../tools/build-dashboard.mjs";

/** The budget of all that the page loads. */
const GZIP_BYTES_MAX = 150_000;
const FILES = ["/", "/app.js", "/app.css"];

describe("the page of the admin API", () => {
  const server = new MqttServer({
    listeners: [
      { type: "tcp", host: "127.0.0.1", port: 0 },
      { type: "websocket", host: "127.0.0.1", port: 0 },
    ],
  });
  let admin: Admin;

  beforeAll(async () => {
    await Promise.all([buildDashboard(), server.start()]);
    admin = createAdmin(server, { holderOf: () => undefined });
  });

  afterAll(async () => {
    admin.close();
    await server.stop();
  });

  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    admin.fetch(new Request(`http://127.0.0.1:8080${path}`, { headers }));

  it(`takes at most ${GZIP_BYTES_MAX} bytes after gzip, all files together`, async () => {
    let total = 0;
    for (const path of FILES) {
      const [plain, packed] = [await get(path), await get(path, { "accept-encoding": "gzip" })];
      const contents = Buffer.from(await plain.arrayBuffer());
      expect(packed.headers.get("content-encoding")).toBe("gzip");
      const bytes = Buffer.from(await packed.arrayBuffer());
      expect(bytes.equals(gzipSync(contents, { level: 9 }))).toBe(true);
      total += bytes.length;
    }
    console.log(`the dashboard: ${total} bytes gzip`);
    expect(total).toBeGreaterThan(10_000);
    expect(total).toBeLessThanOrEqual(GZIP_BYTES_MAX);
  });

  it("has nothing inline, and loads nothing of others", async () => {
    const page = await (await get("/")).text();
    expect(page).not.toMatch(/<style|style=|<script(?![^>]*src=)| on\w+=/);
    const loaded = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url);
    expect(loaded).toEqual(["data:,", "app.css", "app.js"]);
    expect(await (await get("/app.css")).text()).not.toMatch(/url\(|@import/);
    expect(await (await get("/app.js")).text()).not.toMatch(/\beval\(|new Function\(/);
  });

  it("is served with a policy that lets it reach this server alone", async () => {
    const port = new URL(server.listeners[1]?.address?.url ?? "").port;
    const { headers } = await get("/");
    expect(headers.get("content-security-policy")).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
        `connect-src 'self' ws://127.0.0.1:${port} wss://127.0.0.1:${port}; ` +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
  });

  it("is left out where it is not wanted, and no other file is served", async () => {
    const without = createAdmin(server, { holderOf: () => undefined, dashboard: false });
    expect((await without.fetch(new Request("http://127.0.0.1/"))).status).toBe(404);
    without.close();
    for (const path of ["/index.js", "/app.js.map", "/..%2findex.js", "/constructor"])
      expect((await get(path)).status, path).toBe(404);
  });
});
