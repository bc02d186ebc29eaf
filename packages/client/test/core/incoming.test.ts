/** Messages from the server: delivery, acknowledgements, aliases and limits. */
import { describe, expect, it } from "vitest";
import type { Message } from "../../src/core/message.ts";
import { MachineHarness } from "./machine-harness.ts";

function messages(harness: MachineHarness): Message[] {
  return harness.takeEvents().filter((event) => event.type === "message");
}

const PERSISTENT = { cleanStart: false, properties: { sessionExpiryIntervalSeconds: 100 } };
const RESUMED = "20 03 01 00 00";

describe("PUBLISH", () => {
  it("becomes a message with all that came along", () => {
    const harness = new MachineHarness();
    harness.connect({ cleanStart: false }, "20 03 01 00 00");
    harness.receivePacket({
      type: "publish",
      topic: "t",
      payload: new TextEncoder().encode('{"a":1}'),
      qos: 1,
      retain: true,
      duplicate: true,
      packetIdentifier: 7,
      properties: {
        payloadFormatIndicator: 1,
        messageExpiryIntervalSeconds: 9,
        contentType: "application/json",
        responseTopic: "r",
        correlationData: Uint8Array.of(1, 2),
        userProperties: [
          ["a", "b"],
          ["a", "c"],
        ],
        subscriptionIdentifiers: [3, 4],
      },
    });
    const [message] = messages(harness);
    expect(message).toMatchObject({
      topic: "t",
      text: '{"a":1}',
      qos: 1,
      retain: true,
      duplicate: true,
      packetIdentifier: 7,
      payloadFormatIndicator: 1,
      messageExpiryIntervalSeconds: 9,
      contentType: "application/json",
      responseTopic: "r",
      correlationData: Uint8Array.of(1, 2),
      userProperties: [
        ["a", "b"],
        ["a", "c"],
      ],
      subscriptionIdentifiers: [3, 4],
    });
    expect(message?.json()).toEqual({ a: 1 });
  });

  it("is read the same on its short way, from the second of a topic on", () => {
    const harness = new MachineHarness();
    harness.connect();
    harness.receive(
      "30 05 00 01 74 00 61 31 05 00 01 74 00 62 30 04 00 01 75 00 30 04 00 01 74 00",
    );
    expect(messages(harness)).toMatchObject([
      { topic: "t", text: "a", retain: false, qos: 0, duplicate: false },
      { topic: "t", text: "b", retain: true, qos: 0, duplicate: false },
      { topic: "u", text: "" },
      { topic: "t", text: "", packetIdentifier: undefined, userProperties: undefined },
    ]);
  });

  it.each([
    ["with a topic cut short", "30 03 00 09 74", 0x81],
    ["without Property Length", "30 03 00 01 74", 0x81],
    ["with DUP", "38 04 00 01 74 00", 0x81],
    ["with an alias", "30 07 00 01 74 03 23 00 01", 0x94],
  ])("%s is refused by a strict client although its topic is known", (_, hex, reasonCode) => {
    const harness = new MachineHarness({ isStrict: true });
    harness.connect();
    harness.receive("30 04 00 01 74 00");
    harness.takeEvents();
    harness.receive(hex);
    expect(harness.takeCloseError()).toMatchObject({ reasonCode });
  });

  it("keeps its payload when the chunk that it came in is used again", () => {
    const harness = new MachineHarness();
    harness.connect();
    const chunk = Uint8Array.of(0x30, 5, 0, 1, 0x74, 0, 0x61, 0x30, 5, 0, 1, 0x74, 0, 0x62);
    harness.machine.receive(chunk, 0);
    chunk.fill(0xff);
    expect(messages(harness)).toMatchObject([{ text: "a" }, { text: "b" }]);
  });
});

describe("acknowledgements", () => {
  it("[MQTT-4.5.0-2] follow QoS 1 and 2 messages at once, in their order [MQTT-4.6.0-2]", () => {
    const harness = new MachineHarness();
    harness.connect();
    harness.receive("32 06 00 01 74 00 05 00 34 06 00 01 74 00 04 00 32 06 00 01 74 00 03 00");
    expect(messages(harness)).toHaveLength(3);
    expect(harness.takeHex()).toBe("40 02 00 05 50 02 00 04 40 02 00 03");
  });

  it("[MQTT-4.3.3-10] a repeated QoS 2 message is acknowledged, but not delivered again", () => {
    const harness = new MachineHarness();
    harness.connect();
    harness.receive("34 06 00 01 74 00 01 00 3c 06 00 01 74 00 01 00");
    expect(messages(harness)).toHaveLength(1);
    expect(harness.takeHex()).toBe("50 02 00 01 50 02 00 01");
    harness.receive("62 02 00 01 34 06 00 01 74 00 01 00");
    expect(messages(harness)).toHaveLength(1);
    expect(harness.takeHex()).toBe("70 02 00 01 50 02 00 01");
  });

  it("[MQTT-4.3.3-10] nor is it on the next connection of the Session", () => {
    const harness = new MachineHarness();
    harness.connect(PERSISTENT);
    harness.receive("34 06 00 01 74 00 01 00");
    harness.takeEvents();
    harness.machine.connectionLost();
    harness.connect(PERSISTENT, RESUMED);
    harness.receive("3c 06 00 01 74 00 01 00");
    expect(messages(harness)).toEqual([]);
    expect(harness.takeHex()).toBe("50 02 00 01");
  });

  it("nor in MQTT 3.1, whose CONNACK does not tell whether there is a Session", () => {
    const harness = new MachineHarness({}, 3);
    harness.connect({ cleanStart: false });
    harness.receive("34 05 00 01 74 00 01");
    harness.takeEvents();
    harness.machine.connectionLost();
    harness.connect({ cleanStart: false });
    harness.receive("3c 05 00 01 74 00 01");
    expect(messages(harness)).toEqual([]);
  });

  it("[MQTT-3.2.2-5] but it is when the Session was lost", () => {
    const harness = new MachineHarness();
    harness.connect(PERSISTENT);
    harness.receive("34 06 00 01 74 00 01 00");
    harness.takeEvents();
    harness.machine.connectionLost();
    harness.connect(PERSISTENT);
    harness.receive("34 06 00 01 74 00 01 00");
    expect(messages(harness)).toHaveLength(1);
  });

  it.each([false, true])(
    "what is not the same and has no DUP is a new message on a later connection (strict: %s)",
    (isStrict) => {
      const harness = new MachineHarness({ isStrict });
      harness.connect(PERSISTENT);
      harness.receive("34 07 00 01 74 00 01 00 61");
      harness.takeEvents();
      harness.machine.connectionLost();
      harness.connect(PERSISTENT, RESUMED);
      harness.receive("34 07 00 01 74 00 01 00 62 34 07 00 01 74 00 01 00 62");
      expect(harness.takeEvents()).toMatchObject([
        { type: "fault", error: { reasonCode: 0x91 } },
        { type: "message", text: "b" },
      ]);
      expect(harness.takeHex()).toBe("50 02 00 01 50 02 00 01");
      harness.receive("62 02 00 01");
      expect(harness.takeHex()).toBe("70 02 00 01");
    },
  );

  it.each([
    ["the same without DUP", "34 07 00 01 74 00 01 00 61"],
    ["another with DUP", "3c 07 00 01 74 00 01 00 62"],
  ])("%s is a repetition on a later connection", (_, hex) => {
    const harness = new MachineHarness();
    harness.connect(PERSISTENT);
    harness.receive("34 07 00 01 74 00 01 00 61");
    harness.takeEvents();
    for (let connection = 0; connection < 2; connection += 1) {
      harness.machine.connectionLost();
      harness.connect(PERSISTENT, RESUMED);
      harness.receive(hex);
      expect(harness.takeEvents()).toEqual([]);
      expect(harness.takeHex()).toBe("50 02 00 01");
    }
  });

  it("identifiers without PUBREL swallow no message after they have all been used", () => {
    const harness = new MachineHarness();
    harness.connect(PERSISTENT);
    harness.receive("34 07 00 01 74 00 01 00 61 34 07 00 01 75 00 02 00 61");
    harness.machine.connectionLost();
    harness.connect(PERSISTENT, RESUMED);
    harness.takeEvents();
    for (let identifier = 1; identifier <= 65_535; identifier += 1) {
      const packetIdentifier = identifier;
      const payload = Uint8Array.of(identifier >> 8, identifier);
      const fields = { topic: "t", payload, qos: 2, retain: false, duplicate: false } as const;
      harness.receivePacket({ type: "publish", packetIdentifier, ...fields });
      harness.receivePacket({ type: "pubrel", packetIdentifier, reasonCode: 0 });
      harness.takeHex();
    }
    expect(messages(harness)).toHaveLength(65_535);
  });

  it("[MQTT-4.3.3-11] PUBREL that nobody knows is answered by PUBCOMP 0x92", () => {
    const harness = new MachineHarness();
    harness.connect();
    harness.receive("62 02 00 09");
    expect(harness.takeHex()).toBe("70 03 00 09 92");
  });
});

describe("manual acknowledgement", () => {
  it("[MQTT-4.6.0-2] leaves in the order of the messages, however the application gives it", () => {
    const harness = new MachineHarness({ acknowledgeMode: "manual" });
    harness.connect();
    harness.receive("32 06 00 01 74 00 01 00 32 06 00 01 74 00 02 00 32 06 00 01 74 00 03 00");
    const [first, second, third] = messages(harness);
    expect(harness.takeHex()).toBe("");
    second?.acknowledge();
    expect(harness.takeHex()).toBe("");
    first?.acknowledge();
    expect(harness.takeHex()).toBe("40 02 00 01 40 02 00 02");
    third?.acknowledge(0x83);
    third?.acknowledge();
    expect(harness.takeHex()).toBe("40 03 00 03 83");
  });

  it("of a message of a connection that is gone does nothing", () => {
    const harness = new MachineHarness({ acknowledgeMode: "manual" });
    harness.connect(PERSISTENT);
    harness.receive("32 06 00 01 74 00 01 00");
    const [message] = messages(harness);
    harness.machine.connectionLost();
    harness.connect(PERSISTENT, RESUMED);
    message?.acknowledge();
    expect(harness.takeHex()).toBe("");
  });

  it("of a QoS 2 message may come before or after its repetition on the next connection", () => {
    const harness = new MachineHarness({ acknowledgeMode: "manual" });
    harness.connect(PERSISTENT);
    harness.receive("34 06 00 01 74 00 01 00 34 06 00 01 74 00 02 00");
    const [first, second] = messages(harness);
    harness.machine.connectionLost();
    first?.acknowledge();
    harness.connect(PERSISTENT, RESUMED);
    harness.receive("3c 06 00 01 74 00 01 00 3c 06 00 01 74 00 02 00");
    expect(messages(harness)).toEqual([]);
    expect(harness.takeHex()).toBe("50 02 00 01");
    second?.acknowledge();
    expect(harness.takeHex()).toBe("50 02 00 02");
  });

  it("[MQTT-4.3.3-9] by PUBREC of 0x80 or above frees the identifier", () => {
    const harness = new MachineHarness({ acknowledgeMode: "manual" });
    harness.connect();
    harness.receive("34 06 00 01 74 00 01 00");
    messages(harness)[0]?.acknowledge(0x99);
    expect(harness.takeHex()).toBe("50 03 00 01 99");
    // Some servers send PUBREL all the same; it is no mismatch, once.
    harness.receive("62 02 00 01 62 02 00 01");
    expect(harness.takeHex()).toBe("70 02 00 01 70 03 00 01 92");
    harness.receive("34 06 00 01 74 00 01 00");
    expect(messages(harness)).toHaveLength(1);
  });
});

describe("[MQTT-3.3.4-9] the client's Receive Maximum", () => {
  const TWO = { properties: { receiveMaximum: 2 } };

  it("exceeded by QoS 2 messages ends the connection of a strict client with 0x93", () => {
    const harness = new MachineHarness({ isStrict: true });
    harness.connect(TWO);
    harness.receive("34 06 00 01 74 00 01 00 34 06 00 01 74 00 02 00 34 06 00 01 74 00 03 00");
    const events = harness.takeEvents();
    expect(events.map(({ type }) => type)).toEqual(["message", "message", "close"]);
    expect(harness.takeHex()).toBe("50 02 00 01 50 02 00 02 e0 01 93");
  });

  it("is not exceeded by what was acknowledged or released", () => {
    const harness = new MachineHarness();
    harness.connect(TWO);
    for (let identifier = 1; identifier < 6; identifier += 1) {
      harness.receive(`32 06 00 01 74 00 0${identifier} 00 34 06 00 01 74 00 0${identifier} 00`);
      harness.receive(`62 02 00 0${identifier}`);
    }
    expect(messages(harness)).toHaveLength(10);
  });

  it("exceeded by messages that the application has not acknowledged ends it too", () => {
    const harness = new MachineHarness({ acknowledgeMode: "manual", isStrict: true });
    harness.connect(TWO);
    harness.receive("32 06 00 01 74 00 01 00 32 06 00 01 74 00 02 00 32 06 00 01 74 00 03 00");
    expect(harness.takeEvents().at(-1)).toMatchObject({
      type: "close",
      error: { reasonCode: 0x93 },
    });
  });
});

describe("Topic Aliases of the server", () => {
  const TEN = { properties: { topicAliasMaximum: 10 } };

  it("[MQTT-3.3.2-10] from 1 to the maximum are resolved", () => {
    const harness = new MachineHarness();
    harness.connect(TEN);
    harness.receive("30 07 00 01 61 03 23 00 01 30 07 00 01 62 03 23 00 0a");
    harness.receive("30 06 00 00 03 23 00 01 30 06 00 00 03 23 00 0a");
    expect(messages(harness).map(({ topic }) => topic)).toEqual(["a", "b", "a", "b"]);
  });

  it.each([
    ["0", "30 07 00 01 61 03 23 00 00", 0x94],
    ["above the maximum", "30 07 00 01 61 03 23 00 0b", 0x94],
    ["that stands for no topic", "30 06 00 00 03 23 00 01", 0x82],
  ])("%s ends the connection of a strict client", (_, hex, reasonCode) => {
    const harness = new MachineHarness({ isStrict: true });
    harness.connect(TEN);
    harness.receive(hex);
    expect(harness.takeCloseError()).toMatchObject({ reasonCode });
    expect(harness.takeHex()).toBe(`e0 01 ${reasonCode.toString(16)}`);
  });

  it("[MQTT-3.3.2-7] end with the connection", () => {
    const harness = new MachineHarness();
    harness.connect(TEN);
    harness.receive("30 07 00 01 61 03 23 00 01");
    harness.machine.connectionLost();
    harness.connect(TEN);
    harness.receive("30 06 00 00 03 23 00 01");
    expect(harness.takeEvents().at(-1)).toMatchObject({
      type: "close",
      error: { reasonCode: 0x82 },
    });
  });
});
