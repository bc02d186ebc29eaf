import type { ApplicationMessage } from "../publishing/application-message.ts";

/** `loadingRetainedMessage`: at start; the handler gives the messages that were kept elsewhere. */
export interface LoadingRetainedMessage {
  loadedRetainedMessages: ApplicationMessage[];
}

/** `retainedMessageChanged`: one topic's retained message was set, replaced or removed. */
export interface RetainedMessageChanged {
  /** Client Identifier of the publisher; empty if the server did it. */
  readonly clientId: string;
  readonly topic: string;
  /** The message now stored; undefined if it was removed. */
  readonly changedRetainedMessage: ApplicationMessage | undefined;
}
