/** Every Reason Code of MQTT 5.0 by name. Below 0x80 is success, 0x80 and above failure. */
export const ReasonCode = {
  success: 0x00,
  normalDisconnection: 0x00,
  grantedQos0: 0x00,
  grantedQos1: 0x01,
  grantedQos2: 0x02,
  disconnectWithWillMessage: 0x04,
  noMatchingSubscribers: 0x10,
  noSubscriptionExisted: 0x11,
  continueAuthentication: 0x18,
  reauthenticate: 0x19,
  unspecifiedError: 0x80,
  malformedPacket: 0x81,
  protocolError: 0x82,
  implementationSpecificError: 0x83,
  unsupportedProtocolVersion: 0x84,
  clientIdentifierNotValid: 0x85,
  badUserNameOrPassword: 0x86,
  notAuthorized: 0x87,
  serverUnavailable: 0x88,
  serverBusy: 0x89,
  banned: 0x8a,
  serverShuttingDown: 0x8b,
  badAuthenticationMethod: 0x8c,
  keepAliveTimeout: 0x8d,
  sessionTakenOver: 0x8e,
  topicFilterInvalid: 0x8f,
  topicNameInvalid: 0x90,
  packetIdentifierInUse: 0x91,
  packetIdentifierNotFound: 0x92,
  receiveMaximumExceeded: 0x93,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
  messageRateTooHigh: 0x96,
  quotaExceeded: 0x97,
  administrativeAction: 0x98,
  payloadFormatInvalid: 0x99,
  retainNotSupported: 0x9a,
  qosNotSupported: 0x9b,
  useAnotherServer: 0x9c,
  serverMoved: 0x9d,
  sharedSubscriptionsNotSupported: 0x9e,
  connectionRateExceeded: 0x9f,
  maximumConnectTime: 0xa0,
  subscriptionIdentifiersNotSupported: 0xa1,
  wildcardSubscriptionsNotSupported: 0xa2,
} as const;

/** A packet that carries Reason Codes. */
export type ReasonCodePacketType =
  | "connack"
  | "puback"
  | "pubrec"
  | "pubrel"
  | "pubcomp"
  | "suback"
  | "unsuback"
  | "disconnect"
  | "auth";

/** Who may send a Reason Code in a packet. */
export type ReasonCodeSender = "client" | "server" | "both";

/** One Reason Code: what it is called, in which packets it may stand and who may send it there. */
export interface ReasonCodeDefinition {
  readonly code: number;
  readonly name: string;
  /** Packets in which the same code has another name. */
  readonly otherNames?: Partial<Readonly<Record<ReasonCodePacketType, string>>>;
  readonly packets: Partial<Readonly<Record<ReasonCodePacketType, ReasonCodeSender>>>;
}

type Packets = ReasonCodeDefinition["packets"];

const CONNACK: Packets = { connack: "server" };
const PUBLISH_ACKS: Packets = { puback: "both", pubrec: "both" };
const RELEASE_ACKS: Packets = { pubrel: "both", pubcomp: "both" };
const SUBACK: Packets = { suback: "server" };
const UNSUBACK: Packets = { unsuback: "server" };
const DISCONNECT: Packets = { disconnect: "both" };
const DISCONNECT_BY_SERVER: Packets = { disconnect: "server" };

const SUBSCRIPTION_ACKS: Packets = { ...SUBACK, ...UNSUBACK };
const ALL_REFUSALS: Packets = { ...CONNACK, ...PUBLISH_ACKS, ...SUBSCRIPTION_ACKS, ...DISCONNECT };
const CONNECTION: Packets = { ...CONNACK, ...DISCONNECT };
const CONNECTION_BY_SERVER: Packets = { ...CONNACK, ...DISCONNECT_BY_SERVER };

/**
 * All Reason Codes in the order of their numbers.
 * Two cells go beyond table 3-10 of the specification, where it contradicts itself: DISCONNECT may
 * carry 0x8C (as table 2-6 says), and a Client may send 0x9B (as section 3.3.4 says).
 */
export const REASON_CODES: readonly ReasonCodeDefinition[] = [
  {
    code: 0x00,
    name: "Success",
    otherNames: { disconnect: "Normal disconnection", suback: "Granted QoS 0" },
    packets: {
      ...CONNACK,
      ...PUBLISH_ACKS,
      ...RELEASE_ACKS,
      ...SUBSCRIPTION_ACKS,
      ...DISCONNECT,
      auth: "server",
    },
  },
  { code: 0x01, name: "Granted QoS 1", packets: SUBACK },
  { code: 0x02, name: "Granted QoS 2", packets: SUBACK },
  { code: 0x04, name: "Disconnect with Will Message", packets: { disconnect: "client" } },
  {
    code: 0x10,
    name: "No matching subscribers",
    packets: { puback: "server", pubrec: "server" },
  },
  { code: 0x11, name: "No subscription existed", packets: UNSUBACK },
  { code: 0x18, name: "Continue authentication", packets: { auth: "both" } },
  { code: 0x19, name: "Re-authenticate", packets: { auth: "client" } },
  { code: 0x80, name: "Unspecified error", packets: ALL_REFUSALS },
  { code: 0x81, name: "Malformed Packet", packets: CONNECTION },
  { code: 0x82, name: "Protocol Error", packets: CONNECTION },
  { code: 0x83, name: "Implementation specific error", packets: ALL_REFUSALS },
  { code: 0x84, name: "Unsupported Protocol Version", packets: CONNACK },
  { code: 0x85, name: "Client Identifier not valid", packets: CONNACK },
  { code: 0x86, name: "Bad User Name or Password", packets: CONNACK },
  {
    code: 0x87,
    name: "Not authorized",
    packets: { ...CONNACK, ...PUBLISH_ACKS, ...SUBSCRIPTION_ACKS, ...DISCONNECT_BY_SERVER },
  },
  { code: 0x88, name: "Server unavailable", packets: CONNACK },
  { code: 0x89, name: "Server busy", packets: CONNECTION_BY_SERVER },
  { code: 0x8a, name: "Banned", packets: CONNACK },
  { code: 0x8b, name: "Server shutting down", packets: DISCONNECT_BY_SERVER },
  { code: 0x8c, name: "Bad authentication method", packets: CONNECTION_BY_SERVER },
  { code: 0x8d, name: "Keep Alive timeout", packets: DISCONNECT_BY_SERVER },
  { code: 0x8e, name: "Session taken over", packets: DISCONNECT_BY_SERVER },
  {
    code: 0x8f,
    name: "Topic Filter invalid",
    packets: { ...SUBSCRIPTION_ACKS, ...DISCONNECT_BY_SERVER },
  },
  { code: 0x90, name: "Topic Name invalid", packets: { ...CONNECTION, ...PUBLISH_ACKS } },
  {
    code: 0x91,
    name: "Packet Identifier in use",
    packets: { ...PUBLISH_ACKS, ...SUBSCRIPTION_ACKS },
  },
  { code: 0x92, name: "Packet Identifier not found", packets: RELEASE_ACKS },
  { code: 0x93, name: "Receive Maximum exceeded", packets: DISCONNECT },
  { code: 0x94, name: "Topic Alias invalid", packets: DISCONNECT },
  { code: 0x95, name: "Packet too large", packets: CONNECTION },
  { code: 0x96, name: "Message rate too high", packets: DISCONNECT },
  { code: 0x97, name: "Quota exceeded", packets: { ...CONNECTION, ...PUBLISH_ACKS, ...SUBACK } },
  { code: 0x98, name: "Administrative action", packets: DISCONNECT },
  { code: 0x99, name: "Payload format invalid", packets: { ...CONNECTION, ...PUBLISH_ACKS } },
  { code: 0x9a, name: "Retain not supported", packets: CONNECTION_BY_SERVER },
  { code: 0x9b, name: "QoS not supported", packets: CONNECTION },
  { code: 0x9c, name: "Use another server", packets: CONNECTION_BY_SERVER },
  { code: 0x9d, name: "Server moved", packets: CONNECTION_BY_SERVER },
  {
    code: 0x9e,
    name: "Shared Subscriptions not supported",
    packets: { ...SUBACK, ...DISCONNECT_BY_SERVER },
  },
  { code: 0x9f, name: "Connection rate exceeded", packets: CONNECTION_BY_SERVER },
  { code: 0xa0, name: "Maximum connect time", packets: DISCONNECT_BY_SERVER },
  {
    code: 0xa1,
    name: "Subscription Identifiers not supported",
    packets: { ...SUBACK, ...DISCONNECT_BY_SERVER },
  },
  {
    code: 0xa2,
    name: "Wildcard Subscriptions not supported",
    packets: { ...SUBACK, ...DISCONNECT_BY_SERVER },
  },
];

const DEFINITION_BY_CODE: ReadonlyMap<number, ReasonCodeDefinition> = new Map(
  REASON_CODES.map((definition) => [definition.code, definition]),
);

/** Name that the specification gives the code, in `packetType` where that matters. */
export function reasonName(code: number, packetType?: ReasonCodePacketType): string {
  const definition = DEFINITION_BY_CODE.get(code);
  if (definition === undefined) {
    return `Unknown Reason Code 0x${code.toString(16).padStart(2, "0").toUpperCase()}`;
  }
  const otherName = packetType === undefined ? undefined : definition.otherNames?.[packetType];
  return otherName ?? definition.name;
}

/** Who may send the code in that packet; `undefined` when nobody may. */
export function reasonCodeSender(
  code: number,
  packetType: ReasonCodePacketType,
): ReasonCodeSender | undefined {
  return DEFINITION_BY_CODE.get(code)?.packets[packetType];
}
