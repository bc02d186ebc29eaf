import type { ProtocolVersion } from "@anax/protocol";
import type { Connection } from "../connection/connection.ts";
import type { SubscribingContext } from "../subscribing/subscribing-context.ts";
import type { SessionItems } from "../hooks/client-context.ts";
import type { Peer } from "../wire.ts";

/** A connected client, as it was at the moment of asking. Counters are the server's: received is what the client sent. */
export interface ClientStatus {
  readonly clientId: string;
  readonly userName?: string;
  readonly protocolVersion: ProtocolVersion;
  /** Addresses at both ends, transport, and what TLS knows of the client. */
  readonly peer: Peer;
  /** Milliseconds since 1970 by the wall clock as it is set now, as all times here. */
  readonly connectedAtMs: number;
  readonly lastPacketReceivedAtMs: number;
  /** The same, without PINGREQ. */
  readonly lastNonKeepAlivePacketReceivedAtMs: number;
  readonly lastPacketSentAtMs: number;
  readonly keepAliveSeconds: number;
  readonly sessionExpiryIntervalSeconds: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly packetsReceived: number;
  readonly packetsSent: number;
  /** PUBLISH packets. */
  readonly messagesReceived: number;
  readonly messagesSent: number;
  /** Bytes put out that the client has not read yet, as far as the server still has them. */
  readonly bytesWaiting: number;
  /** The session's items themselves, no copy. */
  readonly sessionItems: SessionItems;
}

/** The connection of a client that was let in; undefined if it is not connected. */
export function connectedClient(
  core: SubscribingContext,
  clientId: string,
): Connection | undefined {
  const connection = core.sessions.get(clientId)?.connection;
  return connection?.isAnnounced === true ? connection : undefined;
}

/** What there is to say of a connected client. */
export function clientStatus(core: SubscribingContext, connection: Connection): ClientStatus {
  const { counters, context, agreement, session } = connection;
  return {
    ...context,
    connectedAtMs: core.toWallMs(connection.connectedAtMs),
    lastPacketReceivedAtMs: core.toWallMs(connection.lastReceivedAtMs),
    lastNonKeepAlivePacketReceivedAtMs: core.toWallMs(connection.lastNonKeepAliveReceivedAtMs),
    lastPacketSentAtMs: core.toWallMs(connection.lastSentAtMs),
    keepAliveSeconds: agreement.keepAliveSeconds,
    sessionExpiryIntervalSeconds: session?.expiryIntervalSeconds ?? 0,
    bytesReceived: counters.bytesReceived,
    bytesSent: counters.bytesSent,
    packetsReceived: counters.packetsReceived,
    packetsSent: counters.packetsSent,
    messagesReceived: counters.publishesReceived,
    messagesSent: counters.publishesSent,
    bytesWaiting: connection.output.outbox.length + connection.output.backlogLength,
  };
}

/** The connected clients, one step each; undefined for a connection that is none (yet). */
export function* connectedClients(
  core: SubscribingContext,
  connections: Iterable<Connection>,
): Generator<ClientStatus | undefined, void, undefined> {
  for (const connection of connections) {
    yield connection.isAnnounced ? clientStatus(core, connection) : undefined;
  }
}
