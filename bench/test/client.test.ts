import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { clientTable, measureClients } from "../client.ts";
import type { ClientScenario } from "../client.ts";

const hasCompiler = ["/usr/bin/gcc", "/usr/bin/cc"].some((path) => existsSync(path));
const isBuilt = ["server", "client"].every((name) =>
  existsSync(fileURLToPath(new URL(`../../packages/${name}/dist/index.js`, import.meta.url))),
);

describe("the benchmark of the clients", () => {
  it.skipIf(!hasCompiler || !isBuilt)(
    "measures both libraries, without an error",
    { timeout: 120_000 },
    async () => {
      const scenarios: readonly ClientScenario[] = ["publish-q1", "receive-q0"];
      const few = {
        peers: ["mqttjs"] as const,
        runs: 1,
        seconds: 0.2,
        protocol: "5",
        serverCpu: "",
        clientCpu: "",
      };
      const all = await measureClients({ scenarios, ...few }, () => undefined);
      expect(all.map(({ scenario }) => scenario)).toEqual(scenarios);
      for (const { results } of all) {
        expect(Object.keys(results)).toEqual(["anax", "mqttjs"]);
        for (const result of Object.values(results).flat()) {
          expect(result.errors).toBe(0);
          expect(result.rate).toBeGreaterThan(0);
          expect(result.perCpuSecond).toBeGreaterThan(0);
        }
      }
    },
  );

  it("tells a goal that is reached from a bar that is held or missed, and names errors", () => {
    const tableOf = (rate: number, errors = 0): string => {
      const results = {
        anax: [{ rate, perCpuSecond: rate, errors }],
        mqttjs: [{ rate: 1_000, perCpuSecond: 1_000, errors: 0 }],
      };
      return clientTable([{ scenario: "publish-q0", results }]);
    };
    expect(tableOf(8_000)).toContain("| 8.0 | 8.0 | reached |");
    expect(tableOf(4_000)).toContain("held");
    expect(tableOf(3_900)).toContain("missed");
    expect(tableOf(8_000, 2)).toContain("2 errors");
  });

  it("has columns for MQTTnet where it was measured, which no bar is for", () => {
    const result = (rate: number): { rate: number; perCpuSecond: number; errors: number }[] => [
      { rate, perCpuSecond: rate, errors: 0 },
    ];
    const results = { anax: result(8_000), mqttnet: result(4_000) };
    const table = clientTable([{ scenario: "publish-q1", results }]);
    expect(table).toContain("| scenario | @anax/client | MQTTnet | ratio | per CPU second |");
    expect(table).toContain("| publish-q1 | 8 k/s | 4 k/s | 2.0 | 2.0 |  |");
    const both = clientTable([
      { scenario: "publish-q1", results: { ...results, mqttjs: result(1_000) } },
    ]);
    expect(both).toContain("| ratio to MQTT.js | per CPU second to MQTT.js | ratio to MQTTnet |");
    expect(both).toContain("| 8.0 | 8.0 | 2.0 | 2.0 | reached |");
  });
});
