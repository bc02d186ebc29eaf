import { describe, expect, test } from "vitest";
import { REASON_CODES, ReasonCode, reasonCodeSender, reasonName } from "../src/index.ts";
import type { ReasonCodePacketType } from "../src/index.ts";
import { mayCarry } from "../src/packets/packet-reason-codes.ts";

/** Which codes each packet may carry, copied from the tables of the specification. */
const CODES_BY_PACKET: Readonly<Record<ReasonCodePacketType, string>> = {
  connack: "0 80 81 82 83 84 85 86 87 88 89 8a 8c 90 95 97 99 9a 9b 9c 9d 9f",
  puback: "0 10 80 83 87 90 91 97 99",
  pubrec: "0 10 80 83 87 90 91 97 99",
  pubrel: "0 92",
  pubcomp: "0 92",
  suback: "0 1 2 80 83 87 8f 91 97 9e a1 a2",
  unsuback: "0 11 80 83 87 8f 91",
  // 8C stands in one table of the specification and not in the other.
  disconnect:
    "0 4 80 81 82 83 87 89 8b 8c 8d 8e 8f 90 93 94 95 96 97 98 99 9a 9b 9c 9d 9e 9f a0 a1 a2",
  auth: "0 18 19",
};

const SERVER_ONLY_IN_DISCONNECT = "87 89 8b 8c 8d 8e 8f 9a 9c 9d 9e 9f a0 a1 a2";

function codesWhere(accepts: (code: number) => boolean): string {
  const codes = REASON_CODES.map((definition) => definition.code).filter(accepts);
  return codes.map((code) => code.toString(16)).join(" ");
}

describe("the table", () => {
  test.each(Object.entries(CODES_BY_PACKET))("%s carries what it may", (packetType, codes) => {
    const type = packetType as ReasonCodePacketType;
    expect(codesWhere((code) => reasonCodeSender(code, type) !== undefined)).toBe(codes);
  });

  test.each(Object.keys(CODES_BY_PACKET))("is what the codec goes by in %s", (packetType) => {
    const type = packetType as ReasonCodePacketType;
    for (let code = 0; code < 256; code += 1) {
      expect(mayCarry(type, code)).toBe(reasonCodeSender(code, type) !== undefined);
    }
  });

  test("tells who may send a DISCONNECT code", () => {
    const sentBy = (sender: string) =>
      codesWhere((code) => reasonCodeSender(code, "disconnect") === sender);
    expect(sentBy("server")).toBe(SERVER_ONLY_IN_DISCONNECT);
    expect(sentBy("client")).toBe("4");
  });

  test("tells who may send an AUTH code", () => {
    expect([0x00, 0x18, 0x19].map((code) => reasonCodeSender(code, "auth"))).toEqual([
      "server",
      "both",
      "client",
    ]);
  });

  test("has each code once, in order", () => {
    const codes = REASON_CODES.map((definition) => definition.code);
    expect(codes).toEqual([...new Set(codes)].sort((a, b) => a - b));
    expect(codes).toHaveLength(43);
  });

  test("has every code of ReasonCode, and no other", () => {
    const named = new Set<number>(Object.values(ReasonCode));
    expect([...named].sort((a, b) => a - b)).toEqual(
      REASON_CODES.map((definition) => definition.code),
    );
  });
});

describe("reasonName", () => {
  test("is the specification's", () => {
    expect(reasonName(ReasonCode.notAuthorized)).toBe("Not authorized");
    expect(reasonName(0x19)).toBe("Re-authenticate");
  });

  test("of 0x00 depends on the packet", () => {
    expect(reasonName(0)).toBe("Success");
    expect(reasonName(0, "puback")).toBe("Success");
    expect(reasonName(0, "disconnect")).toBe("Normal disconnection");
    expect(reasonName(0, "suback")).toBe("Granted QoS 0");
  });

  test("of a code that is none says so", () => {
    expect(reasonName(0x05)).toBe("Unknown Reason Code 0x05");
    expect(reasonName(0xff, "connack")).toBe("Unknown Reason Code 0xFF");
  });
});
