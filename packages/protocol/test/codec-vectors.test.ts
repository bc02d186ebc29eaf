/** Packets written out by hand from the specifications, read and written. */
import { describe, expect, test } from "vitest";
import { encodePacket, MalformedPacketError, peekProtocolVersion } from "../src/index.ts";
import type { Packet } from "../src/index.ts";
import { VECTORS } from "./packet-vectors.ts";
import { decodeWhole, hex, packetBytes, toHex } from "./wire.ts";

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

  test.each([
    ["CONNECT", 0x10, 0x0f, '0006 "MQIsdp" 03 02 0000 0001 "a"'],
    ["CONNACK", 0x20, 0x0f, "00 00"],
    ["PUBACK", 0x40, 0x0f, "0001"],
    ["PUBREC", 0x50, 0x0f, "0001"],
    ["PUBREL", 0x62, 0x09, "0001"],
    ["PUBCOMP", 0x70, 0x0f, "0001"],
    ["SUBSCRIBE", 0x82, 0x09, '0001 0001 "a" 00'],
    ["SUBACK", 0x90, 0x0f, "0001 00"],
    ["UNSUBSCRIBE", 0xa2, 0x09, '0001 0001 "a"'],
    ["UNSUBACK", 0xb0, 0x0f, "0001"],
    ["PINGREQ", 0xc0, 0x0f, ""],
    ["PINGRESP", 0xd0, 0x0f, ""],
    ["DISCONNECT", 0xe0, 0x0f, ""],
  ])("flags of %s that it does not use mean nothing", (_name, firstByte, unused, body) => {
    const plain = decodeWhole(packetBytes(firstByte, body), 3);
    for (let flags = 1; flags < 16; flags += 1) {
      const decode = (): Packet => decodeWhole(packetBytes(firstByte ^ flags, body), 3);
      if ((flags & ~unused) === 0) expect(decode()).toStrictEqual(plain);
      else expect(decode).toThrow(MalformedPacketError);
    }
  });

  test("DUP means nothing on a PUBLISH of QoS 0", () => {
    expect(decodeWhole(hex('38 03 0001 "a"'), 3)).toMatchObject({ qos: 0, duplicate: false });
  });

  test("the Connect Flag that it does not use means nothing", () => {
    const packet = decodeWhole(hex('10 0f 0006 "MQIsdp" 03 03 0000 0001 "a"'), 3);
    expect(packet).toMatchObject({ clientId: "a", cleanStart: true });
  });

  test("the upper six bits of a requested and of a granted QoS mean nothing", () => {
    const subscribe = decodeWhole(hex('82 06 0001 0001 "a" fe'), 3);
    expect(subscribe).toMatchObject({ subscriptions: [{ topicFilter: "a", qos: 2 }] });
    expect(decodeWhole(hex("90 05 0001 fd 80 02"), 3)).toMatchObject({ reasonCodes: [1, 0x80, 2] });
    expect(() => decodeWhole(hex('82 06 0001 0001 "a" 03'), 3)).toThrow(/QoS 3/);
    expect(() => decodeWhole(hex("90 03 0001 03"), 3)).toThrow(/Reason Code|return code/);
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
    ['0004 "MQTT" 06', undefined],
    ['0004 "MQTT" 85', undefined],
    ['0004 "MQTT" 03', undefined],
    ['0006 "MQIsdp" 03', 3],
    ['0006 "MQIsdp" 83', 3],
    ['0006 "MQIsdp" 05', undefined],
    ['0004 "HTTP" 05', undefined],
    ['0004 "MQTT"', undefined],
    ["00", undefined],
  ])("of %s is %s", (body, version) => {
    const bytes = hex(body);
    expect(peekProtocolVersion(bytes, 0, bytes.length)).toBe(version);
  });
});
