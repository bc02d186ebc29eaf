import type { ApplicationMessage } from "./application-message.ts";
import type { CoreContext } from "../core-context.ts";
import type { InterceptingClientEnqueue } from "../hooks/publish-events.ts";
import { shownMessageOf, messageFromApplication } from "./message.ts";
import type { Message } from "./message.ts";
import type { Session } from "../sessions/session.ts";

/** What the handlers of `interceptingClientEnqueue` are given, and the message that they were shown. */
export interface AskedReceiver {
  readonly args: InterceptingClientEnqueue;
  readonly shown: ApplicationMessage;
}

/** Makes what the handlers are given for one receiver. */
export function enqueueing(
  message: Message,
  senderClientId: string,
  receiver: Session,
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
  core: CoreContext,
  message: Message,
  { args, shown }: AskedReceiver,
): Message | undefined {
  const { acceptEnqueue, applicationMessage } = args;
  if (!acceptEnqueue) return undefined;
  if (applicationMessage === shown) return message;
  return messageFromApplication(applicationMessage, message.clientId, core.now);
}
