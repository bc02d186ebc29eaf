import { shownBytes } from "../inspecting.ts";
import { PeerError, ProtocolError } from "@anax/protocol";
import type { DisconnectPacket, DisconnectProperties, Packet } from "@anax/protocol";
import type { Connection } from "../connection/connection.ts";
import { expiryMaximum } from "../connection/session-owner.ts";
import type { EndingsContext } from "./endings-context.ts";
import { PEER_LEFT, tellStranger } from "../connection/stranger.ts";
import { unreadDisconnect } from "../connection/unread-disconnect.ts";
import { sendPacket } from "../connection/outgoing.ts";
import { leaveRoom } from "../delivering/making-room.ts";
import { endSession, scheduleExpiry } from "./session-ending.ts";
import { closeGate } from "../connection/storing.ts";
import { traceConnection } from "../tracing/telling.ts";
import { discardWill, releaseWill } from "./will.ts";

const NORMAL_DISCONNECTION = 0x00;
const IMPLEMENTATION_SPECIFIC_ERROR = 0x83;
const PACKET_TOO_LARGE = 0x95;
const ADMINISTRATIVE_ACTION = 0x98;

/** Why the server ends a connection, as DISCONNECT tells it. */
export interface Dismissal {
  readonly reasonCode: number;
  readonly reasonString?: string;
  readonly serverReference?: string;
  readonly userProperties?: readonly (readonly [string, string])[];
}

/** What clients are told whose server has lost its store to another: a new connection may reach that one. */
export const FENCED: Dismissal = {
  reasonCode: 0x8b, // Server shutting down
  reasonString: "another server has taken this one's place",
};

/** Ends a connection from the server's side: DISCONNECT where MQTT 5.0 allows it, then the close. */
export function dismiss(core: EndingsContext, connection: Connection, dismissal: Dismissal): void {
  if (!connection.isOpen) return;
  if (connection.ending.error === undefined) noteUnread(core, connection);
  const reasonCode = codeFor(connection, dismissal.reasonCode);
  // There is no DISCONNECT before a CONNACK that lets the client in [MQTT-3.14.0-1].
  if (connection.version === 5 && connection.state === "connected") {
    const { reasonCode: _asked, ...properties } = dismissal;
    sendPacket(core, connection, { type: "disconnect", reasonCode, properties });
  }
  const { ending } = connection;
  ending.reasonCode ??= reasonCode;
  if (dismissal.reasonString !== undefined) ending.reasonString ??= dismissal.reasonString;
  shut(core, connection);
}

/** Ends all connections; what goes wrong with one of them keeps none of the others. */
export function dismissAll(
  core: EndingsContext,
  connections: Iterable<Connection>,
  dismissal: Dismissal,
): void {
  for (const connection of Array.from(connections)) {
    try {
      dismiss(core, connection, dismissal);
    } catch (error) {
      core.report(error);
      shut(core, connection);
    }
  }
}

/** 0x00 says that no Will is published [3.14.2.1]: whoever has one is told that he was sent away. */
function codeFor({ session, ending }: Connection, asked: number): number {
  const leavesWill = ending.willIsDue && session?.will !== undefined;
  return asked === NORMAL_DISCONNECTION && leavesWill ? ADMINISTRATIVE_ACTION : asked;
}

/**
 * An answer does not fit the client's Maximum Packet Size. Without it there would be a state that only one side knows, so
 * the connection ends.
 */
export function leaveUnanswered(
  core: EndingsContext,
  connection: Connection,
  answer: Packet,
): void {
  // What follows a DISCONNECT, the close, tells as much.
  if (answer.type === "disconnect") return;
  const { maximumPacketSize } = connection;
  const reasonString = `${answer.type} does not fit Maximum Packet Size ${maximumPacketSize}`;
  if (answer.type !== "connack") {
    return dismiss(core, connection, { reasonCode: PACKET_TOO_LARGE, reasonString });
  }
  connection.ending.reasonCode ??= PACKET_TOO_LARGE;
  connection.ending.reasonString ??= reasonString;
  shut(core, connection);
}

/**
 * A handler failed that was to judge a packet. The packet cannot be left out: what it says would never be answered, or be lost.
 */
export function endUnjudged(core: EndingsContext, connection: Connection, direction: string): void {
  const reasonString = `a handler of ${direction} packets failed`;
  dismiss(core, connection, { reasonCode: IMPLEMENTATION_SPECIFIC_ERROR, reasonString });
}

/** The peer broke the protocol, or something broke here while its packet was handled: only this connection ends. */
export function fail(core: EndingsContext, connection: Connection, error: unknown): void {
  if (!connection.isOpen) return;
  const isPeersFault = error instanceof PeerError;
  if (isPeersFault) core.statistics.protocolErrors += 1;
  else core.report(error);
  if (error instanceof Error) connection.ending.error = error;
  const reasonCode = isPeersFault
    ? disconnectCode(error.reasonCode)
    : IMPLEMENTATION_SPECIFIC_ERROR;
  const reasonString = isPeersFault ? error.message : "internal error";
  tellStranger(core, connection, reasonString);
  dismiss(core, connection, { reasonCode, reasonString });
}

/** Codes of CONNACK that DISCONNECT does not have: a second CONNECT that is malformed as well is a Protocol Error. */
function disconnectCode(reasonCode: number): number {
  return reasonCode === 0x84 || reasonCode === 0x85 ? 0x82 : reasonCode;
}

/** Closes a connection once what was sent has left; from now on nothing is taken from it. */
export function shut(core: EndingsContext, connection: Connection): void {
  if (!connection.isOpen) return;
  connection.state = "closing";
  core.turn.leave(connection);
  leaveSession(core, connection);
  const { outbound } = connection;
  if (outbound?.isRunning === true) outbound.whenEmpty = () => endWire(core, connection);
  else endWire(core, connection);
}

/** Ends a connection whose peer sends no more, unless a handler or the store still owes it something. */
export function endWhenAnswered(core: EndingsContext, connection: Connection): void {
  const { intake, output, meter } = connection;
  if (meter?.isReadingPaused === true || meter?.isWritingPaused === true) return;
  if (!intake.isFree || output.gate !== undefined || core.heldBack.has(connection)) return;
  tellStranger(core, connection, PEER_LEFT);
  shut(core, connection);
}

function endWire(core: EndingsContext, connection: Connection): void {
  core.writeLast(connection);
  connection.wire.end();
}

/** The transport is gone, whoever closed it. */
export function connectionClosed(
  core: EndingsContext,
  connection: Connection,
  error?: Error,
): void {
  if (connection.state === "closed") return;
  noteUnread(core, connection);
  tellStranger(core, connection, error?.message ?? PEER_LEFT);
  if (error !== undefined) connection.ending.error ??= error;
  leaveSession(core, connection);
  connection.state = "closed";
  core.traffic.keep(connection);
  for (const tell of connection.whenClosed ?? []) tell();
  connection.whenClosed = undefined;
  closeGate(core, connection);
  core.heldBack.delete(connection);
  core.turn.leave(connection);
  connection.output.letGoOfWire();
  connection.output.clear();
  const exchange = connection.authentication;
  connection.authentication = undefined;
  exchange?.answered?.(undefined);
}

/** Takes the connection off its session, once, and decides what becomes of Will and session. */
function leaveSession(core: EndingsContext, connection: Connection): void {
  core.deadlines.cancel(connection.deadline);
  connection.deadline = undefined;
  core.runs.cutFor(connection);
  connection.meter?.leave();
  core.deadlines.cancel(connection.identityDeadline);
  connection.identityDeadline = undefined;
  const { session, ending } = connection;
  connection.session = undefined;
  connection.resumption?.stop();
  if (session === undefined || session.connection !== connection) return;
  session.connection = undefined;
  if (core.rooms.size > 0) leaveRoom(core, session);
  if (ending.willIsDue) releaseWill(core, session);
  else discardWill(core, session);
  closeGate(core, connection);
  if (session.isPersistent && ending.endsSession !== true) {
    scheduleExpiry(core, session, core.now);
    if (session.isDurable) core.journal?.session(session);
  } else {
    endSession(core, session, ending.endsSession === true ? "deleted" : "disconnected");
  }
  announce(core, connection, session.expiryIntervalSeconds);
}

/** Fires `clientDisconnected` for a client that `clientConnected` was fired for. */
function announce(
  core: EndingsContext,
  connection: Connection,
  sessionExpiryIntervalSeconds: number,
): void {
  if (!connection.isAnnounced) return;
  connection.isAnnounced = false;
  core.statistics.connectionsCurrent -= 1;
  const { type, reasonCode, reasonString, userProperties, error } = connection.ending;
  if (core.tracing.isOn) {
    const reason = reasonString ?? error?.message ?? type;
    traceConnection(core, connection, { type: "disconnected", reasonCode, reason });
  }
  if (core.hooks.clientDisconnected === undefined) return;
  core.news.tell("clientDisconnected", connection, {
    ...connection.context,
    ...(connection.password === undefined ? {} : { password: shownBytes(connection.password) }),
    disconnectType: type,
    ...(reasonCode === undefined ? {} : { reasonCode }),
    ...(reasonString === undefined ? {} : { reasonString }),
    ...(userProperties === undefined ? {} : { userProperties }),
    ...(error === undefined ? {} : { error }),
    sessionExpiryIntervalSeconds,
  });
}

/** DISCONNECT came: the client ends the connection in order. */
export function receiveDisconnect(
  core: EndingsContext,
  connection: Connection,
  packet: DisconnectPacket,
): void {
  noteDisconnect(core, connection, packet);
  shut(core, connection);
}

/** What DISCONNECT says counts from now on. */
function noteDisconnect(
  core: EndingsContext,
  connection: Connection,
  packet: DisconnectPacket,
): void {
  const { session, ending } = connection;
  changeExpiry(core, connection, packet.properties);
  ending.type = "clean";
  ending.reasonCode = packet.reasonCode;
  if (packet.properties?.reasonString !== undefined)
    ending.reasonString = packet.properties.reasonString;
  if (packet.properties?.userProperties !== undefined)
    ending.userProperties = packet.properties.userProperties;
  // Every code but 0x00 leaves the Will due [MQTT-3.14.4-3].
  ending.willIsDue = packet.reasonCode !== 0;
  if (session !== undefined && !ending.willIsDue) discardWill(core, session);
}

/** The connection ends, not by a fault of its client, and what has come is not read any more: it may end with DISCONNECT. */
function noteUnread(core: EndingsContext, connection: Connection): void {
  if (connection.session === undefined) return;
  const packet = unreadDisconnect(core, connection);
  if (packet === undefined) return;
  try {
    noteDisconnect(core, connection, packet);
  } catch (error) {
    // It asks for what it may not, so it is none.
    if (!(error instanceof PeerError)) throw error;
  }
}

/** A client may change its Session Expiry Interval as it goes, but not from none to some. */
function changeExpiry(
  core: EndingsContext,
  connection: Connection,
  properties: DisconnectProperties | undefined,
): void {
  const seconds = properties?.sessionExpiryIntervalSeconds;
  if (seconds === undefined || connection.session === undefined) return;
  if (seconds > 0 && connection.sessionExpiryIntervalAtConnect === 0) {
    throw new ProtocolError(`Session Expiry Interval ${seconds} on DISCONNECT after 0 on CONNECT`);
  }
  const { sessionExpirySeconds } = connection.agreement;
  connection.session.expiryIntervalSeconds = Math.min(
    seconds,
    Math.max(sessionExpirySeconds, expiryMaximum(core, connection)),
  );
}
