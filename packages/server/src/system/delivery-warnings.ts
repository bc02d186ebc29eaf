import type { DeliveryNotices } from "../core/owed/delivery-notices.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/logger.ts";
import { CountedWarning } from "./counted-warning.ts";

/** Warns of messages that a client cannot take, and of clients that take none any more; undefined if nobody reads that. */
export function deliveryWarnings(log: Log, clock: Clock): DeliveryNotices | undefined {
  const { warn } = log;
  if (warn === undefined) return undefined;
  const tooLarge = new CountedWarning(
    "a message was dropped: it is larger than the client's Maximum Packet Size",
    log,
    clock,
  );
  const dropped = {
    queue: new CountedWarning("a message was dropped: the queue of a client is full", log, clock),
    backlog: new CountedWarning(
      "a message of QoS 0 was dropped: a client reads too slowly",
      log,
      clock,
    ),
    total: new CountedWarning(
      "messages of QoS 0 were dropped: too much waits for clients that read too slowly",
      log,
      clock,
    ),
    away: undefined,
  };
  const slow = new CountedWarning(
    "a client takes messages too slowly: publishers wait for it no longer, and its queue overflows",
    log,
    clock,
  );
  const denied = new CountedWarning("a client may not do what it wanted to", log, clock);
  const untold = new CountedWarning(
    "a PUBLISH was dropped, and its client cannot be told",
    log,
    clock,
  );
  return {
    denied: (access) => denied.add({ ...access }),
    slow: (clientId, messages) => slow.add({ clientId, messagesWaiting: messages }),
    dropped: (clientId, reason, count) => dropped[reason]?.add({ clientId }, count),
    tooLarge: (message) => tooLarge.add({ ...message }),
    droppedPublish: (publish) => untold.add({ ...publish }),
    stalled: (window) =>
      warn("a client has acknowledged nothing for a minute, and more waits for it", { ...window }),
  };
}
