/** Packets written out by hand from the specifications, read and written. */
import { describe, expect, test } from "vitest";
import { encodePacket, peekProtocolVersion } from "../src/index.ts";
import type { Packet, ProtocolVersion } from "../src/index.ts";
import { decodeWhole, hex, toHex } from "./wire.ts";

interface Vector {
  readonly name: string;
  readonly versions: readonly ProtocolVersion[];
  readonly wire: string;
  readonly packet: Packet;
}

const VECTORS: readonly Vector[] = [
  {
    name: "CONNECT of 3.1",
    versions: [3],
    wire: '10 0f 0006 "MQIsdp" 03 02 003c 0001 "a"',
    packet: {
      type: "connect",
      protocolVersion: 3,
      clientId: "a",
      cleanStart: true,
      keepAliveSeconds: 60,
    },
  },
  {
    name: "CONNECT of 3.1.1 with everything",
    versions: [4],
    wire: '10 1d 0004 "MQTT" 04 ec 000a 0001 "a" 0003 "w/t" 0002 "by" 0001 "u" 0002 00ff',
    packet: {
      type: "connect",
      protocolVersion: 4,
      clientId: "a",
      cleanStart: false,
      keepAliveSeconds: 10,
      will: { topic: "w/t", payload: hex('"by"'), qos: 1, retain: true },
      userName: "u",
      password: hex("00ff"),
    },
  },
  {
    name: "CONNECT of a 3.1.1 bridge",
    versions: [4],
    wire: '10 0d 0004 "MQTT" 84 02 0000 0001 "b"',
    packet: {
      type: "connect",
      protocolVersion: 4,
      bridge: true,
      clientId: "b",
      cleanStart: true,
      keepAliveSeconds: 0,
    },
  },
  {
    name: "CONNECT of a 3.1 bridge",
    versions: [3],
    wire: '10 0f 0006 "MQIsdp" 83 02 0000 0001 "b"',
    packet: {
      type: "connect",
      protocolVersion: 3,
      bridge: true,
      clientId: "b",
      cleanStart: true,
      keepAliveSeconds: 0,
    },
  },
  {
    name: "CONNECT of 5.0 with all properties",
    versions: [5],
    wire:
      '10 53 0004 "MQTT" 05 d6 ffff' +
      ' 23 11 ffffffff 15 0001 "m" 16 0001 01 17 00 19 01 21 0014 22 000a 26 0001 "n" 0001 "v"' +
      " 27 00100000" +
      ' 0000 17 01 01 02 0000000a 03 0001 "c" 08 0001 "r" 09 0000 18 00000005' +
      ' 0001 "w" 0000 0001 "u" 0001 70',
    packet: {
      type: "connect",
      protocolVersion: 5,
      clientId: "",
      cleanStart: true,
      keepAliveSeconds: 65_535,
      properties: {
        sessionExpiryIntervalSeconds: 0xffff_ffff,
        authenticationMethod: "m",
        authenticationData: hex("01"),
        requestProblemInformation: false,
        requestResponseInformation: true,
        receiveMaximum: 20,
        topicAliasMaximum: 10,
        userProperties: [["n", "v"]],
        maximumPacketSize: 1_048_576,
      },
      will: {
        topic: "w",
        payload: hex(""),
        qos: 2,
        retain: false,
        properties: {
          payloadFormatIndicator: 1,
          messageExpiryIntervalSeconds: 10,
          contentType: "c",
          responseTopic: "r",
          correlationData: hex(""),
          willDelayIntervalSeconds: 5,
        },
      },
      userName: "u",
      password: hex("70"),
    },
  },
  {
    name: "CONNECT of 5.0 with a password and no user name",
    versions: [5],
    wire: '10 11 0004 "MQTT" 05 42 0000 00 0001 "a" 0001 70',
    packet: {
      type: "connect",
      protocolVersion: 5,
      clientId: "a",
      cleanStart: true,
      keepAliveSeconds: 0,
      password: hex("70"),
    },
  },
  {
    name: "CONNACK with Session Present",
    versions: [4],
    wire: "20 02 01 00",
    packet: { type: "connack", sessionPresent: true, reasonCode: 0 },
  },
  {
    name: "CONNACK that refuses a password",
    versions: [3, 4],
    wire: "20 02 00 04",
    packet: { type: "connack", sessionPresent: false, reasonCode: 0x86 },
  },
  {
    name: "CONNACK of 5.0 that refuses",
    versions: [5],
    wire: "20 03 00 84 00",
    packet: { type: "connack", sessionPresent: false, reasonCode: 0x84 },
  },
  {
    name: "CONNACK of 5.0 with all properties",
    versions: [5],
    wire:
      '20 3d 01 00 3a 11 00000001 12 0001 "a" 13 0002 15 0001 "m" 16 0001 02 1a 0001 "i"' +
      ' 1c 0001 "s" 1f 0001 "r" 21 0003 22 0004 24 01 25 00 26 0000 0000 27 00000005' +
      " 28 01 29 00 2a 01",
    packet: {
      type: "connack",
      sessionPresent: true,
      reasonCode: 0,
      properties: {
        sessionExpiryIntervalSeconds: 1,
        assignedClientId: "a",
        serverKeepAliveSeconds: 2,
        authenticationMethod: "m",
        authenticationData: hex("02"),
        responseInformation: "i",
        serverReference: "s",
        reasonString: "r",
        receiveMaximum: 3,
        topicAliasMaximum: 4,
        maximumQos: 1,
        retainAvailable: false,
        userProperties: [["", ""]],
        maximumPacketSize: 5,
        wildcardSubscriptionAvailable: true,
        subscriptionIdentifiersAvailable: false,
        sharedSubscriptionAvailable: true,
      },
    },
  },
  {
    name: "PUBLISH of QoS 0",
    versions: [3, 4],
    wire: '30 07 0003 "a/b" "hi"',
    packet: {
      type: "publish",
      topic: "a/b",
      payload: hex('"hi"'),
      qos: 0,
      retain: false,
      duplicate: false,
    },
  },
  {
    name: "PUBLISH of QoS 2, retained, sent again",
    versions: [3, 4],
    wire: '3d 05 0001 "a" ffff',
    packet: {
      type: "publish",
      topic: "a",
      payload: hex(""),
      qos: 2,
      retain: true,
      duplicate: true,
      packetIdentifier: 65_535,
    },
  },
  {
    name: "PUBLISH of 5.0 without properties",
    versions: [5],
    wire: '32 07 0001 "a" 000a 00 01',
    packet: {
      type: "publish",
      topic: "a",
      payload: hex("01"),
      qos: 1,
      retain: false,
      duplicate: false,
      packetIdentifier: 10,
    },
  },
  {
    name: "PUBLISH of 5.0 with all properties and an alias for its topic",
    versions: [5],
    wire:
      '30 2e 0000 2a 01 00 02 ffffffff 03 0001 "c" 08 0001 "r" 09 0001 aa 0b 01 0b ffffff7f' +
      ' 23 0007 26 0001 "n" 0001 "1" 26 0001 "n" 0000 ff',
    packet: {
      type: "publish",
      topic: "",
      payload: hex("ff"),
      qos: 0,
      retain: false,
      duplicate: false,
      properties: {
        payloadFormatIndicator: 0,
        messageExpiryIntervalSeconds: 0xffff_ffff,
        contentType: "c",
        responseTopic: "r",
        correlationData: hex("aa"),
        subscriptionIdentifiers: [1, 268_435_455],
        topicAlias: 7,
        userProperties: [
          ["n", "1"],
          ["n", ""],
        ],
      },
    },
  },
  {
    name: "PUBACK, short form",
    versions: [3, 4, 5],
    wire: "40 02 000a",
    packet: { type: "puback", packetIdentifier: 10, reasonCode: 0 },
  },
  {
    name: "PUBACK with a Reason Code, without Property Length",
    versions: [5],
    wire: "40 03 000a 10",
    packet: { type: "puback", packetIdentifier: 10, reasonCode: 0x10 },
  },
  {
    name: "PUBREC with properties",
    versions: [5],
    wire: '50 08 0001 97 04 1f 0001 "q"',
    packet: {
      type: "pubrec",
      packetIdentifier: 1,
      reasonCode: 0x97,
      properties: { reasonString: "q" },
    },
  },
  {
    name: "PUBREL",
    versions: [3, 4, 5],
    wire: "62 02 0100",
    packet: { type: "pubrel", packetIdentifier: 256, reasonCode: 0 },
  },
  {
    name: "PUBREL of an unknown identifier",
    versions: [5],
    wire: "62 03 0001 92",
    packet: { type: "pubrel", packetIdentifier: 1, reasonCode: 0x92 },
  },
  {
    name: "PUBCOMP",
    versions: [3, 4, 5],
    wire: "70 02 0001",
    packet: { type: "pubcomp", packetIdentifier: 1, reasonCode: 0 },
  },
  {
    name: "PUBCOMP with success and a property",
    versions: [5],
    wire: "70 09 0001 00 05 26 0000 0000",
    packet: {
      type: "pubcomp",
      packetIdentifier: 1,
      reasonCode: 0,
      properties: { userProperties: [["", ""]] },
    },
  },
  {
    name: "SUBSCRIBE with two filters",
    versions: [3, 4],
    wire: '82 0c 0001 0001 "#" 02 0003 "a/+" 00',
    packet: {
      type: "subscribe",
      packetIdentifier: 1,
      subscriptions: [
        {
          topicFilter: "#",
          qos: 2,
          noLocal: false,
          retainAsPublished: false,
          retainHandling: 0,
        },
        {
          topicFilter: "a/+",
          qos: 0,
          noLocal: false,
          retainAsPublished: false,
          retainHandling: 0,
        },
      ],
    },
  },
  {
    name: "SUBSCRIBE of 5.0 with all options",
    versions: [5],
    wire: '82 0a 0001 03 0b 8001 0001 "a" 2d',
    packet: {
      type: "subscribe",
      packetIdentifier: 1,
      subscriptions: [
        { topicFilter: "a", qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 2 },
      ],
      properties: { subscriptionIdentifier: 128 },
    },
  },
  {
    name: "SUBACK",
    versions: [3, 4],
    wire: "90 06 0001 00 01 02 80",
    packet: { type: "suback", packetIdentifier: 1, reasonCodes: [0, 1, 2, 0x80] },
  },
  {
    name: "SUBACK of 5.0",
    versions: [5],
    wire: "90 05 0001 00 02 a2",
    packet: { type: "suback", packetIdentifier: 1, reasonCodes: [2, 0xa2] },
  },
  {
    name: "UNSUBSCRIBE",
    versions: [3, 4],
    wire: 'a2 08 0001 0001 "a" 0001 "b"',
    packet: { type: "unsubscribe", packetIdentifier: 1, topicFilters: ["a", "b"] },
  },
  {
    name: "UNSUBSCRIBE of 5.0",
    versions: [5],
    wire: 'a2 06 0001 00 0001 "a"',
    packet: { type: "unsubscribe", packetIdentifier: 1, topicFilters: ["a"] },
  },
  {
    name: "UNSUBACK has no payload",
    versions: [3, 4],
    wire: "b0 02 0001",
    packet: { type: "unsuback", packetIdentifier: 1, reasonCodes: [] },
  },
  {
    name: "UNSUBACK of 5.0",
    versions: [5],
    wire: "b0 05 0001 00 00 11",
    packet: { type: "unsuback", packetIdentifier: 1, reasonCodes: [0, 0x11] },
  },
  { name: "PINGREQ", versions: [3, 4, 5], wire: "c0 00", packet: { type: "pingreq" } },
  { name: "PINGRESP", versions: [3, 4, 5], wire: "d0 00", packet: { type: "pingresp" } },
  {
    name: "DISCONNECT",
    versions: [3, 4, 5],
    wire: "e0 00",
    packet: { type: "disconnect", reasonCode: 0 },
  },
  {
    name: "DISCONNECT with a Reason Code, without Property Length",
    versions: [5],
    wire: "e0 01 8e",
    packet: { type: "disconnect", reasonCode: 0x8e },
  },
  {
    name: "DISCONNECT with properties",
    versions: [5],
    wire: 'e0 13 9d 11 11 00000000 1c 0004 "srv2" 1f 0002 "by"',
    packet: {
      type: "disconnect",
      reasonCode: 0x9d,
      properties: {
        sessionExpiryIntervalSeconds: 0,
        serverReference: "srv2",
        reasonString: "by",
      },
    },
  },
  {
    name: "AUTH",
    versions: [5],
    wire: 'f0 0b 18 09 15 0001 "m" 16 0002 0102',
    packet: {
      type: "auth",
      reasonCode: 0x18,
      properties: { authenticationMethod: "m", authenticationData: hex("0102") },
    },
  },
];

for (const { name, versions, wire, packet } of VECTORS) {
  for (const version of versions) {
    test(`${name} is read and written in version ${version}`, () => {
      expect(decodeWhole(hex(wire), version)).toStrictEqual(packet);
      expect(toHex(encodePacket(packet, version))).toBe(toHex(hex(wire)));
    });
  }
}

describe("longer forms that are read, but not written", () => {
  test.each([
    [
      "PUBACK with code 0x00",
      "40 03 000a 00",
      { type: "puback", packetIdentifier: 10, reasonCode: 0 },
    ],
    [
      "PUBACK with an empty Property Length",
      "40 04 000a 10 00",
      { type: "puback", packetIdentifier: 10, reasonCode: 0x10 },
    ],
    ["DISCONNECT with code 0x00", "e0 01 00", { type: "disconnect", reasonCode: 0 }],
    ["DISCONNECT with everything", "e0 02 00 00", { type: "disconnect", reasonCode: 0 }],
  ])("%s", (_name, wire, packet) => {
    expect(decodeWhole(hex(wire), 5)).toStrictEqual(packet);
  });
});

describe("what MQTT 3.1 does otherwise", () => {
  test("PUBREL, SUBSCRIBE and UNSUBSCRIBE may have DUP", () => {
    expect(decodeWhole(hex("6a 02 0001"), 3).type).toBe("pubrel");
    expect(decodeWhole(hex('8a 06 0001 0001 "a" 00'), 3).type).toBe("subscribe");
    expect(decodeWhole(hex('aa 05 0001 0001 "a"'), 3).type).toBe("unsubscribe");
  });

  test("CONNACK has no Session Present: its byte is ignored, and written as 0", () => {
    const accepted: Packet = { type: "connack", sessionPresent: true, reasonCode: 0 };
    expect(toHex(encodePacket(accepted, 3))).toBe("20020000");
    expect(decodeWhole(hex("20 02 07 00"), 3)).toMatchObject({ sessionPresent: false });
  });

  test("an announced user name and password may be missing at the end", () => {
    const packet = decodeWhole(hex('10 0f 0006 "MQIsdp" 03 c2 0000 0001 "a"'), 3);
    expect(packet).not.toHaveProperty("userName");
    expect(packet).not.toHaveProperty("password");
  });

  test("Will QoS and Will Retain without a Will mean nothing", () => {
    expect(decodeWhole(hex('10 0f 0006 "MQIsdp" 03 3a 0000 0001 "a"'), 3)).not.toHaveProperty(
      "will",
    );
  });
});

describe("what has no room before MQTT 5.0 is left out", () => {
  test("properties", () => {
    const packet: Packet = {
      type: "publish",
      topic: "a",
      payload: hex(""),
      qos: 0,
      retain: false,
      duplicate: false,
      properties: { contentType: "c" },
    };
    expect(toHex(encodePacket(packet, 4))).toBe(toHex(hex('30 03 0001 "a"')));
  });

  test("Reason Codes of acknowledgements and DISCONNECT", () => {
    const puback: Packet = { type: "puback", packetIdentifier: 1, reasonCode: 0x87 };
    expect(toHex(encodePacket(puback, 4))).toBe("40020001");
    expect(toHex(encodePacket({ type: "disconnect", reasonCode: 0x8b }, 4))).toBe("e000");
    const unsuback: Packet = { type: "unsuback", packetIdentifier: 1, reasonCodes: [0x11] };
    expect(toHex(encodePacket(unsuback, 4))).toBe("b0020001");
  });

  test("[MQTT-3.9.3-2] every refusal in SUBACK becomes 0x80", () => {
    const suback: Packet = { type: "suback", packetIdentifier: 1, reasonCodes: [1, 0x87, 0xa2] };
    expect(toHex(encodePacket(suback, 4))).toBe("90050001018080");
  });

  test("Subscription Options but QoS", () => {
    const subscribe: Packet = {
      type: "subscribe",
      packetIdentifier: 1,
      subscriptions: [
        { topicFilter: "a", qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 2 },
      ],
    };
    expect(toHex(encodePacket(subscribe, 4))).toBe("82060001000161" + "01");
  });
});

describe("CONNACK return codes of 3.1 and 3.1.1", () => {
  test.each([
    [0, 0x00],
    [1, 0x84],
    [2, 0x85],
    [3, 0x88],
    [4, 0x86],
    [5, 0x87],
  ])("return code %i is Reason Code %i, both ways", (returnCode, reasonCode) => {
    const bytes = Uint8Array.of(0x20, 2, 0, returnCode);
    const packet: Packet = { type: "connack", sessionPresent: false, reasonCode };
    expect(decodeWhole(bytes, 4)).toStrictEqual(packet);
    expect(encodePacket(packet, 4)).toEqual(bytes);
  });

  test.each([
    [0x80, 3],
    [0x89, 3],
    [0x95, 3],
    [0x97, 3],
    [0x9c, 3],
    [0x9f, 3],
    [0x8a, 5],
    [0x8c, 5],
    [0x90, 5],
  ])("Reason Code %i goes out as the nearest, %i", (reasonCode, returnCode) => {
    const packet: Packet = { type: "connack", sessionPresent: false, reasonCode };
    expect(encodePacket(packet, 3)).toEqual(Uint8Array.of(0x20, 2, 0, returnCode));
  });
});

describe("peekProtocolVersion", () => {
  test.each([
    ['0004 "MQTT" 05', 5],
    ['0004 "MQTT" 04 ff', 4],
    ['0004 "MQTT" 84', 4],
    ['0004 "MQTT" 06', 6],
    ['0006 "MQIsdp" 03', 3],
    ['0004 "HTTP" 05', undefined],
    ['0004 "MQTT"', undefined],
    ["00", undefined],
  ])("of %s is %s", (body, version) => {
    const bytes = hex(body);
    expect(peekProtocolVersion(bytes, 0, bytes.length)).toBe(version);
  });
});
