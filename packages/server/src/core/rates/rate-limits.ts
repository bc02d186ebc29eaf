/** How much may go through in a second, on average; what is left out has no limit. */
export interface Rate {
  /** PUBLISH packets that are taken. */
  readonly messagesPerSecond?: number;
  /** Bytes that are read. */
  readonly bytesPerSecond?: number;
  /** PUBLISH packets that are sent. */
  readonly outgoingMessagesPerSecond?: number;
  /** Bytes that are written. */
  readonly outgoingBytesPerSecond?: number;
}

/** How much may be kept in the server; what is left out has no limit of this kind. */
export interface KeptLimits {
  /** Retained messages. What is beyond is delivered and not retained, as when the server is full of them. */
  readonly retainedMessages?: number;
  /** Their bytes. */
  readonly retainedBytes?: number;
  /**
   * Messages in the queues of sessions, of clients that are away too. Beyond, a queue counts as full: `queueOverflow`. One message of each
   * session always may wait.
   */
  readonly queuedMessages?: number;
  /** Their bytes. */
  readonly queuedBytes?: number;
}

/** Limits of one client. */
export interface ClientRate extends Rate, KeptLimits {}

/** The same of several clients together. */
export interface SharedRate extends Rate, KeptLimits {
  /** Clients that may be connected at a time; more are refused with 0x97. */
  readonly connections?: number;
  /** Subscriptions of those that are connected; more are refused with 0x97. */
  readonly subscriptions?: number;
  /** Clients that are let in in a second; more are refused with 0x9F Connection rate exceeded. */
  readonly connectsPerSecond?: number;
}

/** What happens to a client that publishes too fast. */
export type WhenTooFast = "slower" | "refuse" | "disconnect";

/** How much clients may send, get and leave in the server. Each limit that a client falls under holds. */
export interface RateLimits {
  /** Of each client. */
  readonly perClient?: ClientRate;
  /** Of all clients of one user together; clients without a user name are not counted. */
  readonly perUser?: SharedRate;
  /** The same of single users, by their names, in place of `perUser`: a bridge may need more than others. */
  readonly users?: Readonly<Record<string, SharedRate>>;
  /** Of all clients of one address together; of IPv6 the first 64 bits are one. */
  readonly perAddress?: SharedRate;
  /** Of all clients of one listener together, by its name as rules have it: `"tcp:1883"`, `"ws:8083"`, `"unix"`. */
  readonly perListener?: Readonly<Record<string, SharedRate>>;
  /** Seconds for which tokens are saved up: after silence so many times the rate may come at once. Default 2. */
  readonly burstSeconds?: number;
  /**
   * What happens to a client that sends too fast. "slower", the default: it is read no further until it is within its rate again, and
   * nothing is lost. "refuse": its PUBLISH packets are refused with 0x97 until then; those of QoS 0 are dropped, and before
   * MQTT 5.0 a refused message ends the connection. "disconnect": 0x96 Message rate too high. What a client gets is
   * always slowed down.
   */
  readonly whenTooFast?: WhenTooFast;
}
