import { accessOfSender } from "../access/clients.ts";
import type { PublishingContext } from "./publishing-context.ts";
import type { ApplicationMessage } from "../message/application-message.ts";
import type { SessionItems } from "../hooks/client-context.ts";
import type { Published } from "../message/published.ts";
import type { Task } from "../pending.ts";
import type { Origin } from "./origin.ts";
import { publishStored } from "./publishing.ts";

/** Who publishes through `inject`. */
export interface InjectionSender {
  readonly clientId?: string;
  readonly userName?: string;
  readonly sessionItems?: SessionItems;
  /** True: a `$SYS` message of the server itself, see `Origin`. */
  readonly isHidden?: boolean;
  /** True: the message is refused if a client with that identifier and user name may not publish it. */
  readonly isJudged?: boolean;
}

/** A message that the server or the program publishes: who it is from, and what there is to do. */
export function injectionOf(
  core: PublishingContext,
  message: ApplicationMessage,
  sender: InjectionSender,
): { readonly origin: Origin; readonly task: Task<Published> } {
  const origin = {
    ...sender,
    clientId: sender.clientId ?? "",
    sessionItems: sender.sessionItems ?? new Map(),
  };
  const access = sender.isJudged === true ? accessOfSender(core, origin) : undefined;
  return { origin, task: publishStored(core, message, origin, access) };
}
