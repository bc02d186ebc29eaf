import { describe, expect, test } from "vitest";
import {
  ByteReader,
  ByteWriter,
  DEFAULT_DECODE_LIMITS,
  MalformedPacketError,
  PROPERTIES,
  ProtocolError,
  decodeProperties,
  encodeProperties,
} from "../src/index.ts";
import type { PropertyDefinition, PropertyOwner, PropertyType } from "../src/index.ts";
import { hex, packetBytes, decodeWhole, thrownBy } from "./wire.ts";

/** Which identifiers each place may hold, copied from the tables of the specification. */
const IDS_BY_OWNER: Readonly<Record<PropertyOwner, string>> = {
  connect: "11 15 16 17 19 21 22 26 27",
  will: "01 02 03 08 09 18 26",
  connack: "11 12 13 15 16 1a 1c 1f 21 22 24 25 26 27 28 29 2a",
  publish: "01 02 03 08 09 0b 23 26",
  puback: "1f 26",
  pubrec: "1f 26",
  pubrel: "1f 26",
  pubcomp: "1f 26",
  subscribe: "0b 26",
  suback: "1f 26",
  unsubscribe: "26",
  unsuback: "1f 26",
  disconnect: "11 1c 1f 26",
  auth: "15 16 1f 26",
};

const OWNERS = Object.keys(IDS_BY_OWNER) as PropertyOwner[];

/** A legal value of each type, which is so for every property of that type. */
const VALUES: Readonly<Record<PropertyType, string>> = {
  byte: "01",
  boolean: "01",
  u16: "0001",
  u32: "00000001",
  varint: "01",
  varintList: "01",
  string: "0001 61",
  topicName: "0001 61",
  binary: "0001 61",
  stringPairList: "0001 61 0001 62",
};

function idOf(definition: { readonly id: number }): string {
  return definition.id.toString(16).padStart(2, "0");
}

function decode(body: string, owner: PropertyOwner, limits = DEFAULT_DECODE_LIMITS) {
  const properties = hex(body);
  const writer = new ByteWriter();
  writer.varint(properties.length);
  writer.raw(properties);
  return decodeProperties(new ByteReader(writer.bytes, 0, writer.length), owner, limits);
}

describe("the table", () => {
  test("has the 27 properties of the specification", () => {
    expect(new Set(PROPERTIES.map((definition) => definition.id)).size).toBe(27);
  });

  test.each(OWNERS)("lets %s hold what the specification lets it hold", (owner) => {
    const ids = PROPERTIES.filter((definition) => definition.owners.includes(owner)).map(idOf);
    expect(ids.join(" ")).toBe(IDS_BY_OWNER[owner]);
  });
});

describe("every property in every place", () => {
  for (const owner of OWNERS) {
    const legal = IDS_BY_OWNER[owner].split(" ");

    test(`U-2.2.2.2-1 ${owner}: an identifier that is not its own is malformed`, () => {
      for (let id = 0; id < 0x80; id += 1) {
        const text = idOf({ id });
        if (!legal.includes(text)) {
          const row = PROPERTIES.find((definition) => definition.id === id);
          const body = `${text} ${VALUES[row?.type ?? "u32"]}`;
          expect(() => decode(body, owner)).toThrow(MalformedPacketError);
        }
      }
    });
  }

  const cells = PROPERTIES.flatMap((definition) =>
    definition.owners.map((owner) => ({ owner, definition })),
  );

  test.each(cells)("$owner: $definition.name is read, and twice only if it may", (cell) => {
    const { owner, definition } = cell;
    const once = `${idOf(definition)} ${VALUES[definition.type]}`;
    expect(decode(once, owner)).toHaveProperty(definition.name);
    if (definition.type.endsWith("List")) {
      expect(decode(once + once, owner)).toHaveProperty(`${definition.name}.length`, 2);
    } else {
      const error = thrownBy(() => decode(once + once, owner));
      expect(error).toBeInstanceOf(ProtocolError);
      expect(error).toMatchObject({ reasonCode: 0x82 });
    }
  });

  test.each(cells)("$owner: $definition.name must be whole", ({ owner, definition }) => {
    const whole = hex(`${idOf(definition)} ${VALUES[definition.type]}`);
    for (let length = 1; length < whole.length; length += 1) {
      const bytes = Uint8Array.from([length, ...whole]);
      const reader = new ByteReader(bytes, 0, bytes.length);
      expect(() => decodeProperties(reader, owner, DEFAULT_DECODE_LIMITS)).toThrow(
        MalformedPacketError,
      );
    }
  });
});

describe("values that are not legal", () => {
  const zero: Readonly<Record<string, number>> = {
    subscriptionIdentifiers: 0x82,
    subscriptionIdentifier: 0x82,
    receiveMaximum: 0x82,
    maximumPacketSize: 0x82,
    topicAlias: 0x94,
  };

  test.each(PROPERTIES.filter((row) => ["u16", "u32", "varint", "varintList"].includes(row.type)))(
    "0 in $name",
    (definition) => {
      const owner = firstOwner(definition);
      const body = `${idOf(definition)} ${VALUES[definition.type].replace("01", "00")}`;
      const reasonCode = zero[definition.name];
      if (reasonCode === undefined) {
        expect(decode(body, owner)).toHaveProperty(definition.name, 0);
      } else {
        const error = thrownBy(() => decode(body, owner));
        expect(error).toBeInstanceOf(ProtocolError);
        expect(error).toMatchObject({ reasonCode });
      }
    },
  );

  test.each(PROPERTIES.filter((row) => ["byte", "boolean"].includes(row.type)))(
    "a Byte above 1 in $name",
    (definition) => {
      for (const value of ["02", "ff"]) {
        const error = thrownBy(() =>
          decode(`${idOf(definition)} ${value}`, firstOwner(definition)),
        );
        expect(error).toBeInstanceOf(ProtocolError);
        expect(error).toMatchObject({ reasonCode: 0x82 });
      }
    },
  );

  test("a property that was 0 or empty before may not stand twice either", () => {
    expect(() => decode("17 00 17 00", "connect")).toThrow(ProtocolError);
    expect(() => decode("1f 0000 1f 0000", "puback")).toThrow(ProtocolError);
    expect(() => decode("22 0000 22 0000", "connect")).toThrow(ProtocolError);
  });
});

function firstOwner(definition: PropertyDefinition): PropertyOwner {
  return definition.owners[0] ?? "publish";
}

describe("reading", () => {
  test("User Properties keep their order and repeat, between other properties, too", () => {
    const body = "26 0001 61 0001 31 01 01 26 0001 61 0001 32";
    expect(decode(body, "publish")).toEqual({
      payloadFormatIndicator: 1,
      userProperties: [
        ["a", "1"],
        ["a", "2"],
      ],
    });
  });

  test("names such as __proto__ are values like any other", () => {
    const name = "__proto__";
    const bytes = hex(`26 0009 "${name}" 0001 61`);
    const reader = new ByteReader(Uint8Array.from([bytes.length, ...bytes]), 0, bytes.length + 1);
    expect(decodeProperties(reader, "publish", DEFAULT_DECODE_LIMITS)).toEqual({
      userProperties: [[name, "a"]],
    });
  });

  test("no property is no field", () => {
    expect(decodeWhole(packetBytes(0x30, "0001 61 00"), 5)).not.toHaveProperty("properties");
  });
});

describe("a flood of User Properties", () => {
  const pair = "26 0001 61 0001 62";

  test("the 65th is refused with 0x97 by default", () => {
    expect(decode(pair.repeat(64), "publish")).toHaveProperty("userProperties.length", 64);
    const error = thrownBy(() => decode(pair.repeat(65), "publish"));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ reasonCode: 0x97 });
  });

  test("more than 8192 bytes are refused with 0x97 by default", () => {
    const value = "61".repeat(4095);
    expect(decode(`26 0001 61 0fff ${value}`.repeat(2), "publish")).toBeDefined();
    const error = thrownBy(() => decode(`26 0001 61 0fff ${value}`.repeat(2) + pair, "publish"));
    expect(error).toMatchObject({ reasonCode: 0x97 });
  });

  test("both limits can be set, through decodePacket, too", () => {
    const limits = { userPropertiesMax: 1, userPropertyBytesMax: 2 };
    const body = (count: number) =>
      `0001 61 ${(7 * count).toString(16).padStart(2, "0")} ${pair.repeat(count)}`;
    expect(decodeWhole(packetBytes(0x30, body(1)), 5, limits).type).toBe("publish");
    expect(() => decodeWhole(packetBytes(0x30, body(2)), 5, limits)).toThrow(ProtocolError);
    const tight = { userPropertiesMax: 9, userPropertyBytesMax: 1 };
    expect(() => decodeWhole(packetBytes(0x30, body(1)), 5, tight)).toThrow(ProtocolError);
  });

  test("the Will Properties count on their own", () => {
    const will = (count: number) =>
      `0004 "MQTT" 05 06 0000 07 ${pair} 0000 ${(7 * count).toString(16).padStart(2, "0")}` +
      ` ${pair.repeat(count)} 0001 77 0000`;
    const limits = { userPropertiesMax: 1, userPropertyBytesMax: 100 };
    expect(decodeWhole(packetBytes(0x10, will(1)), 5, limits).type).toBe("connect");
    expect(() => decodeWhole(packetBytes(0x10, will(2)), 5, limits)).toThrow(ProtocolError);
  });

  test("65 000 of them are read once each when limits allow it", () => {
    const count = 65_000;
    const properties = hex(pair.repeat(count));
    const writer = new ByteWriter();
    writer.varint(properties.length);
    writer.raw(properties);
    let reads = 0;
    const counted = new Proxy(writer.finish(), {
      get: (target, key) => {
        reads += 1;
        return Reflect.get(target, key, target) as unknown;
      },
    });
    const limits = { userPropertiesMax: count, userPropertyBytesMax: 2 * count };
    const reader = new ByteReader(counted, 0, properties.length + 4);
    reader.end = reader.position + properties.length + 3;
    expect(decodeProperties(reader, "publish", limits)?.userProperties).toHaveLength(count);
    expect(reads).toBeLessThan(3 * properties.length);
  });
});

describe("writing", () => {
  function encode(owner: PropertyOwner, properties: object): number {
    const writer = new ByteWriter();
    encodeProperties(writer, owner, properties);
    return writer.length;
  }

  test.each([
    ["publish", { topicAlias: 0 }, RangeError],
    ["publish", { topicAlias: 65_536 }, RangeError],
    ["publish", { topicAlias: 1.5 }, RangeError],
    ["publish", { topicAlias: "1" }, TypeError],
    ["publish", { payloadFormatIndicator: 2 }, RangeError],
    ["publish", { messageExpiryIntervalSeconds: -1 }, RangeError],
    ["publish", { messageExpiryIntervalSeconds: 2 ** 32 }, RangeError],
    ["publish", { messageExpiryIntervalSeconds: Number.NaN }, RangeError],
    ["publish", { subscriptionIdentifiers: [0] }, RangeError],
    ["publish", { subscriptionIdentifiers: [268_435_456] }, RangeError],
    ["publish", { subscriptionIdentifiers: 1 }, TypeError],
    ["publish", { responseTopic: "a/#" }, RangeError],
    ["publish", { responseTopic: "" }, RangeError],
    ["publish", { contentType: 1 }, TypeError],
    ["publish", { contentType: "\0" }, RangeError],
    ["publish", { contentType: "a".repeat(65_536) }, RangeError],
    ["publish", { correlationData: "text" }, TypeError],
    ["publish", { correlationData: new Uint8Array(65_536) }, RangeError],
    ["publish", { userProperties: { a: "b" } }, TypeError],
    ["publish", { userProperties: [["a"]] }, TypeError],
    ["publish", { userProperties: [["a", 1]] }, TypeError],
    ["publish", { userProperties: ["ab"] }, TypeError],
    ["connect", { receiveMaximum: 0 }, RangeError],
    ["connect", { maximumPacketSize: 0 }, RangeError],
    ["connect", { requestProblemInformation: 1 }, TypeError],
    ["subscribe", { subscriptionIdentifier: 0 }, RangeError],
    ["connack", { maximumQos: 2 }, RangeError],
  ] as const)("%s %o is refused", (owner, properties, errorClass) => {
    expect(() => encode(owner, properties)).toThrow(errorClass);
  });

  test("fields that are undefined, or of another packet, are left out", () => {
    expect(encode("publish", { contentType: undefined, receiveMaximum: 5 })).toBe(1);
  });
});
