import type { DeliveringContext } from "./delivering-context.ts";
import type { DropReason } from "../owed/delivery-notices.ts";
import { traceSession } from "../tracing/telling.ts";

/** Which counter a reason has. */
const COUNTERS = {
  queue: "messagesDroppedQueue",
  backlog: "messagesDroppedBacklog",
  total: "messagesDroppedTotal",
  away: "messagesDroppedAway",
} as const;

/** Counts messages that a client does not get, and has it told that they were dropped. `topic`: of one, where it is known. */
export function noteDropped(
  core: DeliveringContext,
  clientId: string,
  reason: DropReason,
  { count = 1, topic }: { readonly count?: number; readonly topic?: string | undefined } = {},
): void {
  core.statistics.messagesDropped += count;
  core.statistics[COUNTERS[reason]] += count;
  // A client that is away misses messages of QoS 0: that is no news.
  if (core.tracing.isOn) {
    const session = core.sessions.get(clientId) ?? { clientId };
    traceSession(core, session, { type: "dropped", topic, reason, count });
  }
  if (reason !== "away") core.notices?.dropped(clientId, reason, count);
}

/** Bytes of memory that output, backlogs and queues hold: what several share counts once. */
export function heldBytes({ pool, waiting }: DeliveringContext): number {
  return pool.heldBytes + waiting.messages.liveBytes;
}
