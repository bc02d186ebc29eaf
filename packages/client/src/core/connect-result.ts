/** What a successful CONNACK says, with the defaults of the specification filled in. */
import { RECEIVE_MAXIMUM_DEFAULT } from "@anax/protocol";
import type { ConnackPacket, ConnectPacket, QoS, UserProperties } from "@anax/protocol";

/** What the server answered to CONNECT: what it offers, and the values in force. */
export interface ConnectResult {
  /** Whether the server goes on with a Session that it had. */
  readonly sessionPresent: boolean;
  /** 0, or another code below 0x80. */
  readonly reasonCode: number;
  /** The Client Identifier in force, whoever chose it. */
  readonly clientId: string;
  /** The Client Identifier that the server chose, if it did. */
  readonly assignedClientId?: string;
  /** Highest QoS that may be published. */
  readonly maximumQos: QoS;
  /** Whether messages may be retained. */
  readonly retainAvailable: boolean;
  /** Largest packet that the server takes, in bytes; absent when it names none. */
  readonly maximumPacketSize?: number;
  /** How many QoS 1 and 2 messages the server takes at the same time. */
  readonly receiveMaximum: number;
  /** How many Topic Aliases the server takes; 0 is none. */
  readonly topicAliasMaximum: number;
  /** Whether Topic Filters may have wildcards. */
  readonly wildcardSubscriptionAvailable: boolean;
  /** Whether subscriptions may have Subscription Identifiers (never on 3.1 and 3.1.1). */
  readonly subscriptionIdentifiersAvailable: boolean;
  /** Whether Shared Subscriptions may be made (on 3.1 and 3.1.1 nobody says, so true). */
  readonly sharedSubscriptionAvailable: boolean;
  /** The Keep Alive in force, the server's if it gave one [MQTT-3.1.2-21]; 0 is off. */
  readonly keepAliveSeconds: number;
  /** How long the server keeps the Session after the connection ended; 0xFFFFFFFF is for ever. */
  readonly sessionExpiryIntervalSeconds: number;
  /** Basis for Response Topics, if it was asked for and the server gives one. */
  readonly responseInformation?: string;
  /** Another server that could be used. */
  readonly serverReference?: string;
  /** The server's words, for people. */
  readonly reasonString?: string;
  /** User Properties of the CONNACK. */
  readonly userProperties?: UserProperties;
  /** Authentication Method of the exchange that has ended well. */
  readonly authenticationMethod?: string;
  /** Last data of that exchange. */
  readonly authenticationData?: Uint8Array;
}

/** The result of the exchange of this CONNECT and this CONNACK. */
export function connectResult(connect: ConnectPacket, connack: ConnackPacket): ConnectResult {
  const isVersion5 = connect.protocolVersion === 5;
  const { serverKeepAliveSeconds, ...properties } = connack.properties ?? {};
  const sessionExpiry = connect.properties?.sessionExpiryIntervalSeconds ?? 0;
  return {
    maximumQos: 2,
    retainAvailable: true,
    receiveMaximum: RECEIVE_MAXIMUM_DEFAULT,
    topicAliasMaximum: 0,
    wildcardSubscriptionAvailable: true,
    subscriptionIdentifiersAvailable: isVersion5,
    sharedSubscriptionAvailable: true,
    // A Session of 3.1.1 without Clean Session has no end of its own.
    sessionExpiryIntervalSeconds: isVersion5 ? sessionExpiry : connect.cleanStart ? 0 : 0xffff_ffff,
    clientId: properties.assignedClientId ?? connect.clientId,
    ...properties,
    sessionPresent: connack.sessionPresent,
    reasonCode: connack.reasonCode,
    keepAliveSeconds: serverKeepAliveSeconds ?? connect.keepAliveSeconds,
  };
}
