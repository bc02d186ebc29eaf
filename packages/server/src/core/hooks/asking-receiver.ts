import type { ApplicationMessage } from "../message/application-message.ts";
import type { HooksContext } from "./hooks-context.ts";
import type { InterceptingClientEnqueue } from "./publish-events.ts";
import { shownMessageOf, messageFromApplication } from "../message/message.ts";
import type { Message } from "../message/message.ts";

/** What the handlers of `interceptingClientEnqueue` are given, and the message that they were shown. */
export interface AskedReceiver {
  readonly args: InterceptingClientEnqueue;
  readonly shown: ApplicationMessage;
}

/** Makes what the handlers are given for one receiver. */
export function enqueueing(
  message: Message,
  senderClientId: string,
  receiver: { readonly clientId: string },
): AskedReceiver {
  const shown = shownMessageOf(message);
  const args = {
    senderClientId,
    receiverClientId: receiver.clientId,
    applicationMessage: shown,
    acceptEnqueue: true,
    closeSenderConnection: false,
  };
  return { args, shown };
}

/** The message as the receiver is to get it when the handlers are done; undefined if they vetoed it. */
export function messageFor(
  core: HooksContext,
  message: Message,
  { args, shown }: AskedReceiver,
): Message | undefined {
  const { acceptEnqueue, applicationMessage } = args;
  if (!acceptEnqueue) return undefined;
  if (applicationMessage === shown) return message;
  return messageFromApplication(applicationMessage, message.clientId, core.now);
}
