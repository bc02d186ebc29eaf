/** What an encoder refuses: the caller's mistakes, which no receiver would accept. */
import { describe, expect, test } from "vitest";
import { ByteWriter, encodePacket, encodePacketInto } from "../src/index.ts";
import type { ConnectPacket, Packet, ProtocolVersion, PublishPacket } from "../src/index.ts";
import { hex } from "./wire.ts";

type ErrorClass = typeof RangeError | typeof TypeError;
type Case = readonly [string, ErrorClass, ProtocolVersion, unknown];

const publish: PublishPacket = {
  type: "publish",
  topic: "a",
  payload: hex("01"),
  qos: 0,
  retain: false,
  duplicate: false,
};

const connect: ConnectPacket = {
  type: "connect",
  protocolVersion: 5,
  clientId: "a",
  cleanStart: true,
  keepAliveSeconds: 0,
};

const will = { topic: "w", payload: hex(""), qos: 0, retain: false };

const subscription = {
  topicFilter: "a",
  qos: 0,
  noLocal: false,
  retainAsPublished: false,
  retainHandling: 0,
};

function subscribe(fields: object): unknown {
  const subscriptions = [{ ...subscription, ...fields }];
  return { type: "subscribe", packetIdentifier: 1, subscriptions };
}

// Callers in JavaScript are not held by the types, so the fields here are of any type.
const CASES: readonly Case[] = [
  ["[MQTT-3.3.1-2] DUP with QoS 0", RangeError, 5, { ...publish, duplicate: true }],
  ["[MQTT-3.3.1-4] QoS 3", RangeError, 5, { ...publish, qos: 3, packetIdentifier: 1 }],
  ["[MQTT-2.2.1-3] QoS 1 without identifier", RangeError, 5, { ...publish, qos: 1 }],
  ["identifier 0", RangeError, 5, { ...publish, qos: 1, packetIdentifier: 0 }],
  ["identifier 65536", RangeError, 5, { ...publish, qos: 2, packetIdentifier: 65_536 }],
  ["identifier 1.5", RangeError, 5, { ...publish, qos: 2, packetIdentifier: 1.5 }],
  ["an identifier that is a string", TypeError, 5, { ...publish, qos: 2, packetIdentifier: "1" }],
  ["[MQTT-3.3.2-2] wildcard #", RangeError, 5, { ...publish, topic: "a/#" }],
  ["[MQTT-3.3.2-2] wildcard +", RangeError, 4, { ...publish, topic: "+" }],
  ["an empty topic, no alias", RangeError, 5, { ...publish, topic: "" }],
  [
    "an alias instead of a topic before 5.0",
    RangeError,
    4,
    { ...publish, topic: "", properties: { topicAlias: 1 } },
  ],
  ["a topic with U+0000", RangeError, 5, { ...publish, topic: "a\0" }],
  ["a topic with a lone surrogate", RangeError, 5, { ...publish, topic: "\ud83d" }],
  ["a topic of 65536 bytes", RangeError, 5, { ...publish, topic: "a".repeat(65_536) }],
  ["a topic of too many bytes", RangeError, 5, { ...publish, topic: "\u20ac".repeat(21_846) }],
  ["a topic that is no string", TypeError, 5, { ...publish, topic: 5 }],
  ["a payload that is a string", TypeError, 5, { ...publish, payload: "text" }],
  ["no payload", TypeError, 5, { ...publish, payload: undefined }],
  ["keepAliveSeconds 65536", RangeError, 5, { ...connect, keepAliveSeconds: 65_536 }],
  ["a version that is none", RangeError, 5, { ...connect, protocolVersion: 6 }],
  ["a bridge on 5.0", RangeError, 5, { ...connect, bridge: true }],
  [
    "[MQTT-3.1.2-22] a password without user name before 5.0",
    RangeError,
    4,
    { ...connect, protocolVersion: 4, password: hex("01") },
  ],
  ["a password that is a string", TypeError, 5, { ...connect, password: "secret" }],
  [
    "Authentication Data without method",
    RangeError,
    5,
    { ...connect, properties: { authenticationData: hex("") } },
  ],
  ["Will QoS 3", RangeError, 5, { ...connect, will: { ...will, qos: 3 } }],
  ["a Will Topic with a wildcard", RangeError, 5, { ...connect, will: { ...will, topic: "a/+" } }],
  ["an empty Will Topic", RangeError, 4, { ...connect, will: { ...will, topic: "" } }],
  [
    "a Will Payload of 65536 bytes",
    RangeError,
    5,
    { ...connect, will: { ...will, payload: new Uint8Array(65_536) } },
  ],
  [
    "[MQTT-3.2.2-6] a refusing CONNACK with Session Present",
    RangeError,
    5,
    { type: "connack", sessionPresent: true, reasonCode: 0x87 },
  ],
  [
    "[MQTT-3.2.2-8] CONNACK with the code of others",
    RangeError,
    5,
    { type: "connack", sessionPresent: false, reasonCode: 0x8e },
  ],
  ...(["puback", "pubrec", "pubrel", "pubcomp"] as const).flatMap((type): Case[] => [
    [`${type} of identifier 0`, RangeError, 4, { type, packetIdentifier: 0, reasonCode: 0 }],
    [`${type} with code 0x81`, RangeError, 5, { type, packetIdentifier: 1, reasonCode: 0x81 }],
  ]),
  [
    "SUBSCRIBE without filter",
    RangeError,
    5,
    {
      type: "subscribe",
      packetIdentifier: 1,
      subscriptions: [],
    },
  ],
  ["an empty filter", RangeError, 5, subscribe({ topicFilter: "" })],
  ["QoS 3 in SUBSCRIBE", RangeError, 4, subscribe({ qos: 3 })],
  ["Retain Handling 3", RangeError, 5, subscribe({ retainHandling: 3 })],
  [
    "[MQTT-3.8.3-4] No Local on $share",
    RangeError,
    5,
    subscribe({ topicFilter: "$share/g/a", noLocal: true }),
  ],
  ["SUBACK without code", RangeError, 5, { type: "suback", packetIdentifier: 1, reasonCodes: [] }],
  [
    "[MQTT-3.9.3-2] SUBACK with QoS 3",
    RangeError,
    4,
    { type: "suback", packetIdentifier: 1, reasonCodes: [3] },
  ],
  [
    "UNSUBSCRIBE without filter",
    RangeError,
    4,
    {
      type: "unsubscribe",
      packetIdentifier: 1,
      topicFilters: [],
    },
  ],
  [
    "UNSUBACK without code",
    RangeError,
    5,
    {
      type: "unsuback",
      packetIdentifier: 1,
      reasonCodes: [],
    },
  ],
  [
    "[MQTT-3.14.2-1] DISCONNECT with code 0x84",
    RangeError,
    5,
    {
      type: "disconnect",
      reasonCode: 0x84,
    },
  ],
  ["a Reason Code that is no number", RangeError, 5, { type: "disconnect", reasonCode: "0" + "x" }],
  [
    "AUTH before 5.0",
    RangeError,
    4,
    {
      type: "auth",
      reasonCode: 0x18,
      properties: { authenticationMethod: "m" },
    },
  ],
  ["AUTH without method", TypeError, 5, { type: "auth", reasonCode: 0x18 }],
];

describe("an encoder refuses", () => {
  test.each(CASES)("%s", (_name, errorClass, version, packet) => {
    expect(() => encodePacket(packet as Packet, version)).toThrow(errorClass);
  });

  test.each(CASES)("%s, and leaves the writer as it was", (_name, errorClass, version, packet) => {
    const writer = new ByteWriter();
    encodePacketInto(writer, { type: "pingreq" }, version);
    expect(() => encodePacketInto(writer, packet as Packet, version)).toThrow(errorClass);
    expect(writer.finish()).toEqual(hex("c000"));
  });

  test("a Remaining Length above 268 435 455, before it copies anything", () => {
    // Memory of this size is only reserved, never touched.
    const payload = new Uint8Array(268_435_454);
    expect(() => encodePacket({ ...publish, payload }, 4)).toThrow(RangeError);
  });
});

test("QoS 0 is written without the identifier that it must not have [MQTT-2.2.1-2]", () => {
  expect(encodePacket({ ...publish, packetIdentifier: 7 }, 4)).toEqual(hex('30 04 0001 "a" 01'));
});

test("encodePacket gives memory of exactly the packet's size", () => {
  const payload = new Uint8Array(1000);
  for (const packet of [publish, { ...publish, payload }, connect] as const) {
    const bytes = encodePacket(packet, 5);
    expect(bytes.buffer.byteLength).toBe(bytes.length);
  }
});
