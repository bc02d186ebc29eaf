import type { AuthPacket, ProtocolVersion, UserProperties, Will } from "@anax/protocol";
import type { ApplicationMessage } from "../message/application-message.ts";
import type { Peer } from "../wire.ts";
import type { ClientContext, SessionItems } from "./client-context.ts";
import type { Identity } from "./identity.ts";

/** One step of enhanced authentication that the server sends. */
export interface AuthenticationStep {
  readonly authenticationData?: Uint8Array;
  readonly reasonString?: string;
  readonly userProperties?: UserProperties;
}

/**
 * The exchange of AUTH packets while a connection is authenticated. `answered` is called with each
 * AUTH of the client, or with undefined when the connection has closed.
 */
export interface AuthenticationExchange {
  readonly method: string;
  /** Sends AUTH 0x18 (Continue authentication) [MQTT-4.12.0-2]. */
  send(step: AuthenticationStep, answered: (packet: AuthPacket | undefined) => void): void;
}

/** `validatingConnection`: CONNECT has come; the handler says who may in. Fires again, with `reauthentication`, for AUTH 0x19. */
export interface ValidatingConnection {
  /** Empty if the client asks the server to assign one. */
  readonly clientId: string;
  /**
   * As CONNECT says it. A handler that found out by other means who the client is writes that name here; later handlers
   * and all later events see it. A re-authentication does not change it.
   */
  userName?: string;
  /**
   * What is known of the client beside its name: groups, permissions, claims, when it expires. An authenticator has written here, and a
   * handler may. A re-authentication puts this in the place of what was known; absent then, it leaves that as it is.
   */
  identity?: Identity | undefined;
  readonly password?: Uint8Array;
  readonly cleanStart: boolean;
  readonly keepAliveSeconds: number;
  readonly protocolVersion: ProtocolVersion;
  readonly peer: Peer;
  readonly authenticationMethod?: string;
  readonly authenticationData?: Uint8Array;
  readonly maximumPacketSize?: number;
  readonly receiveMaximum?: number;
  readonly requestProblemInformation: boolean;
  readonly requestResponseInformation: boolean;
  readonly sessionExpiryIntervalSeconds: number;
  readonly topicAliasMaximum: number;
  readonly userProperties: UserProperties;
  readonly will?: Will;
  readonly reauthentication: boolean;
  readonly exchange?: AuthenticationExchange;
  readonly sessionItems: SessionItems;
  /** False once the client has gone: whoever has not begun to check its password may leave it. */
  readonly isAwaited: () => boolean;
  /**
   * Whether a handler knows the Authentication Method and has checked it: an exchange of AUTH packets sets it, a handler
   * that needs none sets it itself. Where CONNECT or AUTH names a method and it is false, the client is refused 0x8C.
   */
  authenticationMethodAccepted: boolean;
  /** 0 lets the client in; anything from 0x80 on refuses it with that Reason Code. */
  reasonCode: number;
  reasonString?: string;
  /**
   * Client Identifier for a client that sent none; MQTT 5.0 clients are told [MQTT-3.2.2-16]. A client that sent one keeps it:
   * this is then left out, logged and counted in `handlerFailures`.
   */
  assignedClientId?: string;
  responseAuthenticationData?: Uint8Array;
  responseUserProperties?: UserProperties;
  responseInformation?: string;
  serverReference?: string;
  /** Keep Alive that the server demands in place of the client's, in seconds. */
  serverKeepAliveSeconds?: number;
  /** Session Expiry Interval that the server grants in place of what the client asked for, in seconds. */
  grantedSessionExpiryIntervalSeconds?: number;
}

/** A subscription as a stored session brings it back. */
export interface RestoredSubscription {
  readonly topicFilter: string;
  readonly qos: 0 | 1 | 2;
  readonly noLocal?: boolean;
  readonly retainAsPublished?: boolean;
  readonly subscriptionIdentifier?: number;
}

/**
 * `preparingSession`: a session is about to be used. What the handler of a new one brings is put into it; of an existing
 * one nothing is taken.
 */
export interface PreparingSession {
  readonly clientId: string;
  /** False too where Clean Start ends the session, or its connection takes it along, which this one takes over. */
  readonly isExistingSession: boolean;
  readonly cleanStart: boolean;
  /** Of this connection; those of an existing session are joined with them afterwards, where the newer value counts. */
  readonly sessionItems: SessionItems;
  /** Of the Will in CONNECT, if there is one. */
  readonly willDelayIntervalSeconds?: number;
  /** Subscriptions to restore; answered with Session Present 1 if any state was restored and Clean Start is 0. */
  subscriptions: RestoredSubscription[];
  /** Messages to queue, oldest first. */
  messages: ApplicationMessage[];
}

/** `clientConnected`: CONNACK is on its way, nothing else has been exchanged. */
export interface ClientConnected extends ClientContext {
  readonly password?: Uint8Array;
  readonly authenticationMethod?: string;
  readonly authenticationData?: Uint8Array;
  readonly userProperties: UserProperties;
  readonly cleanStart: boolean;
  readonly sessionPresent: boolean;
}

/** How a connection ended: by DISCONNECT, without one, or because its Client Identifier connected again. */
export type DisconnectType = "clean" | "notClean" | "takeover";

/** `clientDisconnected`: fires once for each `clientConnected`. */
export interface ClientDisconnected extends ClientContext {
  readonly disconnectType: DisconnectType;
  /** Kept while the client is connected only if this event has a handler when it connects. */
  readonly password?: Uint8Array;
  /** Of the DISCONNECT that ended it, whoever sent it; absent if there was none. */
  readonly reasonCode?: number;
  readonly reasonString?: string;
  readonly sessionExpiryIntervalSeconds: number;
  readonly userProperties?: UserProperties;
  /** What went wrong, in words, if the server closed the connection because of an error. */
  readonly error?: Error;
}

/** `sessionDeleted`: fires on every way a session can end. */
export interface SessionDeleted {
  readonly clientId: string;
  readonly userName?: string;
  readonly sessionItems: SessionItems;
  readonly cause: "disconnected" | "expired" | "cleanStart" | "deleted" | "evicted";
}
