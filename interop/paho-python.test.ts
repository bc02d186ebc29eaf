/** Does a program on Python's paho client find in us the server that it was written for? */
import { spawnSync } from "node:child_process";
import { isComplete } from "@anax/testing";
import { describe, expect, it } from "vitest";
import { runProgram } from "./support/child-program.ts";
import { portOf, startTestServer } from "./support/test-server.ts";

/** Python of the system, for it is Debian that has paho's package. */
const PYTHON = "/usr/bin/python3";
const SCRIPT = new URL("paho-python/exchange.py", import.meta.url).pathname;

const hasPaho = spawnSync(PYTHON, ["-c", "import paho.mqtt.client"]).status === 0;

const isPresent = isComplete(hasPaho ? [] : ["python3-paho-mqtt"]);

describe.runIf(isPresent)("a program on paho", { timeout: 60_000 }, () => {
  it.each([
    ["3.1", "tcp"],
    ["3.1.1", "tcp"],
    ["5", "tcp"],
    ["5", "websockets"],
  ] as const)("publishes, subscribes, leaves and comes back: %s, %s", async (v, transport) => {
    await using broker = await startTestServer();
    const port = transport === "tcp" ? broker.port : portOf(broker.server, "ws");
    const output = await runProgram(PYTHON, [SCRIPT, `${port}`, v, transport]);
    const lines = output.trim().split("\n");
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual(observedIn(v));
  });
});

/** What the program should see in this version. */
function observedIn(version: "3.1" | "3.1.1" | "5"): readonly object[] {
  // CONNACK of MQTT 3.1 has no Session Present.
  const session = version === "3.1" ? 0 : 1;
  const properties = version === "5" ? PROPERTIES : {};
  const message = (topic: string, payload: string, qos: number, more: object = {}): object => ({
    message: { topic: `paho/${version}/${topic}`, payload, qos, retain: false, ...more },
  });
  return [
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
  ];
}

const PROPERTIES = {
  ContentType: "text/plain",
  ResponseTopic: "paho/answers",
  CorrelationData: "c1",
  UserProperty: [
    ["unit", "degree"],
    ["unit", "kelvin"],
  ],
};
