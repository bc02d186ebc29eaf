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
  /** Reason Code for a number outside minimum..maximum; 0x82 when absent. */
  readonly illegalValueReasonCode?: number;
}

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

const ALL_OWNERS: readonly PropertyOwner[] = [
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
  {
    id: 0x01,
    name: "payloadFormatIndicator",
    type: "byte",
    owners: ["publish", "will"],
    maximum: 1,
  },
  { id: 0x02, name: "messageExpiryIntervalSeconds", type: "u32", owners: ["publish", "will"] },
  { id: 0x03, name: "contentType", type: "string", owners: ["publish", "will"] },
  { id: 0x08, name: "responseTopic", type: "topicName", owners: ["publish", "will"] },
  { id: 0x09, name: "correlationData", type: "binary", owners: ["publish", "will"] },
  {
    id: 0x0b,
    name: "subscriptionIdentifiers",
    type: "varintList",
    owners: ["publish"],
    minimum: 1,
  },
  { id: 0x0b, name: "subscriptionIdentifier", type: "varint", owners: ["subscribe"], minimum: 1 },
  {
    id: 0x11,
    name: "sessionExpiryIntervalSeconds",
    type: "u32",
    owners: ["connect", "connack", "disconnect"],
  },
  { id: 0x12, name: "assignedClientId", type: "string", owners: ["connack"] },
  { id: 0x13, name: "serverKeepAliveSeconds", type: "u16", owners: ["connack"] },
  {
    id: 0x15,
    name: "authenticationMethod",
    type: "string",
    owners: ["connect", "connack", "auth"],
  },
  { id: 0x16, name: "authenticationData", type: "binary", owners: ["connect", "connack", "auth"] },
  { id: 0x17, name: "requestProblemInformation", type: "boolean", owners: ["connect"] },
  { id: 0x18, name: "willDelayIntervalSeconds", type: "u32", owners: ["will"] },
  { id: 0x19, name: "requestResponseInformation", type: "boolean", owners: ["connect"] },
  { id: 0x1a, name: "responseInformation", type: "string", owners: ["connack"] },
  { id: 0x1c, name: "serverReference", type: "string", owners: ["connack", "disconnect"] },
  { id: 0x1f, name: "reasonString", type: "string", owners: WITH_REASON_STRING },
  { id: 0x21, name: "receiveMaximum", type: "u16", owners: ["connect", "connack"], minimum: 1 },
  { id: 0x22, name: "topicAliasMaximum", type: "u16", owners: ["connect", "connack"] },
  {
    id: 0x23,
    name: "topicAlias",
    type: "u16",
    owners: ["publish"],
    minimum: 1,
    illegalValueReasonCode: 0x94,
  },
  { id: 0x24, name: "maximumQos", type: "byte", owners: ["connack"], maximum: 1 },
  { id: 0x25, name: "retainAvailable", type: "boolean", owners: ["connack"] },
  { id: 0x26, name: "userProperties", type: "stringPairList", owners: ALL_OWNERS },
  { id: 0x27, name: "maximumPacketSize", type: "u32", owners: ["connect", "connack"], minimum: 1 },
  { id: 0x28, name: "wildcardSubscriptionAvailable", type: "boolean", owners: ["connack"] },
  { id: 0x29, name: "subscriptionIdentifiersAvailable", type: "boolean", owners: ["connack"] },
  { id: 0x2a, name: "sharedSubscriptionAvailable", type: "boolean", owners: ["connack"] },
];
