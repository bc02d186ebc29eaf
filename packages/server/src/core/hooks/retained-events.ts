import type { ApplicationMessage } from "../message/application-message.ts";

/** `loadingRetainedMessage`: at start; the handler gives the messages that were kept elsewhere. */
export interface LoadingRetainedMessage {
  /**
   * The messages. One that cannot be is left out, logged with its topic and field, and counted in `handlerFailures`; the
   * rest is loaded. An empty payload is no retained message and is not loaded [MQTT-3.3.1-7].
   */
  loadedRetainedMessages: ApplicationMessage[];
  /** True: a Message Expiry Interval of 0 means that there is none, as .NET writes what is not there. Default false. */
  isZeroExpiryNone: boolean;
  /** What a handler has failed with: the start rejects with it. */
  readonly failure?: Error;
}

/** `retainedMessageChanged`: one topic's retained message was set, replaced or removed. */
export interface RetainedMessageChanged {
  /** Client Identifier of the publisher; empty if the server did it. */
  readonly clientId: string;
  readonly topic: string;
  /** The message now stored; undefined if it was removed. */
  readonly changedRetainedMessage: ApplicationMessage | undefined;
  /**
   * False if the message is the same as the one that it replaced, in payload, QoS, properties and the time when it expires: whoever
   * keeps retained messages elsewhere has nothing to write.
   */
  readonly isChanged: boolean;
}
