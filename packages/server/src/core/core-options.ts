import type { QoS } from "@anax/protocol";

/** What a full queue does with one more message. */
export type QueueOverflow = "dropOldest" | "dropNewest";

/** What becomes of a message for which a connected receiver has no room in time. */
export type WhenFull = "overflow" | "refuse";

/** Limits and choices of the protocol side of a server. Each is finite by default. */
export interface CoreOptions {
  /** Milliseconds from the opening of a connection within which CONNECT must have come. */
  readonly connectTimeoutMs: number;
  /** Bytes of the largest packet taken from a client; told to MQTT 5.0 clients. */
  readonly maximumPacketSize: number;
  /** The same until a client is let in: an unknown peer must not make the server buffer much. */
  readonly connectSizeMax: number;
  /** Bytes of unfinished packets, and WebSocket frames, of all clients that are not let in yet, together; beyond, those that connected first are closed. */
  readonly unfinishedConnectBytesMax: number;
  /** QoS 1 and 2 messages that an MQTT 5.0 client may have open at a time. */
  readonly receiveMaximum: number;
  /**
   * QoS 1 and 2 messages on their way at a time to a client that states no Receive Maximum: every client of 3.1 and 3.1.1, and
   * those of 5.0 that leave it out. `inFlightMax` holds for them too.
   */
  readonly inFlightDefault: number;
  /** The same to any client; a client's own Receive Maximum may be lower [MQTT-3.3.4-9]. */
  readonly inFlightMax: number;
  /**
   * Bytes of messages in flight to one session that are kept in memory, for sessions that last and for shared subscriptions; beyond,
   * messages wait in the queue. One message of any size may be on its way.
   */
  readonly inFlightBytesMax: number;
  /** The same of all sessions together; beyond, each session has at most 64 KB in flight. */
  readonly inFlightBytesTotalMax: number;
  /** Messages that wait for one session, in flight not counted. */
  readonly queueMessagesMax: number;
  /** Bytes that wait for one session. An empty queue takes one message of any size. */
  readonly queueBytesMax: number;
  /** Which message a full queue gives up, and a full backlog of QoS 0 messages: its oldest, or the one that comes. */
  readonly queueOverflow: QueueOverflow;
  /**
   * Milliseconds that a QoS 1 or 2 message waits at most, and its publisher's acknowledgement with it, while the queue of a
   * connected receiver that reads is full. One that becomes full later has `holdBackMs` of its own, up to twice `roomWaitMs` in
   * all. 0: it never waits.
   */
  readonly roomWaitMs: number;
  /**
   * Milliseconds for which one receiver may keep publishers waiting so in any ten seconds, the time not counted in which it turns
   * its queue over once a second. Then its queue overflows until it is half empty.
   */
  readonly holdBackMs: number;
  /** Messages that may wait so at a time; beyond, queues overflow. */
  readonly roomWaitMessagesMax: number;
  /** Bytes of them. */
  readonly roomWaitBytesMax: number;
  /**
   * What happens when that time is over: "overflow", the receiver's queue gives up a message, as `queueOverflow` says;
   * "refuse", no receiver gets the message, and its publisher is told so with 0x97, or before MQTT 5.0 by the end of its connection.
   */
  readonly whenFull: WhenFull;
  /** True: with a store, Wills of sessions that end with their connection survive the server too, at a commit for each CONNECT that has one. */
  readonly storeWills: boolean;
  /** True: QoS 0 messages too are queued for a session whose client is away. */
  readonly queueQos0: boolean;
  /**
   * Bytes of QoS 0 messages that wait for a connected client that reads too slowly; beyond, they are dropped as `queueOverflow`
   * says. An empty backlog takes one message of any size.
   */
  readonly backlogBytesMax: number;
  /**
   * How many of them may wait. Default: `queueMessagesMax` where a program sets that, else a number that bytes reach
   * first.
   */
  readonly backlogMessagesMax: number;
  /**
   * Bytes of memory that the output of all connections, what waits for clients that read too slowly, and queues may hold together; a message
   * that several are to get counts once, and what a store keeps does not. Beyond, messages that wait are dropped, of those first that have taken
   * nothing for longest: of QoS 0, then of queues. Default: an eighth of the memory that the process may use.
   */
  readonly backlogTotalBytesMax: number;
  /** Bytes of records that may wait for the store; beyond, clients that have more stored are read no further. */
  readonly unstoredBytesMax: number;
  /** Levels of a Topic Name or Topic Filter. */
  readonly topicLevelsMax: number;
  /** Subscriptions of one session. All their filters together have at most 20 times as many levels, or 65 536. */
  readonly subscriptionsPerSessionMax: number;
  /** User Properties in one packet. */
  readonly userPropertiesMax: number;
  /** Bytes of all User Properties in one packet. */
  readonly userPropertyBytesMax: number;
  readonly sessionsMax: number;
  readonly retainedMessagesMax: number;
  readonly retainedBytesMax: number;
  /** Of these two, the part in percent that one user may have, or one address of clients without a user. */
  readonly retainedSharePercent: number;
  /** Seconds; a client that asks for more is granted this. 4294967295 means that sessions may live for ever. */
  readonly sessionExpiryMaxSeconds: number;
  /** The same for clients that nobody has authenticated, where that is less. */
  readonly anonymousSessionExpiryMaxSeconds: number;
  /** Topic Aliases that a client may use towards the server. */
  readonly topicAliasMaximum: number;
  /**
   * Topic Aliases that the server uses at most towards one client, which must have offered them, and only for topics that
   * come again and are longer than what an alias costs. 0: none.
   */
  readonly outgoingTopicAliasMaximum: number;
  /** Highest QoS for PUBLISH of clients. */
  readonly maximumQos: QoS;
  readonly retainAvailable: boolean;
  readonly wildcardSubscriptionAvailable: boolean;
  readonly subscriptionIdentifiersAvailable: boolean;
  readonly sharedSubscriptionAvailable: boolean;
  /** Longest Keep Alive in seconds; 0 sets none. A client that asks for none or for more is told this one (MQTT 5.0). */
  readonly keepAliveMaxSeconds: number;
  /** Whether clients may connect with an empty Client Identifier. */
  readonly assignClientIds: boolean;
  /** Users who may use each other's sessions, or "all"; a session of any other belongs to that user alone. */
  readonly sessionSharingUsers: readonly string[] | "all";
  readonly clientIdBytesMax: number;
  /** Whether clients may publish to topics that begin with `$`, which are the server's own [U-4.7.2-1]. */
  readonly dollarTopicsFromClients: boolean;
  /** True: a payload that says it is UTF-8 is checked, and refused with 0x99 if it is not. */
  readonly checkPayloadFormat: boolean;
}

/** The defaults, each with its reason. */
export const CORE_DEFAULTS: CoreOptions = {
  connectTimeoutMs: 15_000, // a link with seconds each way comes through; slower is an attack or dead
  maximumPacketSize: 2_097_152, // firmware and pictures in one message, as newer servers take; little enough to buffer
  connectSizeMax: 2_097_152, // a Will may have 65 535 bytes, and so may each text beside it
  unfinishedConnectBytesMax: 33_554_432, // thousands of honest ones, which are hardly ever cut in two
  receiveMaximum: 65_535, // as many as there are identifiers, at a few bytes each; MQTT.js ignores a lower one
  inFlightDefault: 20, // small devices have room for no more, and cannot say so; mosquitto's number
  inFlightMax: 1_000, // fills a fast link
  inFlightBytesMax: 10_485_760, // some large messages, or the whole window of 10 KB ones
  inFlightBytesTotalMax: 268_435_456, // a part of a common machine's memory
  queueMessagesMax: 1_000, // what MQTTnet and mosquitto keep
  queueBytesMax: 1_048_576, // 1000 messages of 1 KB
  queueOverflow: "dropOldest", // the newest state of a device is worth most
  roomWaitMs: 5_000, // clients wait ten seconds and more for an acknowledgement
  holdBackMs: 1_000, // one slow client with a wide filter must not stop all publishers
  roomWaitMessagesMax: 100_000, // one of each client that a common machine carries
  roomWaitBytesMax: 67_108_864, // a part of a common machine's memory
  whenFull: "overflow", // who is slow pays, not who publishes
  storeWills: true, // else a crash of the server leaves all devices "online"
  queueQos0: false, // the specification leaves it open; QoS 0 promises nothing
  backlogBytesMax: 4_194_304, // a burst above the kernel's own buffers
  backlogMessagesMax: 1_000_000, // or queueMessagesMax, if that is set; bytes are what costs memory
  backlogTotalBytesMax: 268_435_456, // or an eighth of the memory that the process may use, if that is known
  unstoredBytesMax: 16_777_216, // a tenth of a second of a fast disk; the commit under way has as much again
  topicLevelsMax: 65_536, // as many as a topic has room for; the specification names no other limit
  subscriptionsPerSessionMax: 10_000, // gateways subscribe to thousands of topics
  userPropertiesMax: 64, // each costs time and memory at every receiver
  userPropertyBytesMax: 8_192, // the same
  sessionsMax: 1_000_000, // about 1 KB each
  retainedMessagesMax: 2_000_000, // large installations keep about a million
  retainedBytesMax: 1_073_741_824, // an eighth of a common machine's memory
  retainedSharePercent: 50, // one publisher must not take all the room, and a bridge needs much
  sessionExpiryMaxSeconds: 0xffffffff, // sessionsMax bounds them instead
  anonymousSessionExpiryMaxSeconds: 604_800, // a week: what strangers leave behind must go some day
  topicAliasMaximum: 100, // a table of topics, as strings and bytes, for each connection
  outgoingTopicAliasMaximum: 0, // some clients offer aliases and cannot read them
  maximumQos: 2,
  retainAvailable: true,
  wildcardSubscriptionAvailable: true,
  subscriptionIdentifiersAvailable: true,
  sharedSubscriptionAvailable: true,
  keepAliveMaxSeconds: 0, // clients choose
  assignClientIds: true,
  sessionSharingUsers: [], // who knows a Client Identifier must not get what waits for it
  clientIdBytesMax: 1_024, // identifiers are keys of every table
  dollarTopicsFromClients: false, // else one client could pose as the server's own $SYS
  checkPayloadFormat: false, // costs a pass over each payload; the specification leaves it open
};
