import { decodePacket, PeerError } from "@anax/protocol";
import type { DisconnectPacket } from "@anax/protocol";
import type { ConnectionContext } from "./connection-context.ts";
import type { Connection } from "./connection.ts";
import { unreadPacketAt } from "./unread-packets.ts";
import type { PacketPlace } from "./unread-packets.ts";

const DISCONNECT = 0xe0;

/**
 * A DISCONNECT that has come and waits behind other packets, which are not read any more; undefined if there is none. It counts
 * though they do not: a client that has sent it wants its Will discarded [MQTT-3.14.4-3].
 */
export function unreadDisconnect(
  core: ConnectionContext,
  connection: Connection,
): DisconnectPacket | undefined {
  const { framer } = connection;
  if (framer.pending === 0) return undefined;
  framer.release();
  let place = unreadPacketAt(connection, framer.position);
  while (place !== undefined && place.firstByte !== DISCONNECT)
    place = unreadPacketAt(connection, place.end);
  return place && decoded(core, connection, place);
}

function decoded(
  core: ConnectionContext,
  { version }: Connection,
  { firstByte, bytes, bodyStart, end }: PacketPlace,
): DisconnectPacket | undefined {
  const limits = { ...core.decodeLimits, leavesOutExcess: true };
  try {
    const packet = decodePacket(firstByte, bytes, bodyStart, end, version, limits);
    return packet.type === "disconnect" ? packet : undefined;
  } catch (error) {
    // One that is malformed was never sent.
    if (error instanceof PeerError) return undefined;
    throw error;
  }
}
