import type { CoreContext } from "../core-context.ts";
import type { Connection } from "./connection.ts";

/** Counts packets that have come. */
export function countPackets(core: CoreContext, connection: Connection, packets: number): void {
  connection.counters.packetsReceived += packets;
  core.statistics.packetsReceived += packets;
}

/** Counts PUBLISH packets that have come, of so many bytes together; as packets they are counted beside. */
export function countPublishesReceived(
  core: CoreContext,
  connection: Connection,
  publishes: number,
  bytes: number,
): void {
  connection.counters.publishesReceived += publishes;
  core.statistics.publishesReceived += publishes;
  core.statistics.publishBytesReceived += bytes;
}
