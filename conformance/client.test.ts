/** The client scenarios against `@anax/client`. */
import { describe, expect, test } from "vitest";

import { ClientContext, type ClientScenario } from "./client/client-scenario.ts";
import { CONNECTING_SCENARIOS } from "./client/connecting.ts";
import { HOSTILE_SERVER_SCENARIOS } from "./client/hostile-server.ts";
import { KEEPING_ALIVE_SCENARIOS } from "./client/keeping-alive.ts";
import { LEAVING_SCENARIOS } from "./client/leaving.ts";
import { CLIENT_PUBLISHING_SCENARIOS } from "./client/publishing.ts";
import { RECEIVING_SCENARIOS } from "./client/receiving.ts";
import { SERVER_LIMIT_SCENARIOS } from "./client/server-limits.ts";
import { CLIENT_SUBSCRIBING_SCENARIOS } from "./client/subscribing.ts";
import { CLIENT_WEBSOCKET_SCENARIOS } from "./client/websockets.ts";
import type { Version } from "./wire/notation.ts";

const SCENARIOS: readonly ClientScenario[] = [
  ...CONNECTING_SCENARIOS,
  ...KEEPING_ALIVE_SCENARIOS,
  ...CLIENT_PUBLISHING_SCENARIOS,
  ...SERVER_LIMIT_SCENARIOS,
  ...RECEIVING_SCENARIOS,
  ...HOSTILE_SERVER_SCENARIOS,
  ...CLIENT_SUBSCRIBING_SCENARIOS,
  ...LEAVING_SCENARIOS,
  ...CLIENT_WEBSOCKET_SCENARIOS,
];

async function run(scenario: ClientScenario, version: Version): Promise<void> {
  const context = await ClientContext.listen(version);
  try {
    await scenario.run(context);
  } finally {
    await context.close();
  }
}

const VERSIONS = [
  ["5.0", "v5"],
  ["3.1.1", "v3"],
] as const;

describe.each(VERSIONS)("client, MQTT %s", (version, key) => {
  for (const scenario of SCENARIOS) {
    const statements = scenario.statements[key];
    if (!statements) continue;
    const tags = statements.map((id) => `[${id}]`).join(" ");
    test.concurrent(`${tags} ${scenario.title} (${version})`, async () => {
      expect(await run(scenario, version).then(() => "passed")).toBe("passed");
    });
  }
});
