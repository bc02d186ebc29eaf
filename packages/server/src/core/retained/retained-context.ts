import type { RetainedMessages } from "./retained-messages.ts";
import type { ConnectionContext } from "../connection/connection-context.ts";

/** As `ConnectionContext`, with retained messages. */
export interface RetainedContext extends ConnectionContext {
  readonly retained: RetainedMessages;
  /** Steps over retained messages that this turn still allows. */
  retainedStepsLeft: number;
}
