import { qosIn, topicEndOf } from "../message/publish-layout.ts";
import { decodeVarint } from "@anax/protocol";
import type { ConnectionContext } from "./connection-context.ts";
import type { Connection } from "./connection.ts";

/** Counts packets that have come. */
export function countPackets(
  core: ConnectionContext,
  connection: Connection,
  packets: number,
): void {
  connection.counters.packetsReceived += packets;
  core.statistics.packetsReceived += packets;
}

/** Counts PUBLISH packets that have come, with payloads of so many bytes together; as packets they are counted beside. */
export function countPublishesReceived(
  core: ConnectionContext,
  connection: Connection,
  publishes: number,
  payloadBytes: number,
  qos: number,
): void {
  connection.counters.publishesReceived += publishes;
  core.statistics.publishesReceived += publishes;
  core.statistics.publishBytesReceived += payloadBytes;
  if (qos === 1 || qos === 2) core.statistics.countReceived(qos, publishes, payloadBytes);
}

/** Counts the PUBLISH that the framer has found; one that is not well formed has no payload. */
export function countPublishFound(core: ConnectionContext, connection: Connection): void {
  const { firstByte, bytes, bodyStart, end } = connection.framer;
  const topicEnd = topicEndOf(bytes, bodyStart);
  let payloadStart = topicEnd + (qosIn(firstByte) === 0 ? 0 : 2);
  if (connection.version === 5) {
    // How long it is stands in the lowest three bits, and its value above.
    const propertyLength = decodeVarint(bytes, payloadStart, end);
    payloadStart =
      propertyLength === 0 ? end : payloadStart + (propertyLength & 7) + (propertyLength >>> 3);
  }
  const qos = (firstByte >> 1) & 0b11;
  countPublishesReceived(core, connection, 1, Math.max(0, end - payloadStart), qos);
}
