/** Packets with their bytes: not computed, but put together by hand, field by field. */
import type { Packet, ProtocolVersion } from "../src/index.ts";
import { hex } from "./wire.ts";

/** One packet, as bytes and as a value, which each of the versions reads and writes alike. */
export interface Vector {
  readonly name: string;
  readonly versions: readonly ProtocolVersion[];
  readonly wire: string;
  readonly packet: Packet;
}

/** Packets written out by hand from the specifications. */
export const VECTORS: readonly Vector[] = [
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
      " 28 00 29 00 2a 00",
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
        wildcardSubscriptionAvailable: false,
        subscriptionIdentifiersAvailable: false,
        sharedSubscriptionAvailable: false,
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
