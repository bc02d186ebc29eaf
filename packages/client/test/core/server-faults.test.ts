/** What a server must not send, and what becomes of it when the client is not strict, as it is by default. */
import { describe, expect, it } from "vitest";
import type { Message } from "../../src/core/message.ts";
import { MachineHarness } from "./machine-harness.ts";

const ALIASES = { properties: { topicAliasMaximum: 2 } };
const TWO = { properties: { receiveMaximum: 2 } };
const AFTERWARDS = "30 04 00 01 7a 00";

/** Of each: its bytes at QoS 0, 1 and 2 with identifier 7, its topic, and the Reason Code of its fault. */
const BAD_MESSAGES = [
  ["a # in its topic", ["30 06 00 03 612f23 00", "0008 0003 612f23 0007 00"], "a/#", 0x90],
  ["a + in its topic", ["30 04 00 01 2b 00", "0006 0001 2b 0007 00"], "+", 0x90],
  ["U+0000 in its topic", ["30 05 00 02 6100 00", "0007 0002 6100 0007 00"], "a\0", 0x81],
  ["a topic that is no UTF-8", ["30 05 00 02 61ff 00", "0007 0002 61ff 0007 00"], "a\ufffd", 0x81],
  [
    "a wildcard in its Response Topic",
    ["30 08 00 01 74 04 08 0001 23", "000a 0001 74 0007 04 08 0001 23"],
    "t",
    0x90,
  ],
  [
    "U+0000 in a User Property",
    ["30 0b 00 01 74 07 26 0001 61 0001 00", "000d 0001 74 0007 07 26 0001 61 0001 00"],
    "t",
    0x81,
  ],
  [
    "Payload Format Indicator 2",
    ["30 06 00 01 74 02 01 02", "0008 0001 74 0007 02 01 02"],
    "t",
    0x82,
  ],
  [
    "an alias that was not allowed, beside its topic",
    ["30 07 00 01 74 03 23 0009", "0009 0001 74 0007 03 23 0009"],
    "t",
    0x94,
  ],
  [
    "a Subscription Identifier that was never given",
    ["30 06 00 01 74 02 0b 09", "0008 0001 74 0007 02 0b 09"],
    "t",
    0x82,
  ],
  [
    "properties that end behind the packet",
    ["30 04 00 01 74 09", "0006 0001 74 0007 09"],
    "t",
    0x81,
  ],
] as const;

/** The bytes behind the first two, with the first byte of this QoS. */
function atQos(hex: string, qos: 1 | 2): string {
  return `${qos === 1 ? "32" : "34"} ${hex.slice(2)}`;
}

function messages(harness: MachineHarness): Message[] {
  return harness.takeEvents().filter((event) => event.type === "message");
}

describe.each(BAD_MESSAGES)("a message with %s", (_, [qos0, others], topic, reasonCode) => {
  const fault = { type: "fault", error: { code: "ANAX_SERVER_FAULT", topic, reasonCode } };

  it("is dropped, and an event tells its topic and the fault", () => {
    const harness = new MachineHarness();
    harness.connect();
    harness.receive(`${qos0} ${AFTERWARDS}`);
    expect(harness.takeEvents()).toMatchObject([fault, { type: "message", topic: "z" }]);
    expect(harness.takeHex()).toBe("");
  });

  it.each([
    [1, "40 02 00 07"],
    [2, "50 02 00 07"],
  ] as const)("is acknowledged at QoS %i", (qos, acknowledgement) => {
    const harness = new MachineHarness();
    harness.connect();
    harness.receive(`${atQos(others, qos)} ${AFTERWARDS}`);
    expect(harness.takeEvents()).toMatchObject([fault, { type: "message", topic: "z" }]);
    expect(harness.takeHex()).toBe(acknowledgement);
  });

  it("closes the connection of a strict client", () => {
    const harness = new MachineHarness({ isStrict: true });
    harness.connect();
    harness.receive(qos0);
    expect(harness.takeCloseError()).toMatchObject({ reasonCode });
  });
});

describe("a bad message", () => {
  it("of QoS 2 is one exchange with PUBREL and PUBCOMP, repeated or not", () => {
    const harness = new MachineHarness();
    harness.connect();
    const bad = "0008 0003 612f23 0007 00";
    harness.receive(`${atQos(bad, 2)} 3c ${bad.slice(2)} 62 02 00 07`);
    expect(harness.takeHex()).toBe("50 02 00 07 50 02 00 07 70 02 00 07");
    harness.receive("34 06 00 01 74 00 07 00");
    expect(messages(harness)).toMatchObject([{ topic: "t" }]);
  });

  it("[MQTT-4.6.0-2] is acknowledged in its turn where the application acknowledges", () => {
    const harness = new MachineHarness({ acknowledgeMode: "manual" });
    harness.connect();
    harness.receive("32 06 00 01 74 00 01 00 32 08 00 03 612f23 00 02 00");
    const [message] = messages(harness);
    expect(harness.takeHex()).toBe("");
    message?.acknowledge();
    expect(harness.takeHex()).toBe("40 02 00 01 40 02 00 02");
  });

  it("still agrees on the alias that it carries", () => {
    const harness = new MachineHarness();
    harness.connect(ALIASES);
    harness.receive("30 09 00 01 74 05 23 00 01 0b 09 30 06 00 00 03 23 00 01");
    expect(harness.takeEvents()).toMatchObject([{ type: "fault" }, { topic: "t" }]);
  });

  it("in 3.1.1 is dropped as well", () => {
    const harness = new MachineHarness({}, 4);
    harness.connect();
    harness.receive("32 07 00 03 612f23 00 07 30 02 00 00 30 03 00 01 7a");
    expect(harness.takeEvents()).toMatchObject([
      { type: "fault", error: { topic: "a/#" } },
      { type: "fault", error: { topic: "" } },
      { type: "message", topic: "z" },
    ]);
    expect(harness.takeHex()).toBe("40 02 00 07");
  });

  it.each([
    ["QoS 3", "36 06 00 01 74 00 07 00", 0x81],
    ["a topic that ends behind the packet", "30 03 00 09 74", 0x81],
    ["Packet Identifier 0", "32 06 00 01 74 00 00 00", 0x82],
    ["an alias that stands for nothing", "30 06 00 00 03 23 00 01", 0x82],
  ])("that cannot be told apart or acknowledged, as with %s, closes", (_, hex, reasonCode) => {
    const harness = new MachineHarness();
    harness.connect(ALIASES);
    harness.receive(hex);
    expect(harness.takeCloseError()).toMatchObject({ reasonCode });
  });
});

describe("[MQTT-3.1.2-29] problem information that was not asked for", () => {
  it("does no harm, and is told once for each kind of packet and connection", () => {
    const harness = new MachineHarness();
    const connect = { properties: { requestProblemInformation: false } };
    harness.connect(connect);
    const first = harness.publish("t", 1);
    const second = harness.publish("t", 1);
    const subscription = harness.subscribe(["a"]);
    harness.receive("40 0a 00 01 00 06 1f 00 03 61 62 63 40 0a 00 02 00 06 1f 00 03 61 62 63");
    expect(harness.takeEvents()).toMatchObject([{ type: "fault", error: { topic: undefined } }]);
    expect([first.outcome, second.outcome]).toMatchObject([{ reasonCode: 0 }, { reasonCode: 0 }]);
    harness.receive("90 0a 00 03 06 1f 00 03 61 62 63 00");
    expect(harness.takeEvents()).toMatchObject([{ type: "fault" }]);
    expect(subscription.outcome).toMatchObject({ reasonCodes: [0] });
    harness.machine.connectionLost();
    harness.connect(connect);
    harness.publish("t", 1);
    harness.receive("40 0a 00 01 00 06 1f 00 03 61 62 63");
    expect(harness.takeEvents()).toMatchObject([{ type: "fault" }]);
  });
});

describe("an answer of the last connection that comes late", () => {
  it.each([
    ["SUBACK that answers nothing", "90 04 00 09 00 00"],
    ["SUBACK for the identifier of an UNSUBSCRIBE", "90 04 00 02 00 00"],
    ["SUBACK for the identifier of a PUBLISH", "90 04 00 03 00 00"],
    ["SUBACK of another number of filters", "90 05 00 01 00 00 00"],
    ["UNSUBACK that answers nothing", "b0 04 00 09 00 00"],
    ["UNSUBACK for the identifier of a SUBSCRIBE", "b0 04 00 01 00 00"],
  ])("as %s, is told and of no effect", (_, hex) => {
    const harness = new MachineHarness();
    harness.connect();
    const subscription = harness.subscribe(["a"]);
    const leaving = harness.unsubscribe(["b"]);
    const publish = harness.publish("t", 1);
    harness.receive(`${hex} ${hex}`);
    expect(harness.takeEvents()).toMatchObject([{ type: "fault" }]);
    harness.receive("90 04 00 01 00 01 b0 04 00 02 00 00 40 02 00 03");
    expect(harness.takeEvents()).toEqual([]);
    expect([subscription.outcome, leaving.outcome, publish.outcome]).toMatchObject([
      { reasonCodes: [1] },
      { reasonCodes: [0] },
      { reasonCode: 0 },
    ]);
  });

  it.each([
    ["PUBACK", "40 02 00 09"],
    ["PUBACK for the identifier of a SUBSCRIBE", "40 02 00 01"],
    ["PUBCOMP", "70 02 00 09"],
  ])("as %s, is of no effect", (_, hex) => {
    const harness = new MachineHarness();
    harness.connect();
    const subscription = harness.subscribe(["a"]);
    harness.receive(hex);
    harness.receive("90 04 00 01 00 01");
    expect(harness.takeEvents()).toEqual([]);
    expect(subscription.outcome).toMatchObject({ reasonCodes: [1] });
  });
});

it("PUBACK of the last connection that comes late does not end a QoS 2 message", () => {
  const harness = new MachineHarness();
  harness.connect();
  harness.publish("t", 1).isAbandoned = true;
  harness.takeHex();
  harness.machine.connectionLost();
  harness.connect();
  const second = harness.publish("t", 2);
  expect(harness.takeHex()).toBe("34 06 00 01 74 00 01 00");
  harness.receive("40 02 00 01 50 02 00 01 70 02 00 01");
  expect(second.outcome).toMatchObject({ type: "pubcomp", reasonCode: 0 });
});

describe("[MQTT-3.3.4-9] more messages than the client's Receive Maximum", () => {
  const publish = (identifier: number): string => `34 06 00 01 74 00 0${identifier} 00`;

  it("are taken up to twice as many, which is told once; one more ends the connection", () => {
    const harness = new MachineHarness();
    harness.connect(TWO);
    harness.receive([1, 2].map(publish).join(" "));
    expect(harness.takeEvents().map(({ type }) => type)).toEqual(["message", "message"]);
    harness.receive([3, 4].map(publish).join(" "));
    expect(harness.takeEvents().map(({ type }) => type)).toEqual(["fault", "message", "message"]);
    harness.takeHex();
    harness.receive(publish(5));
    expect(harness.takeCloseError()).toMatchObject({ reasonCode: 0x93 });
    expect(harness.takeHex()).toBe("e0 01 93");
  });
});
