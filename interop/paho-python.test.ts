/** Does a program on Python's paho client find in us the server that it was written for? */
import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runProgram } from "./support/child-program.ts";
import { isComplete } from "./support/required-programs.ts";
import { startTestServer } from "./support/test-server.ts";
import type { TestServer } from "./support/test-server.ts";

/** Python of the system, for it is Debian that has paho's package. */
const PYTHON = "/usr/bin/python3";
const SCRIPT = new URL("paho-python/exchange.py", import.meta.url).pathname;

const hasPaho = spawnSync(PYTHON, ["-c", "import paho.mqtt.client"]).status === 0;

describe.runIf(isComplete(hasPaho ? [] : ["python3-paho-mqtt"]))(
  "a program on paho",
  { timeout: 60_000 },
  () => {
    let broker: TestServer;

    beforeAll(async () => {
      broker = await startTestServer();
    });

    afterAll(() => broker[Symbol.asyncDispose]());

    it.each(["3.1", "3.1.1", "5"])(
      "publishes, subscribes, leaves and comes back in %s",
      async (v) => {
        const output = await runProgram(PYTHON, [SCRIPT, `${broker.port}`, v]);
        const observed: unknown[] = output
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line));
        // CONNACK of MQTT 3.1 has no Session Present.
        const session = v === "3.1" ? 0 : 1;
        const properties = v === "5" ? PROPERTIES : {};
        const message = (
          topic: string,
          payload: string,
          qos: number,
          more: object = {},
        ): unknown => ({
          message: { topic: `paho/${v}/${topic}`, payload, qos, retain: false, ...more },
        });
        expect(observed).toEqual([
          { "first connect": { code: 0, session: 0 } },
          { granted: [2] },
          message("0", "at 0", 0, properties),
          message("1", "at 1", 1, properties),
          message("2", "at 2", 2, properties),
          { "in order": true },
          { "second connect": { code: 0, session } },
          message("offline", "one", 1),
          message("offline", "two", 2),
          message("will", "gone", 1),
          message("kept", "kept", 1),
          message("kept", "kept", 1, { retain: true }),
        ]);
      },
    );
  },
);

const PROPERTIES = {
  ContentType: "text/plain",
  ResponseTopic: "paho/answers",
  CorrelationData: "c1",
  UserProperty: [
    ["unit", "degree"],
    ["unit", "kelvin"],
  ],
};
