/** What a missing property stands for is not sent: some clients take a limit that is stated for a small one. */
import { describe, expect, test } from "vitest";
import { encodePacket } from "../src/index.ts";
import type { Packet } from "../src/index.ts";
import { PROPERTIES } from "../src/packets/property-table.ts";
import type {
  PropertyDefinition,
  PropertyName,
  PropertyOwner,
  PropertyType,
} from "../src/packets/property-table.ts";
import { decodeWhole, hex, toHex } from "./wire.ts";

/** By owner and property: the value, and the section of MQTT 5.0 that says so. */
const IMPLIED: Partial<Record<PropertyOwner, Partial<Record<PropertyName, number | boolean>>>> = {
  connect: {
    sessionExpiryIntervalSeconds: 0, // 3.1.2.11.2
    receiveMaximum: 65_535, // 3.1.2.11.3
    maximumPacketSize: 268_435_460, // 3.1.2.11.4: no limit beyond that of the protocol
    topicAliasMaximum: 0, // 3.1.2.11.5
    requestResponseInformation: false, // 3.1.2.11.6
    requestProblemInformation: true, // 3.1.2.11.7
  },
  will: {
    willDelayIntervalSeconds: 0, // 3.1.3.2.2
    payloadFormatIndicator: 0, // 3.1.3.2.3
  },
  connack: {
    // Session Expiry Interval and Keep Alive stand for what the client said: 3.2.2.3.2, 3.2.2.3.14.
    receiveMaximum: 65_535, // 3.2.2.3.3
    // Maximum QoS 2 has no value: 3.2.2.3.4.
    retainAvailable: true, // 3.2.2.3.5
    maximumPacketSize: 268_435_460, // 3.2.2.3.6
    topicAliasMaximum: 0, // 3.2.2.3.8
    wildcardSubscriptionAvailable: true, // 3.2.2.3.11
    subscriptionIdentifiersAvailable: true, // 3.2.2.3.12
    sharedSubscriptionAvailable: true, // 3.2.2.3.13
  },
};

const PACKETS: Readonly<Record<PropertyOwner, (properties: object | undefined) => Packet>> = {
  connect: (properties) => connect({ properties }),
  will: (properties) =>
    connect({ will: { topic: "w", payload: hex(""), qos: 0, retain: false, properties } }),
  connack: (properties) =>
    packet({ type: "connack", sessionPresent: false, reasonCode: 0, properties }),
  publish: (properties) =>
    packet({
      type: "publish",
      topic: "t",
      payload: hex(""),
      qos: 0,
      retain: false,
      duplicate: false,
      properties,
    }),
  puback: (properties) =>
    packet({ type: "puback", packetIdentifier: 1, reasonCode: 0, properties }),
  pubrec: (properties) =>
    packet({ type: "pubrec", packetIdentifier: 1, reasonCode: 0, properties }),
  pubrel: (properties) =>
    packet({ type: "pubrel", packetIdentifier: 1, reasonCode: 0, properties }),
  pubcomp: (properties) =>
    packet({ type: "pubcomp", packetIdentifier: 1, reasonCode: 0, properties }),
  subscribe: (properties) =>
    packet({
      type: "subscribe",
      packetIdentifier: 1,
      subscriptions: [
        { topicFilter: "f", qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
      properties,
    }),
  suback: (properties) =>
    packet({ type: "suback", packetIdentifier: 1, reasonCodes: [0], properties }),
  unsubscribe: (properties) =>
    packet({ type: "unsubscribe", packetIdentifier: 1, topicFilters: ["f"], properties }),
  unsuback: (properties) =>
    packet({ type: "unsuback", packetIdentifier: 1, reasonCodes: [0], properties }),
  disconnect: (properties) => packet({ type: "disconnect", reasonCode: 0, properties }),
  auth: (properties) =>
    packet({
      type: "auth",
      reasonCode: 0,
      properties: { authenticationMethod: "m", ...properties },
    }),
};

function packet(fields: object): Packet {
  return fields as Packet;
}

function connect(fields: object): Packet {
  return packet({
    type: "connect",
    protocolVersion: 5,
    cleanStart: true,
    keepAliveSeconds: 0,
    clientId: "c",
    ...fields,
  });
}

/** A value that says something, of each type; the least is as good as any. */
const SAMPLES: Readonly<Record<PropertyType, unknown>> = {
  byte: 0,
  boolean: false,
  u16: 1,
  u32: 1,
  varint: 1,
  varintList: [1],
  string: "",
  topicName: "t",
  binary: new Uint8Array(0),
  stringPairList: [["", ""]],
};

const ROWS = PROPERTIES.flatMap((definition) =>
  definition.owners.map((owner) => ({ definition, owner, name: definition.name })),
);

function encoded(owner: PropertyOwner, properties: object | undefined): string {
  return toHex(encodePacket(PACKETS[owner](properties), 5));
}

function sampleOf({ type, name }: PropertyDefinition, owner: PropertyOwner): unknown {
  const implied = IMPLIED[owner]?.[name];
  if (typeof implied === "boolean") return !implied;
  return implied === 0 ? 1 : SAMPLES[type];
}

describe.each(ROWS)("$name of $owner", ({ definition, owner, name }) => {
  const implied = IMPLIED[owner]?.[name];

  test("is written where it says something", () => {
    const properties = {
      // Data stands beside a method only.
      ...(name === "authenticationData" && { authenticationMethod: "m" }),
      [name]: sampleOf(definition, owner),
    };
    if (owner === "auth" && name === "authenticationMethod") return;
    const decoded = decodeWhole(hex(encoded(owner, properties)), 5);
    const holder: unknown = owner === "will" && decoded.type === "connect" ? decoded.will : decoded;
    expect(holder).toMatchObject({ properties });
  });

  test.runIf(implied !== undefined)("is left out where it says what its absence says", () => {
    expect(encoded(owner, { [name]: implied })).toBe(encoded(owner, undefined));
  });
});

test("an acknowledgement and a DISCONNECT with nothing to say are as short as can be", () => {
  for (const owner of ["puback", "pubrec", "pubrel", "pubcomp"] as const) {
    expect(encoded(owner, { userProperties: [] })).toHaveLength(8);
    expect(encoded(owner, {})).toHaveLength(8);
  }
  expect(encoded("disconnect", {})).toBe("e000");
  const refused: Packet = { type: "puback", packetIdentifier: 1, reasonCode: 0x87, properties: {} };
  expect(toHex(encodePacket(refused, 5))).toBe("4003000187");
});

test("who sends it all the same is understood", () => {
  expect(decodeWhole(hex("20 06 00 00 03 21 ffff"), 5)).toMatchObject({
    properties: { receiveMaximum: 65_535 },
  });
});
