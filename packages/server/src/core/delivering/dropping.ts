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

/**
 * Makes room for so many bytes in the total of all output. Oldest parts of backlogs go first, which are those of the clients
 * that have read nothing for longest: what is shared is free only when its slowest reader has let go of it. False if
 * there is no room.
 */
export function hasRoomInTotal(core: DeliveringContext, bytes: number): boolean {
  const { pool, options, backlogParts } = core;
  const bytesMax = options.backlogTotalBytesMax - bytes;
  while (pool.heldBytes > bytesMax) {
    const [oldest] = backlogParts;
    if (oldest === undefined) return false;
    const { backlog } = oldest;
    const part = backlog.shift();
    noteDropped(core, backlog.clientId, "total", { count: part?.packetCount ?? 0 });
    part?.clear();
  }
  return true;
}
