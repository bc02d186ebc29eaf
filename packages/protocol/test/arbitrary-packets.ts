/**
 * Random packets of each version, made from the public types only: what one peer may really send.
 * Values stay small so that many different shapes are seen; sizes have tests of their own.
 */
import fc from "fast-check";
import {
  type Packet,
  type ProtocolVersion,
  REASON_CODES,
  type ReasonCodePacketType,
} from "../src/index.ts";

// Decoded packets are plain objects; those of the arbitraries must be, too, to be equal.
const PLAIN = { noNullPrototype: true };

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const packetIdentifier = fc.integer({ min: 1, max: 0xffff });
const qos = fc.constantFrom(0 as const, 1 as const, 2 as const);
const bytes = fc.uint8Array({ maxLength: 40 }).map((value) => Uint8Array.from(value));

/** Any string that MQTT can carry: all of Unicode but U+0000 and surrogates. */
export const text: fc.Arbitrary<string> = fc
  .oneof(fc.string({ unit: "binary", maxLength: 30 }), fc.string({ maxLength: 30 }))
  .map((value) => value.replaceAll("\0", "\u{1f409}"));

const topicName = text.map((value) => `t${value.replaceAll(/[+#]/g, "/")}`);
const topicFilter = text.map((value) => `f${value.replaceAll(/[+#]/g, "/")}/+/#`);
const userProperties = fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 4 });

const acknowledgementProperties = { reasonString: text, userProperties };

const applicationProperties = {
  payloadFormatIndicator: fc.constantFrom(0 as const, 1 as const),
  messageExpiryIntervalSeconds: u32,
  contentType: text,
  responseTopic: topicName,
  correlationData: bytes,
  userProperties,
};

// What a missing property stands for is not sent, so it is not among the values.
const connectionProperties = {
  sessionExpiryIntervalSeconds: fc.integer({ min: 1, max: 0xffff_ffff }),
  receiveMaximum: fc.integer({ min: 1, max: 0xfffe }),
  maximumPacketSize: fc.integer({ min: 1, max: 0xffff_ffff }),
  topicAliasMaximum: fc.integer({ min: 1, max: 0xffff }),
  authenticationMethod: text,
  userProperties,
};

/** Every property on its own, together with all others, or not there; none at all is no field. */
function properties<T>(model: { [Key in keyof T]: fc.Arbitrary<T[Key]> }): fc.Arbitrary<{
  readonly properties?: Partial<T>;
}> {
  return fc
    .oneof(
      fc.record(model, PLAIN),
      fc.record(model, { ...PLAIN, requiredKeys: [] }),
      fc.constant({}),
    )
    .map((values) =>
      Object.keys(values).length === 0 ? {} : { properties: values as Partial<T> },
    );
}

/** The properties in MQTT 5.0; before it, nothing. */
function propertiesIn<T>(
  version: ProtocolVersion,
  model: { [Key in keyof T]: fc.Arbitrary<T[Key]> },
): fc.Arbitrary<{ readonly properties?: Partial<T> }> {
  return version === 5 ? properties(model) : fc.constant({});
}

function reasonCode(version: ProtocolVersion, packetType: ReasonCodePacketType) {
  const legal = REASON_CODES.filter((row) => row.packets[packetType] !== undefined);
  return version === 5 ? fc.constantFrom(...legal.map((row) => row.code)) : fc.constant(0);
}

function connect(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const will = fc
    .tuple(
      fc.record({ topic: topicName, payload: bytes, qos, retain: fc.boolean() }, PLAIN),
      propertiesIn(version, {
        ...applicationProperties,
        payloadFormatIndicator: fc.constant(1 as const),
        willDelayIntervalSeconds: fc.integer({ min: 1, max: 0xffff_ffff }),
      }),
    )
    .map(([fields, rest]) => ({ ...fields, ...rest }));
  const credentials = fc.record(
    { userName: text, password: bytes },
    { ...PLAIN, requiredKeys: [] },
  );
  const optional = fc.record({ will }, { ...PLAIN, requiredKeys: [] });
  const bridge = version === 5 ? fc.constant({}) : fc.constantFrom({}, { bridge: true as const });
  const required = fc.record(
    { clientId: text, cleanStart: fc.boolean(), keepAliveSeconds: u16 },
    PLAIN,
  );
  return fc
    .tuple(
      required,
      optional,
      credentials.filter(
        (value) => version === 5 || !("password" in value && !("userName" in value)),
      ),
      bridge,
      propertiesIn(version, {
        ...connectionProperties,
        requestProblemInformation: fc.constant(false),
        requestResponseInformation: fc.constant(true),
      }),
      bytes,
    )
    .map(([fields, willField, user, bridgeField, rest, authenticationData]) => ({
      type: "connect" as const,
      protocolVersion: version,
      ...fields,
      ...willField,
      ...user,
      ...bridgeField,
      ...withAuthenticationData(rest, authenticationData),
    }));
}

/** Authentication Data may only stand beside a method. */
function withAuthenticationData<T extends { readonly authenticationMethod?: string }>(
  rest: { readonly properties?: T },
  authenticationData: Uint8Array,
) {
  return rest.properties?.authenticationMethod === undefined || authenticationData.length > 20
    ? rest
    : { properties: { ...rest.properties, authenticationData } };
}

function connack(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const code =
    version === 5 ? reasonCode(5, "connack") : fc.constantFrom(0x00, 0x84, 0x85, 0x86, 0x87, 0x88);
  const rest = propertiesIn(version, {
    ...connectionProperties,
    authenticationData: bytes,
    maximumQos: fc.constantFrom(0 as const, 1 as const),
    retainAvailable: fc.constant(false),
    assignedClientId: text,
    reasonString: text,
    wildcardSubscriptionAvailable: fc.constant(false),
    subscriptionIdentifiersAvailable: fc.constant(false),
    sharedSubscriptionAvailable: fc.constant(false),
    serverKeepAliveSeconds: u16,
    responseInformation: text,
    serverReference: text,
  });
  return fc.tuple(code, fc.boolean(), rest).map(([value, present, fields]) => ({
    type: "connack" as const,
    sessionPresent: version !== 3 && value === 0 && present,
    reasonCode: value,
    ...fields,
  }));
}

function publish(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const rest = propertiesIn(version, {
    ...applicationProperties,
    topicAlias: packetIdentifier,
    subscriptionIdentifiers: fc.array(fc.integer({ min: 1, max: 268_435_455 }), {
      minLength: 1,
      maxLength: 3,
    }),
  });
  return fc
    .tuple(topicName, bytes, qos, fc.boolean(), fc.boolean(), packetIdentifier, fc.boolean(), rest)
    .map(([topic, payload, level, retain, duplicate, identifier, byAlias, fields]) => ({
      type: "publish" as const,
      topic: byAlias && fields.properties?.topicAlias !== undefined ? "" : topic,
      payload,
      qos: level,
      retain,
      duplicate: level !== 0 && duplicate,
      ...(level === 0 ? {} : { packetIdentifier: identifier }),
      ...fields,
    }));
}

function acknowledgement<Type extends "puback" | "pubrec" | "pubrel" | "pubcomp">(
  type: Type,
  version: ProtocolVersion,
) {
  return fc
    .tuple(
      packetIdentifier,
      reasonCode(version, type),
      propertiesIn(version, acknowledgementProperties),
    )
    .map(([identifier, code, rest]) => ({
      type,
      packetIdentifier: identifier,
      reasonCode: code,
      ...rest,
    }));
}

function subscribe(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const options =
    version === 5
      ? {
          noLocal: fc.boolean(),
          retainAsPublished: fc.boolean(),
          retainHandling: fc.constantFrom(0 as const, 1 as const, 2 as const),
        }
      : {
          noLocal: fc.constant(false),
          retainAsPublished: fc.constant(false),
          retainHandling: fc.constant(0 as const),
        };
  const subscriptions = fc.array(fc.record({ topicFilter, qos, ...options }, PLAIN), {
    minLength: 1,
    maxLength: 4,
  });
  const rest = propertiesIn(version, {
    subscriptionIdentifier: fc.integer({ min: 1, max: 268_435_455 }),
    userProperties,
  });
  return fc.tuple(packetIdentifier, subscriptions, rest).map(([identifier, list, fields]) => ({
    type: "subscribe" as const,
    packetIdentifier: identifier,
    subscriptions: list,
    ...fields,
  }));
}

function suback(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const code = version === 5 ? reasonCode(5, "suback") : fc.constantFrom(0, 1, 2, 0x80);
  return fc
    .tuple(
      packetIdentifier,
      fc.array(code, { minLength: 1, maxLength: 4 }),
      propertiesIn(version, acknowledgementProperties),
    )
    .map(([identifier, reasonCodes, rest]) => ({
      type: "suback" as const,
      packetIdentifier: identifier,
      reasonCodes,
      ...rest,
    }));
}

function unsubscribe(version: ProtocolVersion): fc.Arbitrary<Packet> {
  return fc
    .tuple(
      packetIdentifier,
      fc.array(topicFilter, { minLength: 1, maxLength: 4 }),
      propertiesIn(version, { userProperties }),
    )
    .map(([identifier, topicFilters, rest]) => ({
      type: "unsubscribe" as const,
      packetIdentifier: identifier,
      topicFilters,
      ...rest,
    }));
}

function unsuback(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const reasonCodes =
    version === 5
      ? fc.array(reasonCode(5, "unsuback"), { minLength: 1, maxLength: 4 })
      : fc.constant([]);
  return fc
    .tuple(packetIdentifier, reasonCodes, propertiesIn(version, acknowledgementProperties))
    .map(([identifier, codes, rest]) => ({
      type: "unsuback" as const,
      packetIdentifier: identifier,
      reasonCodes: codes,
      ...rest,
    }));
}

function disconnect(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const rest = propertiesIn(version, {
    sessionExpiryIntervalSeconds: u32,
    serverReference: text,
    ...acknowledgementProperties,
  });
  return fc.tuple(reasonCode(version, "disconnect"), rest).map(([code, fields]) => ({
    type: "disconnect" as const,
    reasonCode: code,
    ...fields,
  }));
}

function auth(): fc.Arbitrary<Packet> {
  const fields = fc.record(
    { authenticationMethod: text, authenticationData: bytes, ...acknowledgementProperties },
    { ...PLAIN, requiredKeys: ["authenticationMethod"] },
  );
  return fc.tuple(reasonCode(5, "auth"), fields).map(([code, values]) => ({
    type: "auth" as const,
    reasonCode: code,
    properties: values,
  }));
}

/** For each packet type that the version has, an arbitrary of legal packets. */
export function arbitrariesByType(version: ProtocolVersion): Record<string, fc.Arbitrary<Packet>> {
  return {
    connect: connect(version),
    connack: connack(version),
    publish: publish(version),
    puback: acknowledgement("puback", version),
    pubrec: acknowledgement("pubrec", version),
    pubrel: acknowledgement("pubrel", version),
    pubcomp: acknowledgement("pubcomp", version),
    subscribe: subscribe(version),
    suback: suback(version),
    unsubscribe: unsubscribe(version),
    unsuback: unsuback(version),
    pingreq: fc.constant({ type: "pingreq" }),
    pingresp: fc.constant({ type: "pingresp" }),
    disconnect: disconnect(version),
    ...(version === 5 ? { auth: auth() } : {}),
  };
}

/** Any legal packet of the version. */
export function anyPacket(version: ProtocolVersion): fc.Arbitrary<Packet> {
  return fc.oneof(...Object.values(arbitrariesByType(version)));
}

/** The versions that the tests run through. */
export const VERSIONS: readonly ProtocolVersion[] = [3, 4, 5];
