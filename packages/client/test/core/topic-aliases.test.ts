/** Topic Aliases that the client uses, of its own accord or for the caller. */
import { describe, expect, it } from "vitest";
import { MachineHarness } from "./machine-harness.ts";

/** CONNACK with one property more. */
const CONNACK = {
  topicAliasMaximum1: "20 06 00 00 03 22 00 01",
  topicAliasMaximum2: "20 06 00 00 03 22 00 02",
  resumedTopicAliasMaximum1: "20 06 01 00 03 22 00 01",
} as const;

const PERSISTENT = { cleanStart: false, properties: { sessionExpiryIntervalSeconds: 100 } };

describe("Topic Aliases of the client's own", () => {
  it("are used of the machine's own accord, as far as the server takes them", () => {
    const harness = new MachineHarness({ topicAliasesMax: 8 });
    harness.connect({}, CONNACK.topicAliasMaximum2);
    harness.publish("a");
    harness.publish("a");
    harness.publish("b");
    harness.publish("a");
    expect(harness.takeHex()).toBe(
      "30 07 00 01 61 03 23 00 01 30 06 00 00 03 23 00 01 " +
        "30 07 00 01 62 03 23 00 02 30 06 00 00 03 23 00 01",
    );
  });

  it("[MQTT-3.2.2-18] are not used when the server names no maximum", () => {
    const harness = new MachineHarness({ topicAliasesMax: 8 });
    harness.connect();
    harness.publish("a");
    harness.publish("a");
    expect(harness.takeHex()).toBe("30 04 00 01 61 00 30 04 00 01 61 00");
  });

  it("[MQTT-3.3.2-7] end with the connection", () => {
    const harness = new MachineHarness({ topicAliasesMax: 8 });
    harness.connect({}, CONNACK.topicAliasMaximum2);
    harness.publish("a");
    harness.machine.connectionLost();
    harness.connect({}, CONNACK.topicAliasMaximum2);
    harness.publish("a");
    expect(harness.takeHex()).toBe("30 07 00 01 61 03 23 00 01");
  });

  it("given by the caller end those of the machine's own", () => {
    const harness = new MachineHarness({ topicAliasesMax: 8 });
    harness.connect({}, CONNACK.topicAliasMaximum2);
    harness.publish("a");
    harness.publish("b", 0, { properties: { topicAlias: 1 } });
    harness.publish("a");
    expect(harness.takeHex()).toBe(
      "30 07 00 01 61 03 23 00 01 30 07 00 01 62 03 23 00 01 30 04 00 01 61 00",
    );
  });
});

describe("Topic Aliases that the caller sets", () => {
  const alias1 = { properties: { topicAlias: 1 } };

  it("stand for their topic when the message is published, not when it is sent", () => {
    const harness = new MachineHarness();
    harness.publish("a", 1, alias1);
    harness.publish("", 1, alias1);
    harness.publish("b", 1, alias1);
    harness.publish("", 1, alias1);
    harness.connect({}, CONNACK.topicAliasMaximum1);
    expect(harness.takeHex()).toBe(
      "32 09 00 01 61 00 01 03 23 00 01 32 08 00 00 00 02 03 23 00 01 " +
        "32 09 00 01 62 00 03 03 23 00 01 32 08 00 00 00 04 03 23 00 01",
    );
  });

  it("[MQTT-3.3.2-7] are set anew on another connection, with or without the Session", () => {
    for (const connack of [CONNACK.topicAliasMaximum1, CONNACK.resumedTopicAliasMaximum1]) {
      const harness = new MachineHarness();
      harness.connect(PERSISTENT, CONNACK.topicAliasMaximum1);
      harness.publish("a", 0, alias1);
      harness.publish("", 1, alias1);
      harness.takeHex();
      harness.machine.connectionLost();
      harness.publish("", 0, alias1);
      harness.connect(PERSISTENT, connack);
      const repeated =
        connack === CONNACK.topicAliasMaximum1
          ? "32 09 00 01 61 00 01 03 23 00 01 30 06 00 00 03 23 00 01"
          : "3a 06 00 01 61 00 01 00 30 07 00 01 61 03 23 00 01";
      expect(harness.takeHex()).toBe(repeated);
    }
  });

  it("are refused while they stand for no topic", () => {
    const harness = new MachineHarness();
    harness.connect({}, CONNACK.topicAliasMaximum1);
    expect(harness.publish("", 1, alias1).outcome).toMatchObject({
      code: "ANAX_CONFIGURATION",
      message: "Topic Alias 1 stands for no topic yet",
    });
    expect(harness.takeHex()).toBe("");
    expect(harness.machine.inFlight).toBe(0);
  });

  it("are known although the message that set them was given up", () => {
    const harness = new MachineHarness();
    harness.machine.giveUp(harness.publish("a", 0, alias1));
    harness.publish("", 0, alias1);
    harness.connect({}, CONNACK.topicAliasMaximum1);
    expect(harness.takeHex()).toBe("30 07 00 01 61 03 23 00 01");
  });
});
