import type { Traffic } from "../core/connection/traffic.ts";
import type { ServerCore } from "../core/server-core.ts";
import type { TimeCounts, TimeHistogram } from "./time-histogram.ts";

/** What is added up, over all connections and sessions, when it is asked for. A snapshot. */
export interface ServerTraffic {
  /** By listener and version of the protocol, since the server was made. */
  readonly listeners: readonly Readonly<Traffic>[];
  /** Messages that were sent and are not acknowledged yet, of all sessions. */
  readonly inFlightMessages: number;
  /** Bytes that are in memory of them; what a store has is not counted. */
  readonly inFlightBytes: number;
  /**
   * How long messages took from the read that brought them to the write that gave them to a receiver: of some, at most a hundred in
   * a second. Those that waited for a handler or in a queue are not among them.
   */
  readonly deliveryTimes: TimeHistogram;
}

export function trafficOf(
  { traffic, connections, sessions, inFlight }: ServerCore,
  times: TimeCounts,
): ServerTraffic {
  let inFlightMessages = 0;
  for (const session of sessions) inFlightMessages += session.inFlight;
  return {
    listeners: traffic.of(connections),
    inFlightMessages,
    inFlightBytes: inFlight.bytes,
    deliveryTimes: times.snapshot(),
  };
}
