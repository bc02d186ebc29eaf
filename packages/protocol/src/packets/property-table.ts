import type { AcknowledgementProperties } from "./acknowledgement.ts";
import type { AuthProperties } from "./auth.ts";
import type { ConnackProperties } from "./connack.ts";
import type { ConnectProperties, WillProperties } from "./connect.ts";
import type { DisconnectProperties } from "./disconnect.ts";
import type { PublishProperties } from "./publish.ts";
import type { SubscribeProperties } from "./subscribe.ts";
import type { UnsubscribeProperties } from "./unsubscribe.ts";

/** What each place that holds properties may hold. `will` is the Will Properties of CONNECT. */
export interface PropertiesByOwner {
  readonly connect: ConnectProperties;
  readonly will: WillProperties;
  readonly connack: ConnackProperties;
  readonly publish: PublishProperties;
  readonly puback: AcknowledgementProperties;
  readonly pubrec: AcknowledgementProperties;
  readonly pubrel: AcknowledgementProperties;
  readonly pubcomp: AcknowledgementProperties;
  readonly subscribe: SubscribeProperties;
  readonly suback: AcknowledgementProperties;
  readonly unsubscribe: UnsubscribeProperties;
  readonly unsuback: AcknowledgementProperties;
  readonly disconnect: DisconnectProperties;
  readonly auth: AuthProperties;
}

/** A place that holds properties: a packet, or the Will of CONNECT. */
export type PropertyOwner = keyof PropertiesByOwner;

/** Every field name of every properties interface. */
export type PropertyName = {
  [Owner in PropertyOwner]: keyof PropertiesByOwner[Owner];
}[PropertyOwner];

/**
 * Data type of a value. `boolean` is a Byte of 0 or 1; `topicName` is a string that obeys the
 * rules of a Topic Name; the two `...List` types are the properties that may repeat.
 */
export type PropertyType =
  | "byte"
  | "boolean"
  | "u16"
  | "u32"
  | "varint"
  | "varintList"
  | "string"
  | "topicName"
  | "binary"
  | "stringPairList";

/** One property of MQTT 5.0. */
export interface PropertyDefinition {
  readonly id: number;
  /** Field of the properties interface that holds the value. */
  readonly name: PropertyName;
  readonly type: PropertyType;
  /** Where it may stand; anywhere else it is malformed. */
  readonly owners: readonly PropertyOwner[];
  /** Least legal number; 0 when absent. */
  readonly minimum?: number;
  /** Greatest legal number; that of the data type when absent. */
  readonly maximum?: number;
  /** By owner, the value that a missing property stands for, where that is always the same. It is not sent. */
  readonly implied?: Partial<Record<PropertyOwner, number | boolean>>;
  /** Reason Code for a number outside minimum..maximum; 0x82 when absent. */
  readonly illegalValueReasonCode?: number;
}

/** Fixed header of five bytes and the largest Remaining Length: no packet is larger. */
const PACKET_BYTES_MAX = 268_435_460;

const WITH_REASON_STRING: readonly PropertyOwner[] = [
  "connack",
  "puback",
  "pubrec",
  "pubrel",
  "pubcomp",
  "suback",
  "unsuback",
  "disconnect",
  "auth",
];

/** Every owner: all of them may have User Properties. */
export const PROPERTY_OWNERS: readonly PropertyOwner[] = [
  ...WITH_REASON_STRING,
  "connect",
  "will",
  "publish",
  "subscribe",
  "unsubscribe",
];

/**
 * The 27 properties, ordered by identifier; decoding and encoding are both driven by this table.
 * Subscription Identifier has two rows because PUBLISH may repeat it and SUBSCRIBE may not.
 * All that are not lists may stand once only.
 */
export const PROPERTIES: readonly PropertyDefinition[] = [
  property(0x01, "payloadFormatIndicator", "byte", ["publish", "will"], {
    maximum: 1,
    // That of a PUBLISH is forwarded as it came [MQTT-3.3.2-4].
    implied: { will: 0 },
  }),
  property(0x02, "messageExpiryIntervalSeconds", "u32", ["publish", "will"]),
  property(0x03, "contentType", "string", ["publish", "will"]),
  property(0x08, "responseTopic", "topicName", ["publish", "will"]),
  property(0x09, "correlationData", "binary", ["publish", "will"]),
  property(0x0b, "subscriptionIdentifiers", "varintList", ["publish"], { minimum: 1 }),
  property(0x0b, "subscriptionIdentifier", "varint", ["subscribe"], { minimum: 1 }),
  property(0x11, "sessionExpiryIntervalSeconds", "u32", ["connect", "connack", "disconnect"], {
    implied: { connect: 0 },
  }),
  property(0x12, "assignedClientId", "string", ["connack"]),
  property(0x13, "serverKeepAliveSeconds", "u16", ["connack"]),
  property(0x15, "authenticationMethod", "string", ["connect", "connack", "auth"]),
  property(0x16, "authenticationData", "binary", ["connect", "connack", "auth"]),
  property(0x17, "requestProblemInformation", "boolean", ["connect"], {
    implied: { connect: true },
  }),
  property(0x18, "willDelayIntervalSeconds", "u32", ["will"], { implied: { will: 0 } }),
  property(0x19, "requestResponseInformation", "boolean", ["connect"], {
    implied: { connect: false },
  }),
  property(0x1a, "responseInformation", "string", ["connack"]),
  property(0x1c, "serverReference", "string", ["connack", "disconnect"]),
  property(0x1f, "reasonString", "string", WITH_REASON_STRING),
  property(0x21, "receiveMaximum", "u16", ["connect", "connack"], {
    minimum: 1,
    implied: { connect: 65_535, connack: 65_535 },
  }),
  property(0x22, "topicAliasMaximum", "u16", ["connect", "connack"], {
    implied: { connect: 0, connack: 0 },
  }),
  property(0x23, "topicAlias", "u16", ["publish"], { minimum: 1, illegalValueReasonCode: 0x94 }),
  property(0x24, "maximumQos", "byte", ["connack"], { maximum: 1 }),
  property(0x25, "retainAvailable", "boolean", ["connack"], { implied: { connack: true } }),
  property(0x26, "userProperties", "stringPairList", PROPERTY_OWNERS),
  property(0x27, "maximumPacketSize", "u32", ["connect", "connack"], {
    minimum: 1,
    implied: { connect: PACKET_BYTES_MAX, connack: PACKET_BYTES_MAX },
  }),
  property(0x28, "wildcardSubscriptionAvailable", "boolean", ["connack"], {
    implied: { connack: true },
  }),
  property(0x29, "subscriptionIdentifiersAvailable", "boolean", ["connack"], {
    implied: { connack: true },
  }),
  property(0x2a, "sharedSubscriptionAvailable", "boolean", ["connack"], {
    implied: { connack: true },
  }),
];

/** One row: a call is shorter than an object, and there are many. */
function property(
  id: number,
  name: PropertyName,
  type: PropertyType,
  owners: readonly PropertyOwner[],
  limits?: Pick<PropertyDefinition, "minimum" | "maximum" | "implied" | "illegalValueReasonCode">,
): PropertyDefinition {
  return { id, name, type, owners, ...limits };
}
