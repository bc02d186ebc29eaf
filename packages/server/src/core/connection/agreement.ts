import type { ConnackProperties, ConnectPacket } from "@anax/protocol";
import type { CoreOptions } from "../core-options.ts";
import type { ValidatingConnection } from "../hooks/connection-events.ts";
import { NEVER_EXPIRES } from "../sessions/session-expiry.ts";

/** What client and server settled for one connection: what the client asked for, as the server granted it. */
export interface Agreement {
  /** True if CONNACK must name the Client Identifier, since the client sent none. */
  readonly isAssigned: boolean;
  /** The Keep Alive in force; 0 for none. */
  readonly keepAliveSeconds: number;
  readonly sessionExpirySeconds: number;
  /**
   * True for a bridge of 3.1 or 3.1.1, which says so in CONNECT: it must not get back what it brings, and
   * must see RETAIN as it was published, but has no options of MQTT 5.0 to ask for that.
   */
  readonly isBridge: boolean;
}

/** Before CONNECT. */
export const NOTHING_AGREED: Agreement = {
  isAssigned: false,
  keepAliveSeconds: 0,
  sessionExpirySeconds: 0,
  isBridge: false,
};

/** What the handlers of `validatingConnection` may answer beside yes and no. */
export type ValidationAnswer = Pick<
  ValidatingConnection,
  | "reasonString"
  | "assignedClientId"
  | "responseAuthenticationData"
  | "responseUserProperties"
  | "responseInformation"
  | "serverReference"
  | "serverKeepAliveSeconds"
  | "grantedSessionExpiryIntervalSeconds"
>;

/** The answer where there is no handler. */
export const NOBODY_ASKED: ValidationAnswer = {};

/** The one that was made last: the clients of a fleet are granted the same, and share one. */
let lastAgreed = NOTHING_AGREED;

/** Settles what a client that may come in is granted. */
export function agree(
  core: { readonly options: CoreOptions },
  packet: ConnectPacket,
  answer: ValidationAnswer,
  expiryMaximumSeconds: number,
): Agreement {
  const agreement: Agreement = {
    isAssigned: packet.clientId === "",
    keepAliveSeconds: grantKeepAlive(core.options, packet, answer),
    sessionExpirySeconds: grantExpiry(expiryMaximumSeconds, packet, answer),
    isBridge: packet.bridge === true,
  };
  if (!isSame(agreement, lastAgreed)) lastAgreed = agreement;
  return lastAgreed;
}

function isSame(one: Agreement, other: Agreement): boolean {
  return (
    one.isAssigned === other.isAssigned &&
    one.keepAliveSeconds === other.keepAliveSeconds &&
    one.sessionExpirySeconds === other.sessionExpirySeconds &&
    one.isBridge === other.isBridge
  );
}

/** The Client Identifier of a client that may come in; the server makes one for who sent none. */
export function clientIdOf(
  core: { newClientId(): string },
  packet: ConnectPacket,
  answer: ValidationAnswer,
): string {
  if (answer.assignedClientId !== undefined) return answer.assignedClientId;
  return packet.clientId === "" ? core.newClientId() : packet.clientId;
}

/** Only MQTT 5.0 clients can be told of another Keep Alive; the others keep their own [MQTT-3.2.2-22]. */
function grantKeepAlive(
  options: CoreOptions,
  packet: ConnectPacket,
  answer: ValidationAnswer,
): number {
  const asked = packet.keepAliveSeconds;
  if (packet.protocolVersion !== 5) return asked;
  if (answer.serverKeepAliveSeconds !== undefined) return answer.serverKeepAliveSeconds;
  const limit = options.keepAliveMaxSeconds;
  return limit > 0 && (asked === 0 || asked > limit) ? limit : asked;
}

/** A session without Clean Session of 3.1 and 3.1.1 lives as long as the server allows. */
function grantExpiry(
  maximumSeconds: number,
  packet: ConnectPacket,
  answer: ValidationAnswer,
): number {
  if (answer.grantedSessionExpiryIntervalSeconds !== undefined)
    return answer.grantedSessionExpiryIntervalSeconds;
  const forOlder = packet.cleanStart ? 0 : NEVER_EXPIRES;
  const asked =
    packet.protocolVersion === 5
      ? (packet.properties?.sessionExpiryIntervalSeconds ?? 0)
      : forOlder;
  return Math.min(asked, maximumSeconds);
}

/** Properties of a CONNACK that lets the client in: whatever differs from the specification's defaults or the client's wishes. */
export function connackProperties(
  options: CoreOptions,
  packet: ConnectPacket,
  answer: ValidationAnswer,
  { clientId, agreement }: { readonly clientId: string; readonly agreement: Agreement },
): ConnackProperties {
  if (packet.protocolVersion !== 5) return {};
  return {
    ...limitsOf(options),
    ...grantsOf(packet, agreement, clientId),
    ...answersOf(packet, answer),
  };
}

function limitsOf(options: CoreOptions): ConnackProperties {
  const { maximumQos, topicAliasMaximum, maximumPacketSize } = options;
  return {
    receiveMaximum: options.receiveMaximum,
    maximumPacketSize,
    ...(maximumQos < 2 && { maximumQos: maximumQos === 0 ? 0 : 1 }),
    ...(topicAliasMaximum > 0 && { topicAliasMaximum }),
    ...(!options.retainAvailable && { retainAvailable: false }),
    ...(!options.wildcardSubscriptionAvailable && { wildcardSubscriptionAvailable: false }),
    ...(!options.subscriptionIdentifiersAvailable && { subscriptionIdentifiersAvailable: false }),
    ...(!options.sharedSubscriptionAvailable && { sharedSubscriptionAvailable: false }),
  };
}

function grantsOf(
  packet: ConnectPacket,
  agreement: Agreement,
  clientId: string,
): ConnackProperties {
  const { isAssigned, keepAliveSeconds, sessionExpirySeconds } = agreement;
  const askedExpiry = packet.properties?.sessionExpiryIntervalSeconds ?? 0;
  return {
    ...(sessionExpirySeconds !== askedExpiry && {
      sessionExpiryIntervalSeconds: sessionExpirySeconds,
    }),
    ...(keepAliveSeconds !== packet.keepAliveSeconds && {
      serverKeepAliveSeconds: keepAliveSeconds,
    }),
    ...(isAssigned && { assignedClientId: clientId }),
  };
}

function answersOf(packet: ConnectPacket, answer: ValidationAnswer): ConnackProperties {
  const method = packet.properties?.authenticationMethod;
  const wantsInformation = packet.properties?.requestResponseInformation === true;
  return {
    ...(answer.reasonString !== undefined && { reasonString: answer.reasonString }),
    ...(answer.responseUserProperties && { userProperties: answer.responseUserProperties }),
    ...(answer.serverReference !== undefined && { serverReference: answer.serverReference }),
    ...(wantsInformation &&
      answer.responseInformation !== undefined && {
        responseInformation: answer.responseInformation,
      }),
    // A successful CONNACK repeats the method, and only then has data [MQTT-4.12.0-5] [MQTT-4.12.0-6].
    ...(method !== undefined && { authenticationMethod: method }),
    ...(method !== undefined &&
      answer.responseAuthenticationData && {
        authenticationData: answer.responseAuthenticationData,
      }),
  };
}
