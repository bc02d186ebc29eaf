import { decodeVarint, PeerError } from "@anax/protocol";
import type { Connection } from "./connection.ts";

/** Where a packet lies in bytes, as the framer tells it. */
export interface PacketPlace {
  readonly bytes: Uint8Array;
  readonly firstByte: number;
  readonly start: number;
  readonly bodyStart: number;
  readonly end: number;
}

/**
 * The whole packet at `start` among what has come of the connection and was not read, if it is well framed; undefined if there is
 * none. The framer's memory must be its own (`release`).
 */
export function unreadPacketAt({ framer }: Connection, start: number): PacketPlace | undefined {
  const { bytes, limit } = framer;
  const header = headerAt(bytes, start + 1, limit);
  if (header === 0) return undefined;
  const bodyStart = start + 1 + (header & 7);
  const end = bodyStart + (header >>> 3);
  if (end > limit || end - start > framer.maximumPacketSize) return undefined;
  return { bytes, firstByte: bytes[start] ?? 0, start, bodyStart, end };
}

/** What is wrong is said when it is read. */
function headerAt(bytes: Uint8Array, at: number, limit: number): number {
  try {
    return decodeVarint(bytes, at, limit);
  } catch (error) {
    if (error instanceof PeerError) return 0;
    throw error;
  }
}
