/** What is given to people for their monitoring names metrics that there are. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { MqttServer } from "@anax/server";
import { describe, expect, it } from "vitest";
import { createAdmin, METRICS } from "../src/index.ts";

const folder = fileURLToPath(new URL("../../../docs/guide/monitoring/", import.meta.url));
const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;

/** Names as they come: a histogram has three. */
const NAMES = new Set(
  METRICS.flatMap(({ name, type }) =>
    type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);

describe.each(["alerts.yml", "grafana.json"])("%s", (file) => {
  const text = readFileSync(`${folder}${file}`, "utf8");

  it("names metrics that there are", () => {
    const named = new Set(text.match(/\banax_[a-z_]+/g));
    expect(named.size).toBeGreaterThan(5);
    expect([...named].filter((name) => !NAMES.has(name))).toEqual([]);
  });

  it("asks for labels that they have", async () => {
    const server = new MqttServer({ listeners: [], systemTopics: false });
    const admin = createAdmin(server, { holderOf: () => undefined, openMetrics: true });
    const metrics = await (await admin.fetch(new Request("http://127.0.0.1/metrics"))).text();
    admin.close();
    for (const [, name = "", asked = ""] of text.matchAll(/\b(anax_\w+)\{([^}$]*)\}/g)) {
      const lines = metrics.split("\n").filter((line) => line.startsWith(`${name}{`));
      for (const [, label = "", value = ""] of asked.matchAll(/(\w+)!?="([\w-]+)"/g))
        expect(
          lines.some((line) => line.includes(`${label}="${value}"`)),
          `${name} ${label}`,
        ).toBe(true);
    }
  });
});

describe("alerts.yml", () => {
  it.skipIf(!hasPromtool && process.env["CI"] === undefined)("is what promtool wants", () => {
    const { status, stdout } = spawnSync("promtool", ["check", "rules", `${folder}alerts.yml`]);
    expect({ status, said: stdout.toString() }).toMatchObject({ status: 0 });
  });
});
