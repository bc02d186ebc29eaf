import { encodePacket } from "@anax/protocol";
import type { Packet } from "@anax/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CoreHarness, publishPacket, subscribe, subscribePacket } from "../support/core-harness.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";
import { packetBytes, replaceText } from "./raw-bytes.ts";

const MALFORMED = 0x81;
const PROTOCOL_ERROR = 0x82;
const TOPIC_FILTER_INVALID = 0x8f;
const TOPIC_NAME_INVALID = 0x90;
const PACKET_TOO_LARGE = 0x95;

let harness: CoreHarness;
let bystander: ScriptedPeer;

beforeEach(() => {
  harness = new CoreHarness();
  bystander = harness.connect("bystander");
  subscribe(bystander, "#");
});

/** Whatever was sent: no defect was reported, nothing was passed on, and the others are served. */
afterEach(() => {
  expect(harness.reports).toEqual([]);
  expect(bystander.receive()).toEqual([]);
  bystander.send({ type: "pingreq" });
  bystander.receiveOne("pingresp");
  expect(harness.core.statistics.connectionsCurrent).toBe(harness.core.connections.size);
});

/** Bytes after CONNECT, by what is wrong with them, and the Reason Code of the DISCONNECT. */
const REFUSED: readonly (readonly [name: string, hex: string, reasonCode: number])[] = [
  // Remaining Length
  ["a Remaining Length of five bytes", "30ffffffff7f", MALFORMED],
  ["a Remaining Length of four bytes that goes on", "308080808001", MALFORMED],
  ["[MQTT-1.5.5-1] a Remaining Length that is not minimal", "3087000001610000000000", MALFORMED],
  ["a PINGREQ whose length 0 takes two bytes", "c08000", MALFORMED],
  ["256 MB declared", "30ffffff7f", PACKET_TOO_LARGE],
  // Fixed header
  ["packet type 0", "0000", MALFORMED],
  ["[MQTT-2.1.3-1] PINGREQ with flags", "c100", MALFORMED],
  ["[MQTT-3.8.1-1] SUBSCRIBE with flags 0000", "8007000100000161 00", MALFORMED],
  ["[MQTT-3.10.1-1] UNSUBSCRIBE with flags 0000", "a0060001000001 61", MALFORMED],
  ["[MQTT-3.6.1-1] PUBREL with flags 0000", "60020001", MALFORMED],
  ["PUBACK with flags 0010", "42020001", MALFORMED],
  ["[MQTT-3.3.1-4] PUBLISH with QoS 3", "3606000161000100", MALFORMED],
  ["[MQTT-3.3.1-2] PUBLISH with DUP and QoS 0", "380400016100", MALFORMED],
  // Bodies
  ["PINGREQ with a body", "c00100", MALFORMED],
  ["PUBACK that is cut off", "400100", MALFORMED],
  ["PUBACK with bytes behind its properties", "40050001000000", MALFORMED],
  ["SUBSCRIBE that ends within a filter", "8206000100000361", MALFORMED],
  ["SUBSCRIBE that ends behind a filter", "82060001000001 61", MALFORMED],
  ["UNSUBSCRIBE that ends within a filter", "a206000100000361", MALFORMED],
  ["[MQTT-3.8.3-2] SUBSCRIBE without a filter", "8203000100", PROTOCOL_ERROR],
  ["[MQTT-3.10.3-2] UNSUBSCRIBE without a filter", "a203000100", PROTOCOL_ERROR],
  ["[MQTT-3.8.3-5] reserved bits of the Subscription Options", "820700010000016140", MALFORMED],
  ["Subscription Options with QoS 3", "820700010000016103", PROTOCOL_ERROR],
  ["Subscription Options with Retain Handling 3", "820700010000016130", PROTOCOL_ERROR],
  ["a topic longer than its packet", "3004ffff6100", MALFORMED],
  // Packet Identifiers
  ["[MQTT-2.2.1-3] PUBLISH of QoS 1 with identifier 0", "3206000161000000", PROTOCOL_ERROR],
  ["[MQTT-2.2.1-3] PUBLISH of QoS 2 with identifier 0", "3406000161000000", PROTOCOL_ERROR],
  ["[MQTT-2.2.1-3] SUBSCRIBE with identifier 0", "820700000000016100", PROTOCOL_ERROR],
  ["[MQTT-2.2.1-3] UNSUBSCRIBE with identifier 0", "a206000000000161", PROTOCOL_ERROR],
  ["PUBACK with identifier 0", "40020000", PROTOCOL_ERROR],
  ["PUBREL with identifier 0", "62020000", PROTOCOL_ERROR],
  // Properties
  ["a Property Length past the packet", "30050001617f01", MALFORMED],
  ["a Property Length of five bytes", "300900016180808080 0100", MALFORMED],
  ["a property that ends past the properties", "3006000161020200", MALFORMED],
  ["a property that does not exist", "30060001610200 01", MALFORMED],
  ["a property of CONNECT in PUBLISH", "30070001610321000a", MALFORMED],
  ["a property of PUBLISH in SUBSCRIBE", "82090001 02 0101 000161 00", MALFORMED],
  ["a property of CONNACK in DISCONNECT", "e00400022401", MALFORMED],
  ["Payload Format Indicator twice", "3008000161 04 0100 0100", PROTOCOL_ERROR],
  ["Content Type twice", "300a000161 06 030000 030000", PROTOCOL_ERROR],
  ["Topic Alias twice", "300a000161 06 230001 230001", PROTOCOL_ERROR],
  ["Message Expiry Interval twice", "300e000161 0a 0200000001 0200000001", PROTOCOL_ERROR],
  ["Payload Format Indicator 2", "3006000161020102", PROTOCOL_ERROR],
  ["[MQTT-3.3.2-8] Topic Alias 0", "300700016103230000", 0x94],
  ["[MQTT-3.3.2-9] a Topic Alias above the maximum", "300700016103230065", 0x94],
  ["a Topic Alias that was never set", "3006000003230007", PROTOCOL_ERROR],
  ["[MQTT-3.3.4-6] a Subscription Identifier in PUBLISH", "3006000161020b01", PROTOCOL_ERROR],
  ["Subscription Identifier 0", "8209000102 0b00 000161 00", PROTOCOL_ERROR],
  ["Subscription Identifier twice", "820b000104 0b01 0b01 000161 00", PROTOCOL_ERROR],
  [
    "[MQTT-3.3.2-14] a Response Topic with a wildcard",
    "3008000161 04 08000123",
    TOPIC_NAME_INVALID,
  ],
  // Topics
  ["[MQTT-3.3.2-2] a topic with +", "3006000361 2f2b 00", TOPIC_NAME_INVALID],
  ["[MQTT-3.3.2-2] a topic with #", "3006000361 2f23 00", TOPIC_NAME_INVALID],
  ["a PUBLISH without a topic", "3003000000", PROTOCOL_ERROR],
  ["[MQTT-4.7.3-1] an empty filter", "8206000100000000", TOPIC_FILTER_INVALID],
  ["[MQTT-4.7.3-1] an empty filter in UNSUBSCRIBE", "a205000100 0000", TOPIC_FILTER_INVALID],
  // Packets that a client never sends
  ["CONNACK", "2003000000", PROTOCOL_ERROR],
  ["SUBACK", "900400010000", PROTOCOL_ERROR],
  ["PINGRESP", "d000", PROTOCOL_ERROR],
  ["AUTH without a method", "f000", PROTOCOL_ERROR],
];

describe("of a connected client, each of these ends its own connection with the right code:", () => {
  for (const [name, hex, reasonCode] of REFUSED) {
    it(name, () => {
      const peer = harness.connect("attacker");
      peer.send(hex.replaceAll(" ", ""));
      expect(peer.receive()).toMatchObject([{ type: "disconnect", reasonCode }]);
      expect(peer.isEnded).toBe(true);
    });
  }

  it("and before MQTT 5.0, which has no DISCONNECT of a server, without a word", () => {
    for (const [, hex] of REFUSED.slice(0, 20)) {
      const peer = harness.connect("attacker", { protocolVersion: 4 });
      peer.send(hex.replaceAll(" ", ""));
      expect(peer.receive().filter(({ type }) => type === "disconnect")).toEqual([]);
      peer.cut();
    }
  });

  it("however its bytes are cut", () => {
    for (const [, hex, reasonCode] of REFUSED) {
      const peer = harness.connect("attacker");
      const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
      peer.sendInChunks(
        bytes,
        Array.from(bytes, () => 1),
      );
      expect(peer.receive()).toMatchObject([{ type: "disconnect", reasonCode }]);
    }
  });
});

/** CONNECT of MQTT 5.0 with these properties and "abc" as Client Identifier. */
function connectWith(properties: string): Uint8Array {
  const length = (properties.length / 2).toString(16).padStart(2, "0");
  return packetBytes(0x10, `00044d5154540502000a${length}${properties}0003616263`);
}

describe("of a CONNECT, each of these is refused with the right code:", () => {
  const refused: readonly (readonly [string, Uint8Array, number])[] = [
    ["Receive Maximum 0", connectWith("210000"), PROTOCOL_ERROR],
    ["Maximum Packet Size 0", connectWith("2700000000"), PROTOCOL_ERROR],
    ["Receive Maximum twice", connectWith("210001210001"), PROTOCOL_ERROR],
    ["Request Problem Information 2", connectWith("1702"), PROTOCOL_ERROR],
    ["Authentication Data without a method", connectWith("160000"), PROTOCOL_ERROR],
    ["a property of PUBLISH", connectWith("230001"), MALFORMED],
    ["a property that is cut off", connectWith("2100"), MALFORMED],
    [
      "[MQTT-3.1.2-3] the reserved flag",
      packetBytes(0x10, "00044d5154540503000a00000161"),
      MALFORMED,
    ],
    ["Will QoS without a Will", packetBytes(0x10, "00044d515454050a000a00000161"), MALFORMED],
    ["Will QoS 3", packetBytes(0x10, "00044d515454051e000a00000161000001620000"), MALFORMED],
    [
      "a Will Topic with a wildcard",
      packetBytes(0x10, "00044d5154540506000a000001610000012b0000"),
      TOPIC_NAME_INVALID,
    ],
    ["bytes behind the end", packetBytes(0x10, "00044d5154540502000a0000016100"), MALFORMED],
    ["a user name that is missing", packetBytes(0x10, "00044d5154540582000a00000161"), MALFORMED],
  ];
  for (const [name, bytes, reasonCode] of refused) {
    it(name, () => {
      const peer = harness.open();
      peer.send(bytes);
      expect(peer.receive()).toMatchObject([
        { type: "connack", sessionPresent: false, reasonCode },
      ]);
      expect(peer.isEnded).toBe(true);
      expect(harness.core.sessions.size).toBe(1);
    });
  }

  it("a version that there is not by the answer of 3.1.1", () => {
    const peer = harness.open(4);
    peer.send(packetBytes(0x10, "00044d5154540602000a00000161"));
    expect(peer.receiveOne("connack").reasonCode).toBe(0x84);
    expect(peer.isEnded).toBe(true);
  });

  it("what is no MQTT at all gets no answer but, to a CONNECT, that of 3.1.1", () => {
    for (const bytes of [
      Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
      Buffer.from("160301010001000000", "hex"),
      packetBytes(0x10, "0004485454500402000a000161"),
    ]) {
      const peer = harness.open(4);
      peer.send(new Uint8Array(bytes));
      expect(peer.isEnded).toBe(true);
      expect(peer.receive().filter(({ type }) => type !== "connack")).toEqual([]);
      peer.cut();
    }
  });

  it("what does not begin as CONNECT does is refused by its first byte", () => {
    for (const hex of ["30", "47", "00", "20ffffff7f", "c0"]) {
      const peer = harness.open();
      peer.send(hex);
      expect(peer.isEnded).toBe(true);
      expect(peer.receive()).toEqual([]);
      peer.cut();
    }
  });
});

/** Three bytes that no UTF-8 Encoded String may hold. */
const BAD_TEXTS: Readonly<Record<string, string>> = {
  "U+0000": "610062",
  "an overlong U+0000": "61c080",
  "a high surrogate": "eda080",
  "a low surrogate": "edb080",
  "a lone continuation byte": "618062",
  "a sequence that is cut off": "61e282",
  "a code point above U+10FFFF": "f49080",
  "the byte FF": "ff6162",
};

/** A packet for each place of a string that a client can fill; the string is @@@. */
const PLACES: Readonly<Record<string, Packet>> = {
  "the Client Identifier": connect({ clientId: "@@@" }),
  "the user name": connect({ userName: "@@@" }),
  "the Will Topic": connect({ will: will({}, "@@@") }),
  "the Will's Content Type": connect({ will: will({ contentType: "@@@" }) }),
  "the Will's Response Topic": connect({ will: will({ responseTopic: "@@@" }) }),
  "the Will's User Property": connect({ will: will({ userProperties: [["a", "@@@"]] }) }),
  "CONNECT's User Property name": connect({ properties: { userProperties: [["@@@", "a"]] } }),
  "the Authentication Method": connect({ properties: { authenticationMethod: "@@@" } }),
  "the topic": publishPacket("@@@", "a"),
  "a deep level of the topic": publishPacket("a/b/@@@/c", "a"),
  "the Content Type": publishPacket("a", "a", { properties: { contentType: "@@@" } }),
  "the Response Topic": publishPacket("a", "a", { properties: { responseTopic: "@@@" } }),
  "a User Property name": publishPacket("a", "a", {
    properties: { userProperties: [["@@@", "a"]] },
  }),
  "a User Property value": publishPacket("a", "a", {
    properties: { userProperties: [["a", "@@@"]] },
  }),
  "the filter": subscribing("@@@"),
  "a level of the filter": subscribing("a/+/@@@/#"),
  "the ShareName": subscribing("$share/@@@/a"),
  "the filter of UNSUBSCRIBE": { type: "unsubscribe", packetIdentifier: 1, topicFilters: ["@@@"] },
  "the Reason String of DISCONNECT": {
    type: "disconnect",
    reasonCode: 0,
    properties: { reasonString: "@@@" },
  },
  "the Reason String of PUBACK": {
    type: "puback",
    packetIdentifier: 1,
    reasonCode: 0x80,
    properties: { reasonString: "@@@" },
  },
};

function connect(fields: object): Packet {
  return {
    type: "connect",
    protocolVersion: 5,
    clientId: "c",
    cleanStart: true,
    keepAliveSeconds: 0,
    ...fields,
  };
}

function will(properties: object, topic = "w"): object {
  return { topic, payload: new Uint8Array(1), qos: 0, retain: false, properties };
}

function subscribing(topicFilter: string): Packet {
  const options = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  return { type: "subscribe", packetIdentifier: 1, subscriptions: [{ topicFilter, ...options }] };
}

describe("[MQTT-1.5.4-1] [MQTT-1.5.4-2] text that is not UTF-8 is malformed", () => {
  for (const [place, packet] of Object.entries(PLACES)) {
    it(`in ${place}`, () => {
      for (const [, text] of Object.entries(BAD_TEXTS)) {
        const peer = packet.type === "connect" ? harness.open() : harness.connect("attacker");
        peer.send(replaceText(encodePacket(packet, 5), "@@@", text));
        const type = packet.type === "connect" ? "connack" : "disconnect";
        expect(peer.receive()).toMatchObject([{ type, reasonCode: MALFORMED }]);
        expect(peer.isEnded).toBe(true);
        peer.cut();
      }
    });
  }
});

describe("a filter that is not well formed ends the connection, and nothing of its packet holds:", () => {
  const filters = [
    ...["a#", "a+", "a/+b", "+a", "#/a", "a/#/b", "##", "a/b#", "++", "+/a+", "/#/"],
    ...["$share//x", "$share/g", "$share/g/", "$share/a+b/x", "$share/#/x", "$share/+/x"],
    ...["$share/", "$share/g/a#", "$share/g/#/a"],
  ];
  for (const filter of filters) {
    it(filter, () => {
      for (const packet of [
        subscribePacket("fine/+", filter, "fine/#"),
        { type: "unsubscribe", packetIdentifier: 2, topicFilters: ["fine", filter] } as const,
      ]) {
        const before = harness.core.statistics.subscriptionsCurrent;
        const peer = harness.connect("attacker");
        peer.send(packet);
        expect(peer.receiveOne("disconnect").reasonCode).toBe(TOPIC_FILTER_INVALID);
        expect(harness.core.statistics.subscriptionsCurrent).toBe(before);
      }
    });
  }

  it("of 3.1.1 without a word", () => {
    const peer = harness.connect("attacker", { protocolVersion: 4 });
    peer.send(subscribePacket("a", "a#"));
    expect(peer.receive()).toEqual([]);
    expect(peer.isEnded).toBe(true);
  });
});

describe("a filter that is well formed but not taken here is refused by itself:", () => {
  it("a Shared Subscription within another", () => {
    const peer = harness.connect("attacker");
    const filter = "$share/g/$share/h/a";
    expect(subscribe(peer, "fine/+", filter, "fine/#").reasonCodes).toEqual([2, 0x8f, 2]);
    peer.send({ type: "unsubscribe", packetIdentifier: 2, topicFilters: [filter, "fine/#"] });
    expect(peer.receiveOne("unsuback").reasonCodes).toEqual([0x11, 0]);
    const older = harness.connect("older", { protocolVersion: 4 });
    expect(subscribe(older, filter, "a").reasonCodes).toEqual([0x80, 2]);
  });
});

describe("topics that begin with $", () => {
  it("can be subscribed to, are shown to no wildcard, and not taken from clients", () => {
    const peer = harness.connect("attacker");
    expect(subscribe(peer, "$", "$/", "$SYS/#", "$a/+", "$share").reasonCodes).toEqual([
      2, 2, 2, 2, 2,
    ]);
    for (const topic of ["$", "$/", "$SYS/broker/uptime", "$share/g/a", "$share"]) {
      peer.send(publishPacket(topic, "posing", { qos: 1, packetIdentifier: 1 }));
      expect(peer.receiveOne("puback").reasonCode).toBe(0x87);
    }
  });

  it("are no topics for the Will of a client", () => {
    const payload = new Uint8Array(1);
    const will = { topic: "$SYS/x", payload, qos: 0, retain: true } as const;
    const peer = harness.connecting("attacker", { will });
    expect(peer.receiveOne("connack").reasonCode).toBe(0x87);
    expect(peer.isEnded).toBe(true);
    expect(harness.core.retained.count).toBe(0);
  });
});

describe("a PUBLISH with a property that is not legal there", () => {
  it("never reaches the subscribers, whom it would break", () => {
    const reader = harness.connect("reader");
    subscribe(reader, "a");
    // Each is a PUBLISH to "a" that our own encoder would never write.
    for (const properties of ["0b01", "210001", "1700", "1f0000", "0100 0100", "2300 01 230001"]) {
      const peer = harness.connect("attacker");
      const hex = properties.replaceAll(" ", "");
      const length = (hex.length / 2).toString(16).padStart(2, "0");
      peer.send(packetBytes(0x30, `000161${length}${hex}70`));
      expect(peer.isEnded).toBe(true);
      peer.cut();
    }
    expect(reader.receive()).toEqual([]);
  });

  it("is seen on the hot path too, behind packets that were in order", () => {
    const reader = harness.connect("reader");
    subscribe(reader, "a");
    const good = packetBytes(0x30, "000161050300026162 70");
    const bad = packetBytes(0x30, "000161020b0170");
    const peer = harness.connect("attacker");
    peer.send(good, good, good, bad, good);
    expect(peer.isEnded).toBe(true);
    expect(reader.receivePublishes()).toHaveLength(3);
    expect(bystander.receivePublishes()).toHaveLength(3);
  });
});
