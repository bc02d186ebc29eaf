/** Everything that a client can be told, each with its default. */
import type { ProtocolVersion, QoS, UserProperties } from "@anax/protocol";
import type { AuthenticationOptions } from "./authentication/authentication.ts";
import type { Clock } from "./clock.ts";
import type { Logger } from "./logger.ts";
import type {
  SocketOptions,
  TlsOptions,
  TransportFactory,
  WebSocketOptions,
} from "./transports/transport.ts";

/** The message that the server publishes when the client is gone without a word. */
export interface WillOptions {
  /** Topic Name; no wildcards. */
  readonly topic: string;
  /** Text is sent as UTF-8. Default: empty. */
  readonly payload?: string | Uint8Array | undefined;
  /** Default 0. */
  readonly qos?: QoS | undefined;
  /** Default false. */
  readonly retain?: boolean | undefined;
  /** MQTT 5.0: how long the server waits for the client to come back. Default 0. */
  readonly willDelayIntervalSeconds?: number | undefined;
  /** MQTT 5.0: life of the message. Default: no end. */
  readonly messageExpiryIntervalSeconds?: number | undefined;
  /** MQTT 5.0. */
  readonly contentType?: string | undefined;
  /** MQTT 5.0. */
  readonly responseTopic?: string | undefined;
  /** MQTT 5.0. */
  readonly correlationData?: Uint8Array | undefined;
  /** MQTT 5.0: 1 says that the payload is UTF-8 text. */
  readonly payloadFormatIndicator?: 0 | 1 | undefined;
  /** MQTT 5.0. */
  readonly userProperties?: UserProperties | undefined;
}

/**
 * How to come back after a connection was lost: after `initialDelayMs`, then twice as long each time up to
 * `delayMaxMs`, less a random part so that many clients do not come back at once. The waits begin anew when
 * a connection has lasted for `delayMaxMs`; until then a server that drops what it has accepted counts as one that fails.
 */
export interface ReconnectOptions {
  /** Default 1000. */
  readonly initialDelayMs?: number | undefined;
  /** Default 30 000. */
  readonly delayMaxMs?: number | undefined;
  /** Attempts without a connection that lasted before the client gives up. Default: no limit. */
  readonly attemptsMax?: number | undefined;
  /** Also try again when the very first connection fails. Default false: `connect` rejects. */
  readonly retryFirstConnect?: boolean | undefined;
}

/** A password, or what gives one when a connection is made; tokens that expire are fetched so. */
export type PasswordSource =
  | string
  | Uint8Array
  | (() => string | Uint8Array | Promise<string | Uint8Array>);

/** Options of a client. Those marked MQTT 5.0 are refused on 3.1 and 3.1.1. */
export interface ClientOptions extends SocketOptions {
  /** Default: random, so that two clients never take over each other's Session. "" asks the server for one. */
  readonly clientId?: string | undefined;
  /** 5 for MQTT 5.0, 4 for 3.1.1, 3 for 3.1. Default 5. */
  readonly protocolVersion?: ProtocolVersion | undefined;
  /** Whether to begin a new Session (Clean Session on 3.1 and 3.1.1). Default true. */
  readonly cleanStart?: boolean | undefined;
  /** Silence after which the client pings; 0 is never. Default 60. */
  readonly keepAliveSeconds?: number | undefined;
  /** Default: that of the URL. A function is asked at each attempt. */
  readonly userName?: string | (() => string | Promise<string>) | undefined;
  /** Default: that of the URL. */
  readonly password?: PasswordSource | undefined;
  /** Default: none. */
  readonly will?: WillOptions | undefined;
  /**
   * MQTT 5.0: how long the server keeps the Session after the connection has ended; 0xFFFFFFFF is for ever.
   * Above 0, the client resumes the Session when it reconnects. Default 0.
   */
  readonly sessionExpiryIntervalSeconds?: number | undefined;
  /** MQTT 5.0: QoS 1 and 2 messages that may come unacknowledged. Default 65 535. */
  readonly receiveMaximum?: number | undefined;
  /** MQTT 5.0: largest packet to accept, in bytes. Default: the protocol's limit, 256 MiB. */
  readonly maximumPacketSize?: number | undefined;
  /** MQTT 5.0: Topic Aliases that the server may use. Default 0. */
  readonly topicAliasMaximum?: number | undefined;
  /**
   * MQTT 5.0: Topic Aliases that the client uses of its own accord, if the server takes as many; 0 leaves
   * them to `publish`. Default 16.
   */
  readonly outgoingTopicAliasMaximum?: number | undefined;
  /** MQTT 5.0: ask for Response Information. Default false. */
  readonly requestResponseInformation?: boolean | undefined;
  /** MQTT 5.0: accept Reason Strings and User Properties with failures. Default true. */
  readonly requestProblemInformation?: boolean | undefined;
  /** MQTT 5.0: User Properties of CONNECT. */
  readonly userProperties?: UserProperties | undefined;
  /** MQTT 5.0: enhanced authentication, for example `scramSha256(...)`. Default: none. */
  readonly authentication?: AuthenticationOptions | undefined;
  /** Time for a connection to come about, name lookup and CONNACK included. Default 30 000: a slow link needs seconds. */
  readonly connectTimeoutMs?: number | undefined;
  /** Time for the answer to PINGREQ. Default 10 000. */
  readonly pingrespTimeoutMs?: number | undefined;
  /**
   * Time for the server to answer a publish at QoS 1 or 2, a subscribe, an unsubscribe, a ping or a re-authentication; then it
   * rejects with MqttTimeoutError, though a message may still arrive. Time without a connection does not count. Default: no limit.
   */
  readonly requestTimeoutMs?: number | undefined;
  /** How to come back after a connection was lost; false is never. On by default. */
  readonly reconnect?: boolean | ReconnectOptions | undefined;
  /** Leave it to the application to acknowledge QoS 1 and 2 messages. Default false. */
  readonly manualAcknowledge?: boolean | undefined;
  /**
   * What becomes of faults of the server that do no lasting harm, such as a message that no client may be sent: true
   * closes the connection. False goes on: such a message is acknowledged and dropped, and an `error` event
   * (`MqttServerFaultError`) tells its topic and the fault. Default false.
   */
  readonly strict?: boolean | undefined;
  /** Messages that may wait to be sent; more are refused. Default 100 000. */
  readonly queueMessagesMax?: number | undefined;
  /** Bytes of payload that may wait to be sent; more are refused. Default 64 MiB. */
  readonly queueBytesMax?: number | undefined;
  /** Where the client takes the time from. For tests; default: the clock of the platform. */
  readonly clock?: Clock | undefined;
  /**
   * Messages that may wait until a subscription or a `message` handler wants them: a server that has kept the Session
   * sends what it has at once. More push out the oldest, which an `error` event tells. Default 1000.
   */
  readonly unclaimedMessagesMax?: number | undefined;
  /**
   * Refusals that may pass: a subscription that was granted before, and that the server refuses by one of these Reason Codes
   * when it is made anew, is asked for again within 5 s, then ever later up to 60 s. Any other ends it. Default 0x80
   * (the only one of MQTT 3.1.1), 0x83 and 0x97.
   */
  readonly resubscribeReasonCodes?: readonly number[] | undefined;
  /** Ends the client when aborted: the connection, all that waits, and further attempts. */
  readonly signal?: AbortSignal | undefined;
  /** Takes log records: connections, their ends, errors, and at level `trace` each packet. Default: none. */
  readonly logger?: Logger | undefined;
  /** Options of TLS. */
  readonly tls?: TlsOptions | undefined;
  /** Options of WebSocket. */
  readonly webSocket?: WebSocketOptions | undefined;
  /** Opens connections in place of the built-in transports. */
  readonly transport?: TransportFactory | undefined;
}

/** Options of a publish. Those marked MQTT 5.0 are refused on 3.1 and 3.1.1. */
export interface PublishOptions {
  /** Default 0. */
  readonly qos?: QoS | undefined;
  /** Whether the server keeps the message for those who subscribe later. Default false. */
  readonly retain?: boolean | undefined;
  /** MQTT 5.0: life of the message. Default: no end. */
  readonly messageExpiryIntervalSeconds?: number | undefined;
  /** MQTT 5.0. */
  readonly contentType?: string | undefined;
  /** MQTT 5.0: where an answer is expected. */
  readonly responseTopic?: string | undefined;
  /** MQTT 5.0: what the answer is to repeat. */
  readonly correlationData?: Uint8Array | undefined;
  /** MQTT 5.0: 1 says that the payload is UTF-8 text. */
  readonly payloadFormatIndicator?: 0 | 1 | undefined;
  /** MQTT 5.0. */
  readonly userProperties?: UserProperties | undefined;
  /**
   * MQTT 5.0: sets this Topic Alias; with an empty topic, the topic that it was set to last, on this connection or an earlier
   * one. From then on the client uses none of its own on this connection.
   */
  readonly topicAlias?: number | undefined;
  /** Gives up waiting. A message that was sent already may still arrive. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a request that another client answers: those of the message that asks, but for its Correlation Data. */
export interface AskOptions extends Omit<PublishOptions, "correlationData"> {
  /** Default 1. */
  readonly qos?: QoS | undefined;
  /**
   * Where the answer is to come; the client subscribes to it. Default: the Response Information of the server, or else
   * `response`, and behind it `/` and the Client Identifier.
   */
  readonly responseTopic?: string | undefined;
  /** Time for the answer to come. Default 10 000. */
  readonly timeoutMs?: number | undefined;
}

/** A message to publish, with its options. */
export interface PublishMessage extends PublishOptions {
  /** Topic Name; no wildcards. */
  readonly topic: string;
  /** Text is sent as UTF-8. Default: empty. */
  readonly payload?: string | Uint8Array | undefined;
}

/** What became of a publish. */
export interface PublishResult {
  /** Below 0x80; 0x10 says that nobody subscribes (MQTT 5.0). 0 at QoS 0. */
  readonly reasonCode: number;
  readonly reasonString?: string;
  readonly userProperties?: UserProperties;
  /** Absent at QoS 0. */
  readonly packetIdentifier?: number;
}

/** What happens to messages that come faster than a `for await` loop takes them. */
export type OverflowPolicy = "dropOldest" | "dropNewest" | "fail";

/** A Topic Filter with options of its own. Those marked MQTT 5.0 are refused on 3.1 and 3.1.1. */
export interface TopicFilterOptions {
  /** May have wildcards, and begin with `$share/`. */
  readonly topicFilter: string;
  /** Highest QoS to be delivered with. Default 0. */
  readonly qos?: QoS | undefined;
  /** MQTT 5.0: not the messages that this client publishes. Default false. */
  readonly noLocal?: boolean | undefined;
  /** MQTT 5.0: keep the RETAIN flag as it was published. Default false. */
  readonly retainAsPublished?: boolean | undefined;
  /** MQTT 5.0: 0 send retained messages, 1 only for a new subscription, 2 never. Default 0. */
  readonly retainHandling?: 0 | 1 | 2 | undefined;
}

/** What `subscribe` takes: Topic Filters, each alone or with options of its own; absent ones are those of the call. */
export type TopicFilters = string | TopicFilterOptions | readonly (string | TopicFilterOptions)[];

/** Options of a subscription. Those marked MQTT 5.0 are refused on 3.1 and 3.1.1. */
export interface SubscribeOptions {
  /**
   * Highest QoS to be delivered with. Default 0, as everywhere in the MQTT world: what is published at QoS 1 or 2
   * arrives as QoS 0 unless more is asked for here.
   */
  readonly qos?: QoS | undefined;
  /** MQTT 5.0: not the messages that this client publishes. Default false. */
  readonly noLocal?: boolean | undefined;
  /** MQTT 5.0: keep the RETAIN flag as it was published. Default false. */
  readonly retainAsPublished?: boolean | undefined;
  /** MQTT 5.0: 0 send retained messages, 1 only for a new subscription, 2 never. Default 0. */
  readonly retainHandling?: 0 | 1 | 2 | undefined;
  /** MQTT 5.0: comes back with each message of this subscription; from 1 to 268 435 455. */
  readonly subscriptionIdentifier?: number | undefined;
  /** MQTT 5.0: User Properties of SUBSCRIBE. */
  readonly userProperties?: UserProperties | undefined;
  /** Messages that wait for a `for await` loop. Default 1000. */
  readonly bufferMessagesMax?: number | undefined;
  /** What happens when they are more. Default `dropOldest`. */
  readonly overflow?: OverflowPolicy | undefined;
  /** Ends the subscription when aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a request that has no others. */
export interface RequestOptions {
  /** Gives up waiting. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of an unsubscribe. */
export interface UnsubscribeOptions {
  /** MQTT 5.0: User Properties of UNSUBSCRIBE. */
  readonly userProperties?: UserProperties | undefined;
  /** Gives up waiting. */
  readonly signal?: AbortSignal | undefined;
}

/** What became of an unsubscribe. */
export interface UnsubscribeResult {
  /**
   * One per filter, in their order: 0, or 0x11 when there was no such subscription. Before MQTT 5.0 all are 0, for UNSUBACK says
   * no more there. Empty where the server was not asked, as for a filter that another subscription still needs.
   */
  readonly reasonCodes: readonly number[];
  readonly reasonString?: string;
  readonly userProperties?: UserProperties;
}

/** Options of a disconnect. All are MQTT 5.0, and refused on 3.1 and 3.1.1. */
export interface DisconnectOptions {
  /** Default 0; 4 has the server publish the Will. */
  readonly reasonCode?: number | undefined;
  readonly reasonString?: string | undefined;
  /** Changes how long the server keeps the Session. */
  readonly sessionExpiryIntervalSeconds?: number | undefined;
  readonly userProperties?: UserProperties | undefined;
}
