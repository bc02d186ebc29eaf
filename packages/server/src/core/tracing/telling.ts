import type { Packet } from "@anax/protocol";
import type { TracingContext } from "./tracing-context.ts";
import { clientOf } from "./tracing.ts";
import type { TracedConnection } from "./tracing.ts";
import type { TraceEvent } from "./trace-event.ts";

/*
 * What the core tells traces. Each is to be called only while one is going on, or of a connection that one follows.
 */

/** A packet has come, and is about to be handled. With CONNECT it is known whose the connection is. */
export function traceReceived(
  core: TracingContext,
  connection: TracedConnection,
  packet: Packet,
): void {
  if (packet.type === "connect") {
    const { clientId, userName } = packet;
    const { peer, aliases } = connection;
    // Not of the connection itself: who comes is judged later, after handlers have seen the packet.
    const comer = { clientId, userName, peer, aliases, isTraced: false };
    core.tracing.mark(comer);
    connection.isTraced = comer.isTraced;
    if (comer.isTraced) tellPacket(core, comer, "packetReceived", packet);
  } else if (connection.isTraced) tellPacket(core, connection, "packetReceived", packet);
}

/** A packet was put into the outbox of a connection that a trace follows. */
export function traceSent(
  core: TracingContext,
  connection: TracedConnection,
  packet: Packet,
): void {
  tellPacket(core, connection, "packetSent", packet);
}

function tellPacket(
  core: TracingContext,
  connection: TracedConnection,
  type: "packetReceived" | "packetSent",
  packet: Packet,
): void {
  core.tracing.tell({ ...clientOf(connection), ...topicsOf(connection, packet), type, packet });
}

function topicsOf(
  connection: TracedConnection,
  packet: Packet,
): Pick<TraceEvent, "topic" | "topicFilters"> {
  switch (packet.type) {
    case "publish":
      return { topic: topicOf(connection, packet) };
    case "subscribe":
      return { topicFilters: packet.subscriptions.map(({ topicFilter }) => topicFilter) };
    case "unsubscribe":
      return { topicFilters: packet.topicFilters };
    default:
      return {};
  }
}

/** What a Topic Alias stands for; an empty text for one that stands for nothing. */
function topicOf(
  { aliases }: TracedConnection,
  { topic, properties }: Extract<Packet, { type: "publish" }>,
): string {
  const alias = properties?.topicAlias;
  if (topic !== "" || alias === undefined) return topic;
  return aliases?.find(alias) ?? "";
}

/** Something other than a packet, about a connection. */
export function traceConnection(
  core: TracingContext,
  connection: TracedConnection,
  event: Omit<TraceEvent, "clientId" | "userName" | "address">,
): void {
  core.tracing.tell({ ...clientOf(connection), ...event });
}

/** Something about a client that may be away. */
export function traceSession(
  core: TracingContext,
  { clientId, userName, connection }: TracedSession,
  event: Omit<TraceEvent, "clientId" | "userName" | "address">,
): void {
  const address = connection?.peer.remoteAddress;
  core.tracing.tell({ clientId, userName, address, ...event });
}

interface TracedSession {
  readonly clientId: string;
  readonly userName?: string | undefined;
  readonly connection?: Pick<TracedConnection, "peer"> | undefined;
}

/** A client was let in. Only now it is known by which Client Identifier, of one that had none. */
export function traceConnected(core: TracingContext, connection: TracedConnection): void {
  core.tracing.mark(connection);
  traceConnection(core, connection, { type: "connected" });
}
