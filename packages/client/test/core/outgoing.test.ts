/** Messages to the server: QoS, quota, resuming, aliases and what the server does not take. */
import { describe, expect, it } from "vitest";
import { MachineHarness } from "./machine-harness.ts";

/** CONNACK with one property more. */
const CONNACK = {
  receiveMaximum1: "20 06 00 00 03 21 00 01",
  receiveMaximum2: "20 06 00 00 03 21 00 02",
  maximumQos0: "20 05 00 00 02 24 00",
  maximumQos1: "20 05 00 00 02 24 01",
  noRetain: "20 05 00 00 02 25 00",
  maximumPacketSize10: "20 08 00 00 05 27 00 00 00 0a",
  topicAliasMaximum1: "20 06 00 00 03 22 00 01",
  topicAliasMaximum2: "20 06 00 00 03 22 00 02",
  resumed: "20 03 01 00 00",
  resumedReceiveMaximum1: "20 06 01 00 03 21 00 01",
  resumedReceiveMaximum1PacketSize10: "20 0b 01 00 08 21 00 01 27 00 00 00 0a",
  resumedMaximumQos1: "20 05 01 00 02 24 01",
} as const;

const PERSISTENT = { cleanStart: false, properties: { sessionExpiryIntervalSeconds: 100 } };

describe("publish", () => {
  it("[MQTT-2.2.1-2] at QoS 0 has no Packet Identifier and is done when it is put out", () => {
    const harness = new MachineHarness();
    harness.connect();
    const publish = harness.publish("t", 0, { payload: "hi" });
    expect(publish.outcome).toBe("sent");
    expect(harness.takeHex()).toBe("30 06 00 01 74 00 68 69");
  });

  it("[MQTT-4.3.2-3] at QoS 1 is done at PUBACK", () => {
    const harness = new MachineHarness();
    harness.connect();
    const publish = harness.publish("t", 1);
    expect(harness.takeHex()).toBe("32 06 00 01 74 00 01 00");
    expect(publish.outcome).toBeUndefined();
    harness.receive("40 03 00 01 10");
    expect(publish.outcome).toMatchObject({ packetIdentifier: 1, reasonCode: 0x10 });
  });

  it("[MQTT-4.3.3-4] at QoS 2 sends PUBREL after PUBREC and is done at PUBCOMP", () => {
    const harness = new MachineHarness();
    harness.connect();
    const publish = harness.publish("t", 2);
    expect(harness.takeHex()).toBe("34 06 00 01 74 00 01 00");
    harness.receive("50 02 00 01");
    expect(harness.takeHex()).toBe("62 02 00 01");
    expect(publish.outcome).toBeUndefined();
    harness.receive("70 02 00 01");
    expect(publish.outcome).toMatchObject({ type: "pubcomp" });
  });

  it.each([
    [1, "40 03 00 01 87", 0x87],
    [2, "50 03 00 01 97", 0x97],
  ] as const)("at QoS %i fails with the Reason Code of a refusal", (qos, hex, reasonCode) => {
    const harness = new MachineHarness();
    harness.connect();
    const publish = harness.publish("t", qos);
    harness.takeHex();
    harness.receive(hex);
    expect(publish.outcome).toMatchObject({ name: "MqttReasonError", reasonCode });
    expect(harness.takeHex()).toBe("");
    expect(harness.machine.inFlight).toBe(0);
  });

  it("at QoS 2 has the code, the words and the User Properties of PUBREC as well", () => {
    const harness = new MachineHarness();
    harness.connect();
    const publish = harness.publish("t", 2);
    harness.receive("50 0f 00 01 10 0b 1f 0001 61 26 0001 6b 0001 76");
    harness.receive("70 0b 00 01 00 07 26 0001 6b 0001 77");
    expect(publish.outcome).toMatchObject({
      type: "pubcomp",
      reasonCode: 0x10,
      properties: {
        reasonString: "a",
        userProperties: [
          ["k", "v"],
          ["k", "w"],
        ],
      },
    });
  });

  it("puts many packets of a turn into one chunk", () => {
    const harness = new MachineHarness();
    harness.connect();
    for (let count = 0; count < 100; count += 1) harness.publish("t", 0);
    expect(harness.machine.takeOutput(0)?.length).toBe(600);
    expect(harness.machine.takeOutput(0)).toBeUndefined();
  });

  it("fails, and sends nothing, when a field cannot be encoded", () => {
    const harness = new MachineHarness();
    harness.connect();
    expect(harness.publish("a/+").outcome).toMatchObject({ code: "ANAX_CONFIGURATION" });
    expect(harness.publish("").outcome).toMatchObject({ code: "ANAX_CONFIGURATION" });
    expect(harness.publish("t", 1, { properties: { contentType: "\0" } }).outcome).toMatchObject({
      code: "ANAX_CONFIGURATION",
    });
    expect(harness.takeHex()).toBe("");
    expect(harness.machine.inFlight).toBe(0);
  });
});

describe("[MQTT-2.2.1-3] Packet Identifiers", () => {
  it("are shared by PUBLISH and SUBSCRIBE, never 0 and never in use", () => {
    const harness = new MachineHarness();
    harness.connect();
    harness.publish("t", 1);
    harness.subscribe(["a"]);
    harness.unsubscribe(["a"]);
    harness.publish("t", 2);
    expect(harness.takeHex()).toBe(
      "32 06 00 01 74 00 01 00 82 07 00 02 00 00 01 61 01 a2 06 00 03 00 00 01 61 " +
        "34 06 00 01 74 00 04 00",
    );
  });

  it("wrap round, and pass over one that is held", () => {
    const harness = new MachineHarness({ queueMessagesMax: 70_000 });
    harness.connect();
    harness.publish("held", 1);
    harness.takeHex();
    const seen = new Set<number>();
    for (let count = 0; count < 65_534; count += 1) {
      const request = harness.publish("t", 1);
      seen.add(request.packetIdentifier);
      const { packetIdentifier } = request;
      harness.receivePacket({ type: "puback", packetIdentifier, reasonCode: 0 });
      harness.machine.takeOutput(0);
    }
    // One that is held keeps its place in a small table, and so every second from being used.
    expect(seen.size).toBeGreaterThan(32_000);
    expect(seen.has(0)).toBe(false);
    expect(seen.has(1)).toBe(false);
    expect(Math.max(...seen)).toBeGreaterThanOrEqual(65_534);
  });
});

describe("[MQTT-3.3.4-7] the server's Receive Maximum", () => {
  it("lets QoS 1 and 2 messages wait, in their order", () => {
    const harness = new MachineHarness();
    harness.connect({}, CONNACK.receiveMaximum2);
    for (const topic of ["a", "b", "c", "d"]) harness.publish(topic, 1);
    expect(harness.takeHex()).toBe("32 06 00 01 61 00 01 00 32 06 00 01 62 00 02 00");
    harness.receive("40 02 00 02");
    // 3 would have the place of 1 in a table of two.
    expect(harness.takeHex()).toBe("32 06 00 01 63 00 04 00");
    harness.receive("40 02 00 01 40 02 00 04");
    expect(harness.takeHex()).toBe("32 06 00 01 64 00 05 00");
  });

  it("[MQTT-3.3.4-8] holds back no other packet", () => {
    const harness = new MachineHarness();
    harness.connect({}, CONNACK.receiveMaximum1);
    harness.publish("a", 1);
    harness.takeHex();
    harness.publish("b", 1);
    harness.subscribe(["f"]);
    harness.machine.ping(0);
    expect(harness.takeHex()).toBe("82 07 00 02 00 00 01 66 01 c0 00");
  });

  it("[MQTT-4.9.0-1] is given back by PUBCOMP and by a refusing PUBREC, not by PUBREC", () => {
    const harness = new MachineHarness();
    harness.connect({}, CONNACK.receiveMaximum1);
    for (const topic of ["a", "b", "c"]) harness.publish(topic, 2);
    harness.takeHex();
    harness.receive("50 02 00 01");
    expect(harness.takeHex()).toBe("62 02 00 01");
    harness.receive("70 02 00 01");
    expect(harness.takeHex()).toBe("34 06 00 01 62 00 02 00");
    harness.receive("50 03 00 02 97");
    expect(harness.takeHex()).toBe("34 06 00 01 63 00 03 00");
  });
});

describe("what the server does not take is refused before it is sent", () => {
  it.each([
    ["[MQTT-3.2.2-11] QoS 1 at Maximum QoS 0", CONNACK.maximumQos0, 1, {}, 0x9b],
    ["[MQTT-3.2.2-11] QoS 2 at Maximum QoS 1", CONNACK.maximumQos1, 2, {}, 0x9b],
    ["[MQTT-3.2.2-14] a retained message", CONNACK.noRetain, 0, { retain: true }, 0x9a],
    ["[MQTT-3.2.2-15] a large packet", CONNACK.maximumPacketSize10, 0, { payload: "12345" }, 0x95],
    [
      "[MQTT-3.2.2-15] a large QoS 2 packet",
      CONNACK.maximumPacketSize10,
      2,
      { payload: "123" },
      0x95,
    ],
    [
      "[MQTT-3.2.2-17] a Topic Alias above the maximum",
      CONNACK.topicAliasMaximum1,
      0,
      { properties: { topicAlias: 2 } },
      0x94,
    ],
    [
      "[MQTT-3.2.2-18] a Topic Alias when it takes none",
      "20 03 00 00 00",
      0,
      { properties: { topicAlias: 1 } },
      0x94,
    ],
  ] as const)("%s", (_, connack, qos, rest, reasonCode) => {
    const harness = new MachineHarness();
    harness.connect({}, connack);
    const { outcome } = harness.publish("t", qos, rest);
    expect(outcome).toMatchObject({ name: "MqttNotSupportedError", reasonCode });
    expect(harness.takeHex()).toBe("");
    expect(harness.machine.inFlight).toBe(0);
  });

  it("[MQTT-3.2.2-15] a packet of just the Maximum Packet Size goes", () => {
    const harness = new MachineHarness();
    harness.connect({}, CONNACK.maximumPacketSize10);
    expect(harness.publish("t", 0, { payload: "1234" }).outcome).toBe("sent");
  });
});

describe("resuming a Session", () => {
  it.each([1, 2] as const)(
    "[MQTT-3.2.2-15] a QoS %i message that became too large gives its place back",
    (qos) => {
      const harness = new MachineHarness();
      harness.connect(PERSISTENT);
      const large = harness.publish("a", qos, { payload: "1234567890" });
      harness.takeHex();
      harness.machine.connectionLost();
      harness.publish("b", 1);
      harness.connect(PERSISTENT, CONNACK.resumedReceiveMaximum1PacketSize10);
      // A server that has the QoS 2 message is told to forget its identifier, which is free only after that.
      if (qos === 1) expect(harness.takeHex()).toBe("32 06 00 01 62 00 02 00");
      else {
        expect(harness.takeHex()).toBe("62 02 00 01");
        harness.receive("70 03 00 01 92");
        expect(harness.takeHex()).toBe("32 06 00 01 62 00 02 00");
      }
      expect(large.outcome).toMatchObject({ name: "MqttNotSupportedError", reasonCode: 0x95 });
      harness.receive("40 02 00 02");
      expect(harness.machine.inFlight).toBe(0);
    },
  );

  it("[MQTT-3.2.2-11] repeats no QoS 2 message to a server that takes QoS 1 only", () => {
    const harness = new MachineHarness();
    harness.connect(PERSISTENT);
    const publish = harness.publish("a", 2);
    harness.takeHex();
    harness.machine.connectionLost();
    harness.connect(PERSISTENT, CONNACK.resumedMaximumQos1);
    expect(harness.takeHex()).toBe("62 02 00 01");
    expect(publish.outcome).toMatchObject({ name: "MqttNotSupportedError", reasonCode: 0x9b });
    harness.receive("70 02 00 01");
    expect(harness.machine.inFlight).toBe(0);
  });

  it("[MQTT-4.4.0-1] repeats PUBLISH with DUP and the same identifiers, in the first order", () => {
    const harness = new MachineHarness();
    harness.connect(PERSISTENT);
    const first = harness.publish("a", 1);
    const second = harness.publish("b", 2);
    harness.publish("c", 1);
    harness.takeHex();
    harness.receive("40 02 00 03");
    harness.machine.connectionLost();
    harness.connect(PERSISTENT, CONNACK.resumed);
    expect(harness.takeHex()).toBe("3a 06 00 01 61 00 01 00 3c 06 00 01 62 00 02 00");
    harness.receive("40 02 00 01 50 02 00 02 70 02 00 02");
    expect(first.outcome).toMatchObject({ type: "puback" });
    expect(second.outcome).toMatchObject({ type: "pubcomp" });
  });

  it("[MQTT-4.3.3-6] sends PUBREL, not PUBLISH, after PUBREC", () => {
    const harness = new MachineHarness();
    harness.connect(PERSISTENT);
    harness.publish("a", 2);
    harness.takeHex();
    harness.receive("50 02 00 01");
    harness.takeHex();
    harness.machine.connectionLost();
    harness.connect(PERSISTENT, CONNACK.resumed);
    expect(harness.takeHex()).toBe("62 02 00 01");
  });

  it("[MQTT-4.6.0-1] sends what waited after what is repeated, within the Receive Maximum", () => {
    const harness = new MachineHarness();
    harness.connect(PERSISTENT);
    harness.publish("a", 1);
    harness.publish("b", 1);
    harness.takeHex();
    harness.machine.connectionLost();
    harness.publish("c", 1);
    harness.connect(PERSISTENT, CONNACK.resumedReceiveMaximum1);
    expect(harness.takeHex()).toBe("3a 06 00 01 61 00 01 00");
    harness.receive("40 02 00 01");
    expect(harness.takeHex()).toBe("3a 06 00 01 62 00 02 00");
    harness.receive("40 02 00 02");
    expect(harness.takeHex()).toBe("32 06 00 01 63 00 03 00");
  });

  it("repeats a message in full although it was sent by its alias", () => {
    const harness = new MachineHarness({ topicAliasesMax: 8 });
    harness.connect(PERSISTENT, CONNACK.topicAliasMaximum2);
    harness.publish("a", 1);
    harness.publish("a", 1);
    harness.takeHex();
    harness.machine.connectionLost();
    harness.connect(PERSISTENT, CONNACK.resumed);
    expect(harness.takeHex()).toBe("3a 06 00 01 61 00 01 00 3a 06 00 01 61 00 02 00");
  });

  it("[MQTT-3.2.2-5] does not happen when the server has none: QoS 1 is begun anew, QoS 2 fails", () => {
    const harness = new MachineHarness();
    harness.connect(PERSISTENT);
    const once = harness.publish("a", 2);
    harness.publish("b", 1);
    harness.takeHex();
    harness.machine.connectionLost();
    harness.publish("c", 1);
    harness.connect(PERSISTENT);
    expect(harness.takeHex()).toBe("32 06 00 01 62 00 01 00 32 06 00 01 63 00 02 00");
    expect(once.outcome).toMatchObject({ name: "MqttDisconnectedError" });
  });

  it("happens in MQTT 3.1 too, whose CONNACK does not tell whether there is a Session", () => {
    const harness = new MachineHarness({}, 3);
    harness.connect({ cleanStart: false });
    const publish = harness.publish("t", 2);
    harness.takeHex();
    harness.machine.connectionLost();
    harness.connect({ cleanStart: false });
    expect(publish.outcome).toBeUndefined();
    expect(harness.takeHex()).toBe("3c 05 00 01 74 00 01");
  });

  it("[MQTT-3.1.2-4] does not happen after Clean Start", () => {
    const harness = new MachineHarness();
    harness.connect(PERSISTENT);
    const publish = harness.publish("a", 2);
    harness.takeHex();
    harness.machine.connectionLost();
    harness.start({ cleanStart: true });
    expect(publish.outcome).toMatchObject({ name: "MqttDisconnectedError" });
    expect(harness.machine.inFlight).toBe(0);
  });

  it("PUBCOMP 0x92 for a PUBREL that was sent again is no error: the server had it all", () => {
    const harness = new MachineHarness();
    harness.connect(PERSISTENT);
    const publish = harness.publish("t", 2);
    harness.receive("50 02 00 01");
    harness.machine.connectionLost();
    harness.connect(PERSISTENT, "20 03 01 00 00");
    harness.receive("70 03 00 01 92");
    expect(publish.outcome).toMatchObject({ type: "pubcomp", reasonCode: 0 });
  });

  it("goes on with an exchange that nobody waits for any more, so that its identifier is free", () => {
    const harness = new MachineHarness();
    harness.connect(PERSISTENT);
    const publish = harness.publish("a", 2);
    harness.takeHex();
    harness.machine.disconnect({ type: "disconnect", reasonCode: 0 });
    harness.machine.connectionLost();
    harness.machine.abandon(new Error("ended"));
    expect(publish.outcome).toMatchObject({ message: "ended" });
    harness.connect(PERSISTENT, CONNACK.resumed);
    expect(harness.takeHex()).toBe("3c 06 00 01 61 00 01 00");
    harness.receive("50 02 00 01 70 02 00 01");
    expect(harness.machine.inFlight).toBe(0);
  });
});

describe("acknowledgements that nobody waits for", () => {
  it.each([
    ["PUBACK", "40 02 00 09"],
    ["PUBCOMP", "70 02 00 09"],
    ["a refusing PUBREC", "50 03 00 09 80"],
  ])("%s is of no effect", (_, hex) => {
    const harness = new MachineHarness();
    harness.connect();
    harness.receive(hex);
    expect(harness.takeEvents()).toEqual([]);
    expect(harness.takeHex()).toBe("");
  });

  it("PUBREC is answered by PUBREL 0x92", () => {
    const harness = new MachineHarness();
    harness.connect();
    harness.receive("50 02 00 09");
    expect(harness.takeHex()).toBe("62 03 00 09 92");
  });

  it("PUBACK for a QoS 2 message, of a server without QoS 2, ends it with an error that says so", () => {
    const harness = new MachineHarness({}, 4);
    harness.connect();
    const publish = harness.publish("t", 2);
    harness.takeHex();
    harness.receive("40 02 00 01");
    expect(publish.outcome).toMatchObject({ code: "ANAX_NOT_SUPPORTED", reasonCode: 0x9b });
    expect((publish.outcome as Error).message).toContain("publish with QoS 1");
    expect(harness.machine.inFlight).toBe(0);
    expect(harness.takeHex()).toBe("");
  });

  it("PUBACK for a QoS 2 message gives its place in the window back", () => {
    const harness = new MachineHarness();
    harness.connect({}, "20 06 00 00 03 21 00 01");
    harness.publish("t", 2);
    const second = harness.publish("t", 1);
    harness.takeHex();
    harness.receive("40 02 00 01");
    harness.takeHex();
    harness.receive("40 02 00 02");
    expect(second.outcome).toMatchObject({ reasonCode: 0 });
  });
});

describe("the queue", () => {
  it("keeps messages until there is a connection", () => {
    const harness = new MachineHarness();
    const publish = harness.publish("t", 0);
    expect(publish.outcome).toBeUndefined();
    harness.connect();
    expect(harness.takeHex()).toBe("30 04 00 01 74 00");
    expect(publish.outcome).toBe("sent");
  });

  it("refuses more messages than its limit", () => {
    const harness = new MachineHarness({ queueMessagesMax: 2 });
    harness.publish("a");
    harness.publish("b");
    expect(harness.publish("c").outcome).toMatchObject({
      code: "ANAX_QUEUE_FULL",
      message: "2 messages wait to be sent, the limit (queueMessagesMax)",
    });
    expect(harness.machine.waitingMessages).toBe(2);
  });

  it("has room again for each message that was given up", () => {
    const harness = new MachineHarness({ queueMessagesMax: 3, queueBytesMax: 3 });
    const first = ["a", "b", "c"].map((topic) => harness.publish(topic, 1, { payload: "1" }));
    for (const publish of first) {
      harness.machine.giveUp(publish);
      harness.machine.giveUp(publish);
      expect(harness.machine.waitingMessages).toBe(2);
      expect(harness.publish("d", 1, { payload: "1" }).outcome).toBeUndefined();
      expect(harness.publish("e", 1).outcome).toMatchObject({ code: "ANAX_QUEUE_FULL" });
    }
    harness.connect();
    expect(harness.takeHex().match(/64 00 0[123] 00 31/g)).toHaveLength(3);
    expect(harness.machine.waitingMessages).toBe(0);
  });

  it("holds no message that was given up, however many are", () => {
    const harness = new MachineHarness();
    const kept = harness.publish("kept", 1);
    for (let count = 0; count < 1_000; count += 1) harness.machine.giveUp(harness.publish("t", 1));
    expect(harness.machine.waitingMessages).toBe(1);
    harness.machine.giveUp(kept);
    expect(harness.machine.waitingMessages).toBe(0);
    harness.connect();
    expect(harness.takeHex()).toBe("");
    expect(harness.machine.isOpen).toBe(true);
  });

  it("refuses more bytes than its limit", () => {
    const harness = new MachineHarness({ queueBytesMax: 10 });
    harness.publish("a", 0, { payload: "123456" });
    expect(harness.publish("b", 0, { payload: "12345" }).outcome).toMatchObject({
      code: "ANAX_QUEUE_FULL",
      message: "a payload of 5 bytes cannot wait to be sent: 4 of 10 (queueBytesMax) are free",
    });
    expect(harness.publish("c", 0, { payload: "1234" }).outcome).toBeUndefined();
  });

  it("takes what a slow connection does not, and gives it on later", () => {
    const harness = new MachineHarness();
    harness.connect();
    const payload = "x".repeat(600_000);
    const outcomes = ["a", "b", "c"].map((topic) => harness.publish(topic, 0, { payload }));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["sent", "sent", undefined]);
    expect(harness.machine.takeOutput(0)?.length).toBeGreaterThan(1_200_000);
    expect(harness.machine.takeOutput(0)?.length).toBeGreaterThan(600_000);
    expect(outcomes[2]?.outcome).toBe("sent");
  });

  it("drops a message that was given up while it waited", () => {
    const harness = new MachineHarness();
    const publish = harness.publish("a", 1);
    harness.publish("b", 1);
    harness.machine.giveUp(publish);
    harness.connect();
    expect(harness.takeHex()).toBe("32 06 00 01 62 00 01 00");
  });
});
