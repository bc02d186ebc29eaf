/** Every way in which a packet can be wrong that a codec can see, with the answer it must get. */
import { describe, expect, test } from "vitest";
import { MalformedPacketError, ProtocolError } from "../src/index.ts";
import type { ProtocolVersion } from "../src/index.ts";
import { decodeWhole, hex, packetBytes, thrownBy } from "./wire.ts";

const MALFORMED = 0x81;
const PROTOCOL_ERROR = 0x82;
const TOPIC_FILTER_INVALID = 0x8f;

type Case = readonly [name: string, firstByte: number, body: string, reasonCode: number];

function refuses(version: ProtocolVersion, cases: readonly Case[]): void {
  test.each(cases)("%s", (_name, firstByte, body, reasonCode) => {
    const error = thrownBy(() => decodeWhole(packetBytes(firstByte, body), version));
    const expected = reasonCode === MALFORMED ? MalformedPacketError : ProtocolError;
    expect(error).toBeInstanceOf(expected);
    expect(error).toMatchObject({ reasonCode });
  });
}

/** True when version 5 refuses the packet with such an error, false when it decodes. */
function refusedAs(bytes: Uint8Array, errorClass: typeof MalformedPacketError): boolean {
  try {
    decodeWhole(bytes, 5);
    return false;
  } catch (error) {
    return error instanceof errorClass;
  }
}

const BAD_STRINGS: readonly (readonly [string, string])[] = [
  ["U+0000", "0003 610062"],
  ["a surrogate", "0003 eda080"],
  ["the last surrogate", "0003 edbfbf"],
  ["a surrogate pair as two", "0006 eda081edb080"],
  ["a bad start byte", "0001 ff"],
  ["a lonely continuation byte", "0001 80"],
  ["an overlong form of two bytes", "0002 c080"],
  ["an overlong form of two bytes, the greatest", "0002 c1bf"],
  ["an overlong form of three bytes", "0003 e09fbf"],
  ["an overlong form of four bytes", "0004 f08fbfbf"],
  ["what is beyond U+10FFFF", "0004 f4908080"],
  ["a start byte of five bytes", "0005 f888808080"],
  ["a sequence of two that is cut off", "0001 c3"],
  ["a sequence of three that is cut off", "0002 e282"],
  ["a sequence of four that is cut off", "0003 f09f90"],
  ["a third byte that does not go on", "0003 e28241"],
  ["a fourth byte that does not go on", "0004 f09f9041"],
];

const NO_WILL = '0004 "MQTT" 05 02 0000';

describe("strings [MQTT-1.5.4-1] [MQTT-1.5.4-2]", () => {
  for (const [what, string] of BAD_STRINGS) {
    describe(`${what}`, () => {
      refuses(5, [
        ["in a Topic Name", 0x30, `${string} 00`, MALFORMED],
        ["in a Client Identifier", 0x10, `${NO_WILL} 00 ${string}`, MALFORMED],
        ["in a Will Topic", 0x10, `0004 "MQTT" 05 06 0000 00 0000 00 ${string} 0000`, MALFORMED],
        ["in a User Name", 0x10, `0004 "MQTT" 05 82 0000 00 0000 ${string}`, MALFORMED],
        ["in a Topic Filter of SUBSCRIBE", 0x82, `0001 00 ${string} 00`, MALFORMED],
        ["in a Topic Filter of UNSUBSCRIBE", 0xa2, `0001 00 ${string}`, MALFORMED],
      ]);
      const size = hex(string).length;
      const length = (value: number) => value.toString(16).padStart(2, "0");
      refuses(5, [
        ["in a property", 0x30, `0001 61 ${length(size + 1)} 03 ${string}`, MALFORMED],
        [
          "[MQTT-1.5.7-1] in the name of a User Property",
          0x30,
          `0001 61 ${length(size + 3)} 26 ${string} 0000`,
          MALFORMED,
        ],
        [
          "[MQTT-1.5.7-1] in the value of a User Property",
          0x30,
          `0001 61 ${length(size + 3)} 26 0000 ${string}`,
          MALFORMED,
        ],
      ]);
    });
  }

  test("U-1.5.4-2 control characters and noncharacters are accepted", () => {
    expect(decodeWhole(packetBytes(0x30, "0005 01 1f 7f c280"), 4)).toMatchObject({
      topic: "\u0001\u001f\u007f\u0080",
    });
    expect(decodeWhole(packetBytes(0x30, "0003 efbfbf"), 4)).toMatchObject({ topic: "\uffff" });
  });

  test("[MQTT-1.5.4-3] the bytes EF BB BF are U+FEFF and stay", () => {
    const long = "b".repeat(40);
    expect(decodeWhole(packetBytes(0x30, '0004 efbbbf "a"'), 4)).toMatchObject({
      topic: "\ufeffa",
    });
    expect(decodeWhole(packetBytes(0x30, `002b efbbbf "${long}"`), 4)).toMatchObject({
      topic: `\ufeff${long}`,
    });
  });

  test("U+0041 U+2A6D4 is read", () => {
    expect(decodeWhole(packetBytes(0x30, "0005 41f0aa9b94"), 4)).toMatchObject({
      topic: "A\u{2a6d4}",
    });
  });
});

describe("U-2.1.3-1 [MQTT-2.1.3-1] flags of the fixed header", () => {
  const bodies: readonly (readonly [number, number, string])[] = [
    [1, 0, `${NO_WILL} 00 0000`],
    [2, 0, "00 00 00"],
    [4, 0, "0001"],
    [5, 0, "0001"],
    [6, 2, "0001"],
    [7, 0, "0001"],
    [8, 2, "0001 00 0001 61 00"],
    [9, 0, "0001 00 00"],
    [10, 2, "0001 00 0001 61"],
    [11, 0, "0001 00 00"],
    [12, 0, ""],
    [13, 0, ""],
    [14, 0, ""],
    [15, 0, "18 04 15 0001 6d"],
  ];
  test.each(bodies)("packet type %i has flags %i and no other", (type, legal, body) => {
    for (let flags = 0; flags < 16; flags += 1) {
      const bytes = packetBytes((type << 4) | flags, body);
      const isRefused = refusedAs(bytes, MalformedPacketError);
      expect({ flags, isRefused }).toEqual({ flags, isRefused: flags !== legal });
    }
  });

  test("DUP on PUBREL, SUBSCRIBE and UNSUBSCRIBE is of 3.1 only", () => {
    expect(() => decodeWhole(hex("6a 02 0001"), 4)).toThrow(MalformedPacketError);
    expect(() => decodeWhole(hex("66 02 0001"), 3)).toThrow(MalformedPacketError);
  });
});

describe("packet types", () => {
  refuses(5, [["U-2.1.2-1 type 0", 0x00, "", MALFORMED]]);
  refuses(4, [["AUTH in 3.1.1", 0xf0, "", MALFORMED]]);
  refuses(3, [["AUTH in 3.1", 0xf0, "", MALFORMED]]);
});

describe("U-2.1.4-1 lengths", () => {
  refuses(5, [
    ["bytes are left over in CONNECT", 0x10, `${NO_WILL} 00 0000 00`, MALFORMED],
    ["bytes are left over in CONNACK", 0x20, "00 00 00 00", MALFORMED],
    ["bytes are left over in PUBACK", 0x40, "0001 00 00 00", MALFORMED],
    ["bytes are left over in DISCONNECT", 0xe0, "00 00 00", MALFORMED],
    ["bytes are left over in AUTH", 0xf0, "18 04 15 0001 6d 00", MALFORMED],
    ["PINGREQ has a body", 0xc0, "00", MALFORMED],
    ["PINGRESP has a body", 0xd0, "00", MALFORMED],
    ["CONNECT is empty", 0x10, "", MALFORMED],
    ["CONNECT ends in its name", 0x10, "0004 4d51", MALFORMED],
    ["CONNECT ends before its flags", 0x10, '0004 "MQTT" 05', MALFORMED],
    ["CONNECT has no payload", 0x10, `${NO_WILL} 00`, MALFORMED],
    ["CONNECT lacks the Will", 0x10, '0004 "MQTT" 05 06 0000 00 0000', MALFORMED],
    [
      "CONNECT lacks the Will Payload",
      0x10,
      '0004 "MQTT" 05 06 0000 00 0000 00 0001 77',
      MALFORMED,
    ],
    ["CONNECT lacks the User Name", 0x10, '0004 "MQTT" 05 82 0000 00 0000', MALFORMED],
    ["CONNECT lacks the password", 0x10, '0004 "MQTT" 05 42 0000 00 0000', MALFORMED],
    ["CONNACK of two bytes", 0x20, "00 87", MALFORMED],
    ["PUBLISH is empty", 0x30, "", MALFORMED],
    ["PUBLISH has a topic beyond its end", 0x30, "0005 6161", MALFORMED],
    ["PUBLISH of QoS 1 lacks its identifier", 0x32, "0001 61", MALFORMED],
    ["PUBLISH has half an identifier", 0x32, "0001 61 00", MALFORMED],
    ["PUBLISH lacks Property Length", 0x30, "0001 61", MALFORMED],
    ["PUBACK is empty", 0x40, "", MALFORMED],
    ["PUBACK has one byte", 0x40, "01", MALFORMED],
    ["SUBSCRIBE lacks options", 0x82, "0001 00 0001 61", MALFORMED],
    ["SUBSCRIBE has a filter beyond its end", 0x82, "0001 00 0009 61", MALFORMED],
    ["UNSUBSCRIBE has half a length", 0xa2, "0001 00 00", MALFORMED],
  ]);
  refuses(4, [
    ["bytes are left over in PUBACK of 3.1.1", 0x40, "0001 00", MALFORMED],
    ["bytes are left over in UNSUBACK of 3.1.1", 0xb0, "0001 00", MALFORMED],
    ["bytes are left over in CONNACK of 3.1.1", 0x20, "00 00 00", MALFORMED],
    ["DISCONNECT of 3.1.1 has a body", 0xe0, "00", MALFORMED],
    [
      "[MQTT-3.1.2-18] a user name without its flag",
      0x10,
      '0004 "MQTT" 04 02 0000 0000 0001 75',
      MALFORMED,
    ],
  ]);
});

describe("CONNECT", () => {
  refuses(5, [
    ["[MQTT-3.1.2-1] Protocol Name MQXT", 0x10, '0004 "MQXT" 05 02 0000 00 0000', 0x84],
    ["[MQTT-3.1.2-1] Protocol Name mqtt", 0x10, '0004 "mqtt" 05 02 0000 00 0000', 0x84],
    ["[MQTT-3.1.2-1] Protocol Name of 3 bytes", 0x10, '0003 "MQT" 05 02 0000 00 0000', 0x84],
    ["[MQTT-3.1.2-1] Protocol Name of 5 bytes", 0x10, '0005 "MQTTT" 05 02 0000 00 0000', 0x84],
    ["[MQTT-3.1.2-1] Protocol Name that is not UTF-8", 0x10, "0002 ffff 05", 0x84],
    ["[MQTT-3.1.2-1] empty Protocol Name", 0x10, "0000 05", 0x84],
    ...[0, 1, 2, 3, 6, 0x80, 0x83, 0x85, 0xff].map((version): Case => [
      `[MQTT-3.1.2-2] Protocol Version ${version} of MQTT`,
      0x10,
      `0004 "MQTT" ${version.toString(16).padStart(2, "0")} 02 0000 00 0000`,
      0x84,
    ]),
    ["[MQTT-3.1.2-2] Protocol Version 4 of MQIsdp", 0x10, '0006 "MQIsdp" 04 02 0000 0000', 0x84],
    ["[MQTT-3.1.2-3] reserved flag", 0x10, '0004 "MQTT" 05 03 0000 00 0000', MALFORMED],
    [
      "[MQTT-3.1.2-12] Will QoS 3",
      0x10,
      '0004 "MQTT" 05 1e 0000 00 0000 00 0001 77 0000',
      MALFORMED,
    ],
    ["[MQTT-3.1.2-11] Will QoS without a Will", 0x10, '0004 "MQTT" 05 0a 0000 00 0000', MALFORMED],
    [
      "[MQTT-3.1.2-13] Will Retain without a Will",
      0x10,
      '0004 "MQTT" 05 22 0000 00 0000',
      MALFORMED,
    ],
    ["wildcard # in the Will Topic", 0x10, '0004 "MQTT" 05 06 0000 00 0000 00 0001 23 0000', 0x90],
    [
      "wildcard + in the Will Topic",
      0x10,
      '0004 "MQTT" 05 06 0000 00 0000 00 0003 "a/+" 0000',
      0x90,
    ],
    ["[MQTT-4.7.3-1] empty Will Topic", 0x10, '0004 "MQTT" 05 06 0000 00 0000 00 0000 0000', 0x90],
    [
      "U-3.1.2.11.10-2 Authentication Data without a method",
      0x10,
      `${NO_WILL} 04 16 0001 00 0000`,
      PROTOCOL_ERROR,
    ],
  ]);
  refuses(4, [
    [
      "[MQTT-3.1.2-22] a password without user name in 3.1.1",
      0x10,
      '0004 "MQTT" 04 42 0000 0000 0000',
      MALFORMED,
    ],
    ["[MQTT-3.1.2-3] reserved flag in 3.1.1", 0x10, '0004 "MQTT" 04 03 0000 0000', MALFORMED],
    [
      "[MQTT-3.1.2-13] Will QoS without a Will in 3.1.1",
      0x10,
      '0004 "MQTT" 04 12 0000 0000',
      MALFORMED,
    ],
    ["[MQTT-3.1.2-19] missing user name in 3.1.1", 0x10, '0004 "MQTT" 04 82 0000 0000', MALFORMED],
  ]);
  refuses(3, [
    ["a password without user name in 3.1", 0x10, '0006 "MQIsdp" 03 42 0000 0000 0000', MALFORMED],
  ]);
});

describe("CONNACK", () => {
  refuses(5, [
    ["[MQTT-3.2.2-1] reserved flags", 0x20, "02 00 00", MALFORMED],
    ["[MQTT-3.2.2-6] Session Present with a refusal", 0x20, "01 80 00", PROTOCOL_ERROR],
    ["[MQTT-3.2.2-8] a Reason Code of others", 0x20, "00 8e 00", PROTOCOL_ERROR],
    ["[MQTT-3.2.2-8] a Reason Code that is none", 0x20, "00 05 00", PROTOCOL_ERROR],
  ]);
  refuses(4, [
    ["[MQTT-3.2.2-4] Session Present with a refusal in 3.1.1", 0x20, "01 05", PROTOCOL_ERROR],
    ["return code 6 in 3.1.1", 0x20, "00 06", PROTOCOL_ERROR],
    ["reserved flags in 3.1.1", 0x20, "80 00", MALFORMED],
  ]);
});

describe("PUBLISH", () => {
  refuses(5, [
    ["[MQTT-3.3.1-4] QoS 3", 0x36, "0001 61 0001 00", MALFORMED],
    ["[MQTT-3.3.1-2] DUP with QoS 0", 0x38, "0001 61 00", MALFORMED],
    ["[MQTT-3.3.2-2] wildcard #", 0x30, '0003 "a/#" 00', 0x90],
    ["[MQTT-3.3.2-2] wildcard +", 0x30, '0003 "+/a" 00', 0x90],
    ["[MQTT-2.2.1-4] Packet Identifier 0 with QoS 1", 0x32, "0001 61 0000 00", PROTOCOL_ERROR],
    ["[MQTT-2.2.1-4] Packet Identifier 0 with QoS 2", 0x34, "0001 61 0000 00", PROTOCOL_ERROR],
    ["U-3.3.2.1-1 neither topic nor alias", 0x30, "0000 00", PROTOCOL_ERROR],
    ["U-3.3.4-1 [MQTT-3.3.2-8] Topic Alias 0", 0x30, "0001 61 03 23 0000", 0x94],
    ["U-3.3.2.3.8-1 Subscription Identifier 0", 0x30, "0001 61 02 0b 00", PROTOCOL_ERROR],
    ["U-3.3.2.3.4-1 Topic Alias twice", 0x30, "0001 61 06 23 0001 23 0001", PROTOCOL_ERROR],
    ["Payload Format Indicator twice", 0x30, "0001 61 04 01 00 01 00", PROTOCOL_ERROR],
    ["Payload Format Indicator 2", 0x30, "0001 61 02 01 02", PROTOCOL_ERROR],
    ["[MQTT-3.3.2-14] wildcard in the Response Topic", 0x30, "0001 61 04 08 0001 2b", 0x90],
    ["[MQTT-4.7.3-1] empty Response Topic", 0x30, "0001 61 03 08 0000", 0x90],
  ]);
  refuses(4, [
    ["[MQTT-4.7.3-1] empty topic in 3.1.1", 0x30, "0000", PROTOCOL_ERROR],
    ["[MQTT-2.3.1-1] Packet Identifier 0 in 3.1.1", 0x32, "0001 61 0000", PROTOCOL_ERROR],
    ["[MQTT-3.3.1-4] QoS 3 in 3.1.1", 0x36, "0001 61 0001", MALFORMED],
    ["[MQTT-3.3.1-2] DUP with QoS 0 in 3.1.1", 0x39, "0001 61", MALFORMED],
  ]);
});

describe("acknowledgements", () => {
  refuses(5, [
    ["PUBACK of Packet Identifier 0", 0x40, "0000", PROTOCOL_ERROR],
    ["[MQTT-3.4.2-1] PUBACK with the code of others", 0x40, "0001 92", PROTOCOL_ERROR],
    ["[MQTT-3.5.2-1] PUBREC with the code of others", 0x50, "0001 01", PROTOCOL_ERROR],
    ["[MQTT-3.6.2-1] PUBREL with the code of others", 0x62, "0001 80", PROTOCOL_ERROR],
    ["[MQTT-3.7.2-1] PUBCOMP with the code of others", 0x70, "0001 10", PROTOCOL_ERROR],
    ["[MQTT-3.9.3-2] SUBACK with the code of others", 0x90, "0001 00 11", PROTOCOL_ERROR],
    ["[MQTT-3.11.3-2] UNSUBACK with the code of others", 0xb0, "0001 00 01", PROTOCOL_ERROR],
    ["[MQTT-3.14.2-1] DISCONNECT with the code of others", 0xe0, "84", PROTOCOL_ERROR],
    ["SUBACK without a code", 0x90, "0001 00", PROTOCOL_ERROR],
    ["UNSUBACK without a code", 0xb0, "0001 00", PROTOCOL_ERROR],
    ["SUBACK of Packet Identifier 0", 0x90, "0000 00 00", PROTOCOL_ERROR],
    ["UNSUBACK of Packet Identifier 0", 0xb0, "0000 00 00", PROTOCOL_ERROR],
  ]);
  refuses(4, [
    ["[MQTT-3.9.3-2] SUBACK of 3.1.1 with a code of 5.0", 0x90, "0001 87", PROTOCOL_ERROR],
    ["[MQTT-3.9.3-2] SUBACK of 3.1.1 with QoS 3", 0x90, "0001 03", PROTOCOL_ERROR],
    ["SUBACK of 3.1.1 without a code", 0x90, "0001", PROTOCOL_ERROR],
  ]);
});

describe("SUBSCRIBE and UNSUBSCRIBE", () => {
  refuses(5, [
    [
      "[MQTT-2.2.1-3] SUBSCRIBE with Packet Identifier 0",
      0x82,
      "0000 00 0001 61 00",
      PROTOCOL_ERROR,
    ],
    [
      "[MQTT-2.2.1-3] UNSUBSCRIBE with Packet Identifier 0",
      0xa2,
      "0000 00 0001 61",
      PROTOCOL_ERROR,
    ],
    ["[MQTT-3.8.3-2] SUBSCRIBE without payload", 0x82, "0001 00", PROTOCOL_ERROR],
    ["[MQTT-3.10.3-2] UNSUBSCRIBE without payload", 0xa2, "0001 00", PROTOCOL_ERROR],
    ["U-3.8.3.1-1 QoS 3", 0x82, "0001 00 0001 61 03", PROTOCOL_ERROR],
    ["U-3.8.3.1-2 Retain Handling 3", 0x82, "0001 00 0001 61 30", PROTOCOL_ERROR],
    ["[MQTT-3.8.3-5] reserved bit 6", 0x82, "0001 00 0001 61 40", MALFORMED],
    ["[MQTT-3.8.3-5] reserved bit 7", 0x82, "0001 00 0001 61 80", MALFORMED],
    ["[MQTT-3.8.3-4] No Local on $share", 0x82, '0001 00 000a "$share/g/a" 04', PROTOCOL_ERROR],
    ["U-3.8.2.1.2-1 Subscription Identifier 0", 0x82, "0001 02 0b 00 0001 61 00", PROTOCOL_ERROR],
    [
      "U-3.8.2.1.2-1 Subscription Identifier twice",
      0x82,
      "0001 04 0b 01 0b 02 0001 61 00",
      PROTOCOL_ERROR,
    ],
    ["empty Topic Filter in SUBSCRIBE", 0x82, "0001 00 0000 00", 0x8f],
    ["empty Topic Filter in UNSUBSCRIBE", 0xa2, "0001 00 0000", 0x8f],
  ]);
  refuses(4, [
    [
      "[MQTT-2.3.1-1] SUBSCRIBE of 3.1.1 with Packet Identifier 0",
      0x82,
      "0000 0001 61 00",
      PROTOCOL_ERROR,
    ],
    ["[MQTT-3.8.3-3] SUBSCRIBE of 3.1.1 without payload", 0x82, "0001", PROTOCOL_ERROR],
    ["[MQTT-3.8.3-4] QoS 3 in 3.1.1", 0x82, "0001 0001 61 03", MALFORMED],
    ["[MQTT-3.8.3-4] reserved bits in 3.1.1", 0x82, "0001 0001 61 04", MALFORMED],
    ["[MQTT-3.10.3-2] UNSUBSCRIBE of 3.1.1 without payload", 0xa2, "0001", PROTOCOL_ERROR],
  ]);

  refuses(5, [
    ["[MQTT-4.7.1-1] a misplaced #", 0x82, '0001 00 0002 "a#" 00', TOPIC_FILTER_INVALID],
    ["[MQTT-4.7.1-2] a misplaced +", 0xa2, '0001 00 0002 "a+"', TOPIC_FILTER_INVALID],
    ["[MQTT-4.8.2-2] a ShareName alone", 0x82, '0001 00 0008 "$share/g" 00', TOPIC_FILTER_INVALID],
    ["[MQTT-4.8.2-1] no ShareName", 0xa2, '0001 00 0009 "$share//a"', TOPIC_FILTER_INVALID],
  ]);
  refuses(4, [
    ["[MQTT-4.7.1-2] a misplaced # of 3.1.1", 0x82, '0001 0002 "a#" 00', TOPIC_FILTER_INVALID],
  ]);

  test("before 5.0 what begins with $share/ is a filter like any other", () => {
    expect(decodeWhole(packetBytes(0x82, '0001 0008 "$share/g" 00'), 4)).toMatchObject({
      subscriptions: [{ topicFilter: "$share/g" }],
    });
  });
});

describe("AUTH", () => {
  refuses(5, [
    ["Remaining Length 0", 0xf0, "", PROTOCOL_ERROR],
    ["Remaining Length 1", 0xf0, "18", PROTOCOL_ERROR],
    ["U-3.15.2.2.2-1 no Authentication Method", 0xf0, "18 04 16 0001 00", PROTOCOL_ERROR],
    ["[MQTT-3.15.2-1] the code of others", 0xf0, "87 04 15 0001 6d", PROTOCOL_ERROR],
  ]);
});

describe("Variable Byte Integers inside a packet", () => {
  refuses(5, [
    ["U-1.5.5-1 Property Length of five bytes", 0x30, "0001 61 8080808001", MALFORMED],
    ["Property Length that is not minimal", 0x30, "0001 61 8000", MALFORMED],
    ["Property Length that is cut off", 0x30, "0001 61 80", MALFORMED],
    ["Subscription Identifier that is not minimal", 0x82, "0001 03 0b 8100 0001 61 00", MALFORMED],
    ["Subscription Identifier of five bytes", 0x82, "0001 06 0b 8080808001 0001 61 00", MALFORMED],
    ["property identifier that is not minimal", 0x30, "0001 61 03 8100 00", MALFORMED],
    ["a property identifier of two bytes", 0x30, "0001 61 03 8101 00", MALFORMED],
  ]);
});

describe("U-2.2.2.2-2 Property Length", () => {
  refuses(5, [
    ["beyond the packet", 0x30, "0001 61 05 01 00", MALFORMED],
    ["of 268 435 455 bytes", 0x30, "0001 61 ffffff7f 01 00", MALFORMED],
    ["ends in a Two Byte Integer", 0x30, "0001 61 02 23 0001", MALFORMED],
    ["ends in a Four Byte Integer", 0x30, "0001 61 04 02 00000001", MALFORMED],
    ["ends behind an identifier", 0x30, "0001 61 01 01 00", MALFORMED],
    ["ends in a string", 0x30, "0001 61 04 03 0003 616263", MALFORMED],
    ["ends in a pair", 0x30, "0001 61 05 26 0001 61 00 0161", MALFORMED],
    [
      "of the Will beyond the packet",
      0x10,
      '0004 "MQTT" 05 06 0000 00 0000 20 0001 77 0000',
      MALFORMED,
    ],
  ]);
});
