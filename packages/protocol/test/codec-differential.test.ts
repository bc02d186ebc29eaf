/**
 * Well-formed packets, compared both ways with mqtt-packet, the codec under MQTT.js. It is no
 * oracle for malformed ones. Where it cannot say what we say, the comment at the place tells.
 */
import fc from "fast-check";
import mqttPacket from "mqtt-packet";
import { describe, expect, test } from "vitest";
import { encodePacket } from "../src/index.ts";
import type { Packet, ProtocolVersion, UserProperties } from "../src/index.ts";
import { VERSIONS, arbitrariesByType } from "./arbitrary-packets.ts";
import { decodeWhole } from "./wire.ts";

type Fields = Record<string, unknown>;

const FOREIGN_PROPERTY_NAMES: Readonly<Record<string, string>> = {
  sessionExpiryIntervalSeconds: "sessionExpiryInterval",
  willDelayIntervalSeconds: "willDelayInterval",
  messageExpiryIntervalSeconds: "messageExpiryInterval",
  maximumQos: "maximumQoS",
  assignedClientId: "assignedClientIdentifier",
  serverKeepAliveSeconds: "serverKeepAlive",
  subscriptionIdentifiers: "subscriptionIdentifier",
};

function foreignValue(name: string, value: unknown): unknown {
  if (name === "userProperties") {
    return Object.fromEntries(value as [string, string][]);
  }
  if (name === "payloadFormatIndicator") {
    return value === 1;
  }
  if (name === "subscriptionIdentifiers") {
    const list = value as number[];
    return list.length === 1 ? list[0] : list;
  }
  return value instanceof Uint8Array ? Buffer.from(value) : value;
}

function foreignProperties(properties: object | undefined): Fields {
  if (properties === undefined) {
    return {};
  }
  const entries = Object.entries(properties).map(([name, value]) => [
    FOREIGN_PROPERTY_NAMES[name] ?? name,
    foreignValue(name, value),
  ]);
  return { properties: Object.fromEntries(entries) };
}

function foreignConnect(packet: Extract<Packet, { type: "connect" }>): Fields {
  const { will } = packet;
  return {
    cmd: "connect",
    protocolId: packet.protocolVersion === 3 ? "MQIsdp" : "MQTT",
    protocolVersion: packet.protocolVersion,
    ...(packet.bridge ? { bridgeMode: true } : {}),
    clean: packet.cleanStart,
    clientId: packet.clientId,
    keepalive: packet.keepAliveSeconds,
    ...(packet.userName === undefined ? {} : { username: packet.userName }),
    ...(packet.password === undefined ? {} : { password: Buffer.from(packet.password) }),
    ...(will === undefined
      ? {}
      : {
          will: {
            topic: will.topic,
            payload: Buffer.from(will.payload),
            qos: will.qos,
            retain: will.retain,
            ...foreignProperties(will.properties),
          },
        }),
    ...foreignProperties(packet.properties),
  };
}

const RETURN_CODES = new Map([
  [0x00, 0],
  [0x84, 1],
  [0x85, 2],
  [0x88, 3],
  [0x86, 4],
  [0x87, 5],
]);

/** The same packet as an object of mqtt-packet. */
function foreign(packet: Packet, version: ProtocolVersion): Fields {
  switch (packet.type) {
    case "connect":
      return foreignConnect(packet);
    case "connack":
      return {
        cmd: "connack",
        sessionPresent: packet.sessionPresent,
        ...(version === 5
          ? { reasonCode: packet.reasonCode }
          : { returnCode: RETURN_CODES.get(packet.reasonCode) }),
        ...foreignProperties(packet.properties),
      };
    case "publish":
      return {
        cmd: "publish",
        topic: packet.topic,
        payload: Buffer.from(packet.payload),
        qos: packet.qos,
        retain: packet.retain,
        dup: packet.duplicate,
        ...(packet.qos === 0 ? {} : { messageId: packet.packetIdentifier }),
        ...foreignProperties(packet.properties),
      };
    case "puback":
    case "pubrec":
    case "pubrel":
    case "pubcomp":
      return {
        cmd: packet.type,
        messageId: packet.packetIdentifier,
        ...(version === 5 ? { reasonCode: packet.reasonCode } : {}),
        ...foreignProperties(packet.properties),
      };
    case "subscribe":
      return {
        cmd: "subscribe",
        messageId: packet.packetIdentifier,
        subscriptions: packet.subscriptions.map((subscription) => ({
          topic: subscription.topicFilter,
          qos: subscription.qos,
          ...(version === 5
            ? {
                nl: subscription.noLocal,
                rap: subscription.retainAsPublished,
                rh: subscription.retainHandling,
              }
            : {}),
        })),
        ...foreignProperties(packet.properties),
      };
    case "suback":
    case "unsuback":
      return {
        cmd: packet.type,
        messageId: packet.packetIdentifier,
        ...(version === 5 || packet.type === "suback" ? { granted: packet.reasonCodes } : {}),
        ...foreignProperties(packet.properties),
      };
    case "unsubscribe":
      return {
        cmd: "unsubscribe",
        messageId: packet.packetIdentifier,
        unsubscriptions: packet.topicFilters,
        ...foreignProperties(packet.properties),
      };
    case "pingreq":
    case "pingresp":
      return { cmd: packet.type };
    case "disconnect":
    case "auth":
      return {
        cmd: packet.type,
        ...(version === 5 ? { reasonCode: packet.reasonCode } : {}),
        ...foreignProperties(packet.properties),
      };
  }
}

function parseForeign(bytes: Uint8Array, version: ProtocolVersion): Fields {
  const parser = mqttPacket.parser({ protocolVersion: version });
  const packets: Fields[] = [];
  parser.on("packet", (packet) => packets.push({ ...packet }));
  parser.on("error", (error) => {
    throw error;
  });
  parser.parse(Buffer.from(bytes));
  expect(packets).toHaveLength(1);
  return packets[0] ?? {};
}

/**
 * What mqtt-packet can say: its User Properties are an object, it does not write an empty Client
 * Identifier that a Server might refuse, nor (as MQTT 5.0 allows) a password without user name,
 * and it does not know 0x8C in DISCONNECT.
 */
function isSayable(packet: Packet): boolean {
  if (packet.type === "connect") {
    const isWritten = packet.password === undefined || packet.userName !== undefined;
    return (
      isWritten &&
      packet.clientId !== "" &&
      hasDistinctNames(packet) &&
      hasDistinctNames(packet.will)
    );
  }
  const isUnknown = packet.type === "disconnect" && packet.reasonCode === 0x8c;
  return !isUnknown && hasDistinctNames(packet);
}

function hasDistinctNames(holder: object | undefined): boolean {
  const properties = (holder as { properties?: { userProperties?: UserProperties } } | undefined)
    ?.properties;
  const pairs = properties?.userProperties ?? [];
  const names = new Set(pairs.map(([name]) => name));
  return names.size === pairs.length && pairs.every(([name]) => !UNSAYABLE_NAME.test(name));
}

// Objects put integer-like keys first, and `__proto__` is no key of a literal.
const UNSAYABLE_NAME = /^(?:\d+|__proto__)$/;

for (const version of VERSIONS) {
  describe(`version ${version}`, () => {
    for (const [type, arbitrary] of Object.entries(arbitrariesByType(version))) {
      const sayable = arbitrary.filter(isSayable);

      test(`${type}: mqtt-packet reads what we write`, () => {
        fc.assert(
          fc.property(sayable, (packet) => {
            const read = parseForeign(encodePacket(packet, version), version);
            expect(read).toMatchObject(foreign(packet, version));
          }),
        );
      });

      test(`${type}: we read what mqtt-packet writes`, () => {
        fc.assert(
          fc.property(sayable, (packet) => {
            const written = mqttPacket.generate(
              foreign(packet, version) as unknown as mqttPacket.Packet,
              { protocolVersion: version },
            );
            expect(decodeWhole(written, version)).toStrictEqual(packet);
          }),
        );
      });
    }
  });
}
