import type { DeliveringContext } from "./delivering-context.ts";
import { queuedLimitsOf } from "../rates/kept-limits.ts";
import type { Session } from "../sessions/session.ts";

/** What waits for a session counts for its client, user, address and listener of now, as far as those have limits. */
export function shareQueue(core: DeliveringContext, session: Session): void {
  const { rates } = core;
  if (rates === undefined) return;
  leaveShares(core, session);
  const { clientId, userName, connection } = session;
  const limits = queuedLimitsOf(rates.limits, { clientId, userName, peer: connection?.peer });
  session.queueShares = rates.queues.join(limits, session.queue);
}

/** It counts for nobody any more. */
export function leaveShares({ rates }: DeliveringContext, session: Session): void {
  if (session.queueShares === undefined) return;
  rates?.queues.leave(session.queueShares, session.queue);
  session.queueShares = undefined;
}
