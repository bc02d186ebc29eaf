import { shownBytes } from "../inspecting.ts";
import type { ConnackPacket, ConnectPacket } from "@anax/protocol";
import { accessOf } from "../access/clients.ts";
import { beginAccess, judge, judgeSession } from "./judging.ts";
import { refusedMethod } from "./authenticating.ts";
import { dismiss, shut } from "../endings/closing.ts";
import { agree, clientIdOf, connackProperties, NOBODY_ASKED } from "../connection/agreement.ts";
import type { ValidationAnswer } from "../connection/agreement.ts";
import { Resumption } from "../connection/resumption.ts";
import type { Connection } from "../connection/connection.ts";
import type { ReceivingContext } from "./receiving-context.ts";
import { pump } from "../delivering/delivering.ts";
import { takeOutOfJournal } from "../journal/owing.ts";
import { enqueue } from "../delivering/queueing.ts";
import { shareQueue } from "../delivering/sharing-queues.ts";
import type { PreparingSession } from "../hooks/connection-events.ts";
import { refusalOf, refusedBan, refusedCompany, tellRefusal } from "./connect-rules.ts";
import { noteLetIn, noteRefused, refusedHold } from "./holding-off.ts";
import { identify } from "./expiring-identity.ts";
import { makePlace, refusedPlace } from "../endings/session-places.ts";
import type { PlaceNeeded } from "../endings/session-places.ts";
import { expiryMaximum, isAuthenticated, refusedUser } from "../connection/session-owner.ts";
import type { Refusal } from "../connection/refusal.ts";
import { messageFromApplication } from "../message/message.ts";
import { mayFit, sendPacket } from "../connection/outgoing.ts";
import { traceConnected } from "../tracing/telling.ts";
import type { HookResult, Task } from "../pending.ts";
import { validationArguments } from "./validation-arguments.ts";
import { watchKeepAlive } from "./keeping-alive.ts";
import { OutgoingAliases } from "../connection/outgoing-aliases.ts";
import { ReceivedAliases } from "../connection/received-aliases.ts";
import { cancelExpiry, endSession } from "../endings/session-ending.ts";
import { Session } from "../sessions/session.ts";
import { refusalToStore, stored } from "../connection/storing.ts";
import { restoreSubscription } from "../subscribing/subscription-making.ts";
import { armWill, discardWill } from "../endings/will.ts";
import { NEWS_WAITING_MAX } from "../works/news-lanes.ts";

const IMPLEMENTATION_SPECIFIC_ERROR = 0x83;
const SERVER_BUSY = 0x89;
/** CONNACK has no code for a session that was taken over. */
const OUTDONE: Refusal = {
  reasonCode: 0x80,
  reasonString: "a newer connection with this Client Identifier has come",
};
const SESSION_TAKEN_OVER = 0x8e;

/**
 * From CONNECT to CONNACK: check, ask who it is, find or make the session, take it over from an older
 * connection, answer. Everything from the take-over to CONNACK happens in one go, so of many
 * connections with one Client Identifier exactly one is left.
 */
export function* connect(
  core: ReceivingContext,
  connection: Connection,
  packet: ConnectPacket,
): Task {
  adopt(core, connection, packet);
  const refusal =
    connection.refusal ??
    refusedBan(core, connection.context) ??
    refusedHold(core, connection) ??
    refusalOf(core, packet);
  if (refusal !== undefined) return refuse(core, connection, refusal);
  // Where nobody has to be asked or waited for, nothing is made to do that with: reconnects come by thousands.
  const answer =
    core.hooks.validatingConnection === undefined
      ? NOBODY_ASKED
      : yield* validate(core, connection, packet);
  if (answer === undefined || !connection.isOpen) return;
  connection.agreement = agree(core, packet, answer, expiryMaximum(core, connection));
  connection.clientId = clientIdOf(core, packet, answer);
  const foreign = refusedBan(core, connection.context) ?? refusedUser(core, connection);
  if (foreign !== undefined) return refuse(core, connection, foreign);
  if (core.authorizer !== undefined && !(yield* mayEnter(core, connection, packet))) return;
  yield* enter(core, connection, packet, answer);
}

/** The rest of the way of a client that may come in as such. */
function* enter(
  core: ReceivingContext,
  connection: Connection,
  packet: ConnectPacket,
  answer: ValidationAnswer,
): Task {
  const prepared =
    core.hooks.preparingSession === undefined
      ? undefined
      : yield* prepareSession(core, connection, packet);
  if (!connection.isOpen) return;
  const connack = connackFor(core, connection, packet, answer);
  // Others may have come in while handlers were asked.
  const lateRefusal = refusedEntry(core, connection, connack);
  if (lateRefusal !== undefined) return refuse(core, connection, lateRefusal);
  const sessionPresent =
    core.journal === undefined
      ? attach(core, connection, packet, prepared)
      : yield* attachStored(core, connection, packet, prepared);
  if (sessionPresent === undefined || !connection.isOpen) return;
  connection.meter = core.rates?.enter(connection, core.now);
  connection.meter?.countSubscriptions(connection.session?.subscriptions.size ?? 0);
  noteLetIn(core, connection);
  if (core.authorizer !== undefined && !(yield* hasKeptRights(core, connection))) return;
  // 3.1 has no Session Present: its codec writes 0.
  if (!welcome(core, connection, { ...connack, sessionPresent })) return;
  const announcing = announce(core, connection, packet, sessionPresent);
  if (announcing !== undefined) yield announcing;
  letMessagesGo(core, connection);
}

/** Asks what the client may do; false if it was refused, or has gone. */
function* mayEnter(
  core: ReceivingContext,
  connection: Connection,
  packet: ConnectPacket,
): Task<boolean> {
  const access = accessOf(core, connection);
  connection.access = access;
  if (access === undefined) return true;
  const refusal = yield* judge(core, access, packet);
  if (refusal !== undefined && connection.isOpen) refuse(core, connection, refusal);
  return refusal === undefined && connection.isOpen;
}

/** Asks about what the session has from before; false if the client has gone. */
function* hasKeptRights(core: ReceivingContext, connection: Connection): Task<boolean> {
  if (connection.session !== undefined) yield* judgeSession(core, connection.session);
  return connection.isOpen;
}

function placeFor({ clientId, agreement }: Connection): PlaceNeeded {
  return { clientId, isLasting: agreement.sessionExpirySeconds > 0 };
}

/** What keeps a client out that may come in as such. */
function refusedEntry(
  core: ReceivingContext,
  connection: Connection,
  connack: ConnackPacket,
): Refusal | undefined {
  return (
    refusedBan(core, connection.context) ??
    refusedUser(core, connection) ??
    refusedLate(core, connection) ??
    refusedNews(core, connection) ??
    refusedPlace(core, placeFor(connection)) ??
    refusedCompany(core, connection) ??
    refusedSize(connection, connack)
  );
}

/** Who connected last stays, however long handlers took for each. */
function refusedLate(
  core: ReceivingContext,
  { clientId, arrival }: Connection,
): Refusal | undefined {
  const present = core.sessions.get(clientId)?.connection;
  return present !== undefined && present.arrival > arrival ? OUTDONE : undefined;
}

/** A client whose handlers have not been told its last thousand comings and goings is not let in for one more. */
function refusedNews(core: ReceivingContext, connection: Connection): Refusal | undefined {
  if (core.news.count === 0 || core.news.backlogOf(connection) === undefined) return undefined;
  const reasonString = `the server's handlers are ${NEWS_WAITING_MAX} events of this client behind`;
  return { reasonCode: SERVER_BUSY, reasonString };
}

function letMessagesGo(core: ReceivingContext, connection: Connection): void {
  connection.output.isHeld = false;
  // What waited meanwhile goes before anything that is put into the outbox from now on.
  if (connection.output.backlogLength > 0) core.flushNow(connection);
  if (connection.session !== undefined) pump(core, connection.session);
}

/** The CONNACK of a client that is let in, Session Present still to be found out. */
function connackFor(
  { options }: ReceivingContext,
  connection: Connection,
  packet: ConnectPacket,
  answer: ValidationAnswer,
): ConnackPacket {
  const properties = connackProperties(options, packet, answer, connection);
  return { type: "connack", sessionPresent: false, reasonCode: 0, properties };
}

/** A client that could not be told that it is let in is not. */
function refusedSize(connection: Connection, connack: ConnackPacket): Refusal | undefined {
  if (mayFit(connection, connack)) return undefined;
  const { maximumPacketSize } = connection;
  const reasonString = `Maximum Packet Size ${maximumPacketSize} has no room for CONNACK`;
  return { reasonCode: IMPLEMENTATION_SPECIFIC_ERROR, reasonString };
}

/** Asks the handlers of `validatingConnection`; undefined if the client was refused. */
function* validate(
  core: ReceivingContext,
  connection: Connection,
  packet: ConnectPacket,
): Task<ValidationAnswer | undefined> {
  const args = validationArguments(core, connection, packet);
  yield* core.newcomers.asked(connection, core.hooks.validatingConnection?.(args, connection));
  if (!connection.isOpen) return undefined;
  const refused = refusedMethod(args) ?? args;
  if (refused.reasonCode !== 0) {
    noteRefused(core, connection, refused.reasonCode);
    refuse(core, connection, refused);
    return undefined;
  }
  connection.userName = args.userName;
  if (args.identity !== undefined) identify(core, connection, args.identity);
  return args;
}

/**
 * Gives the connection its session, and waits until that is stored: CONNACK says that the session exists, or that an
 * older one does no longer. Undefined if the client was refused.
 */
function* attachStored(
  core: ReceivingContext,
  connection: Connection,
  packet: ConnectPacket,
  prepared: PreparingSession | undefined,
): Task<boolean | undefined> {
  const unstorable = concernsStore(core, connection) ? refusalToStore(core) : undefined;
  if (unstorable !== undefined) return refuseUnstored(core, connection, unstorable);
  const appendedBefore = core.journal?.appended;
  const sessionPresent = attach(core, connection, packet, prepared);
  const failure = core.journal?.appended === appendedBefore ? undefined : yield* stored(core);
  if (failure !== undefined) return refuseUnstored(core, connection, failure);
  return sessionPresent;
}

/** True if the session is to survive, or takes the place of one that does. */
function concernsStore(core: ReceivingContext, { agreement, clientId }: Connection): boolean {
  return agreement.sessionExpirySeconds > 0 || core.sessions.get(clientId)?.isDurable === true;
}

/** The client is not let in, so it leaves no Will. */
function refuseUnstored(
  core: ReceivingContext,
  connection: Connection,
  reasonCode: number,
): undefined {
  if (!connection.isOpen) return;
  connection.ending.willIsDue = false;
  const reasonString = "the server cannot store messages now";
  refuse(core, connection, { reasonCode, reasonString });
}

/** Takes over what CONNECT says about the connection itself. */
function adopt(core: ReceivingContext, connection: Connection, packet: ConnectPacket): void {
  const { properties } = packet;
  connection.state = "authenticating";
  core.newcomers.arrived(connection);
  core.deadlines.cancel(connection.deadline);
  connection.deadline = undefined;
  connection.introduce(packet);
  connection.maximumPacketSize = properties?.maximumPacketSize ?? Infinity;
  connection.sendMaximum = Math.min(
    properties?.receiveMaximum ?? core.options.inFlightDefault,
    core.options.inFlightMax,
  );
  connection.inFlight = core.inFlight;
  connection.topicAliasMaximum = properties?.topicAliasMaximum ?? 0;
  connection.requestProblemInformation = properties?.requestProblemInformation ?? true;
  connection.sessionExpiryIntervalAtConnect = properties?.sessionExpiryIntervalSeconds ?? 0;
  if (properties?.authenticationMethod !== undefined) {
    const method = properties.authenticationMethod;
    connection.authentication = { method, answered: undefined, isRunning: false };
  }
}

/** Refuses a CONNECT: CONNACK with the reason, then the close [MQTT-3.2.2-7]. */
export function refuse(core: ReceivingContext, connection: Connection, refusal: Refusal): void {
  core.statistics.connectionsRefused += 1;
  const { reasonCode, reasonString, serverReference, responseUserProperties } = refusal;
  const packet: ConnackPacket = {
    type: "connack",
    sessionPresent: false,
    reasonCode: reasonCode >= 0x80 ? reasonCode : 0x80,
    properties: {
      ...(reasonString === undefined ? {} : { reasonString }),
      ...(serverReference === undefined ? {} : { serverReference }),
      ...(responseUserProperties === undefined ? {} : { userProperties: responseUserProperties }),
    },
  };
  sendPacket(core, connection, packet);
  connection.ending.reasonCode = packet.reasonCode;
  shut(core, connection);
  // The transport was refused, and that was told.
  if (connection.refusal === undefined)
    tellRefusal(core, connection, { ...refusal, reasonCode: packet.reasonCode });
}

/** Makes the session ready that this connection will use, for the embedding program to fill. */
function* prepareSession(
  core: ReceivingContext,
  connection: Connection,
  packet: ConnectPacket,
): Task<PreparingSession | undefined> {
  const existing = core.sessions.get(connection.clientId);
  const args: PreparingSession = {
    clientId: connection.clientId,
    isExistingSession: existing !== undefined && !packet.cleanStart && outlives(existing),
    cleanStart: packet.cleanStart,
    sessionItems: connection.sessionItems,
    ...(packet.will && {
      willDelayIntervalSeconds: packet.will.properties?.willDelayIntervalSeconds ?? 0,
    }),
    subscriptions: [],
    messages: [],
  };
  yield* core.newcomers.asked(connection, core.hooks.preparingSession?.(args, connection));
  return args;
}

/** False for a session that ends with its connection, which makes way now. */
function outlives({ connection, isPersistent }: Session): boolean {
  return connection === undefined || (isPersistent && connection.ending.endsSession !== true);
}

/** Gives the connection its session; true if the session had state before. */
function attach(
  core: ReceivingContext,
  connection: Connection,
  packet: ConnectPacket,
  prepared: PreparingSession | undefined,
): boolean {
  let session = core.sessions.get(connection.clientId);
  if (session?.connection !== undefined) {
    takeOver(core, session.connection);
    // What did not outlive its connection is gone now.
    session = core.sessions.get(connection.clientId);
  }
  if (session !== undefined && packet.cleanStart) {
    endSession(core, session, "cleanStart");
    session = undefined;
  }
  const isResumed = session !== undefined;
  session ??= newSession(core, connection);
  resume(core, connection, session);
  record(core, session);
  const isRestored = !isResumed && prepared !== undefined && restore(core, session, prepared);
  refuseOutdone(core, connection);
  if (packet.will !== undefined) armWill(core, session, packet.will, connection.context);
  record(core, session);
  return isResumed || (isRestored && !packet.cleanStart);
}

/** Those that came before this one, and whose handlers have still not answered, need not be let in any more. */
function refuseOutdone(core: ReceivingContext, connection: Connection): void {
  for (const older of core.newcomers.outdoneBy(connection)) refuse(core, older, OUTDONE);
}

/** The older connection of a Client Identifier makes way [MQTT-3.1.4-3]. */
function takeOver(core: ReceivingContext, older: Connection): void {
  older.ending.type = "takeover";
  dismiss(core, older, { reasonCode: SESSION_TAKEN_OVER });
}

function newSession(core: ReceivingContext, connection: Connection): Session {
  makePlace(core, placeFor(connection));
  const session = new Session({
    clientId: connection.clientId,
    createdAtMs: core.now,
    items: connection.itemsBefore,
    inFlight: core.inFlight,
  });
  core.sessions.add(session);
  core.statistics.sessionsCurrent = core.sessions.size;
  return session;
}

/** Writes a session down that is to survive, or strikes one out that no longer is. */
function record(core: ReceivingContext, session: Session): void {
  if (session.isPersistent) return core.journal?.session(session);
  if (!session.isDurable) return;
  takeOutOfJournal(core, session);
  core.journal?.deleted(session);
}

/** Ties connection and session. A resumed session keeps its own items. */
function resume(core: ReceivingContext, connection: Connection, session: Session): void {
  cancelExpiry(core, session);
  discardWill(core, session);
  for (const [key, value] of connection.itemsBefore ?? []) session.items.set(key, value);
  session.connection = connection;
  session.userName = connection.userName;
  session.isOwned = isAuthenticated(core, connection);
  session.expiryIntervalSeconds = connection.agreement.sessionExpirySeconds;
  beginAccess(core, session, connection.access);
  shareQueue(core, session);
  connection.session = session;
  connection.itemsOwner = session;
  connection.resumption = Resumption.of(session);
}

/** Fills a new session from what the handler of `preparingSession` brought; true if it brought anything. */
function restore(core: ReceivingContext, session: Session, prepared: PreparingSession): boolean {
  for (const restored of prepared.subscriptions) restoreSubscription(core, session, restored);
  for (const applicationMessage of prepared.messages) {
    const message = messageFromApplication(applicationMessage, "", core.now);
    const { qos, retain } = message;
    enqueue(core, session, {
      message,
      qos,
      retain,
      subscriptionIdentifiers: undefined,
      group: undefined,
    });
  }
  return prepared.subscriptions.length > 0 || prepared.messages.length > 0;
}

/** Answers with CONNACK 0x00 [MQTT-3.1.4-5] and starts the life of the connection; false if CONNACK could not be sent. */
function welcome(core: ReceivingContext, connection: Connection, connack: ConnackPacket): boolean {
  const { options, statistics } = core;
  sendPacket(core, connection, connack);
  if (!connection.isOpen) return false;
  connection.state = "connected";
  core.unfinishedConnects.forget(connection);
  connection.sessionPresent = connack.sessionPresent;
  connection.framer.maximumPacketSize = options.maximumPacketSize;
  connection.wire.limitMessages?.(Infinity);
  if (connection.version === 5) openAliases(core, connection);
  watchKeepAlive(core, connection);
  connection.isAnnounced = true;
  if (core.tracing.isOn) traceConnected(core, connection);
  statistics.connectionsTotal += 1;
  statistics.connectionsCurrent += 1;
  statistics.connectionsMaximum = Math.max(
    statistics.connectionsMaximum,
    statistics.connectionsCurrent,
  );
  return true;
}

function openAliases(core: ReceivingContext, connection: Connection): void {
  const { topicAliasMaximum, outgoingTopicAliasMaximum } = core.options;
  if (topicAliasMaximum > 0) connection.aliases = new ReceivedAliases(topicAliasMaximum);
  const offered = Math.min(connection.topicAliasMaximum, outgoingTopicAliasMaximum);
  if (offered > 0) connection.outgoingAliases = new OutgoingAliases(offered);
}

/** Fires `clientConnected`; nothing but CONNACK is sent before its handlers are done. */
function announce(
  core: ReceivingContext,
  connection: Connection,
  packet: ConnectPacket,
  sessionPresent: boolean,
): HookResult {
  if (core.hooks.clientDisconnected !== undefined) connection.password = packet.password;
  if (core.hooks.clientConnected === undefined) return undefined;
  const { authenticationMethod, authenticationData, userProperties } = packet.properties ?? {};
  const args = {
    ...connection.context,
    ...(authenticationMethod === undefined ? {} : { authenticationMethod }),
    ...(authenticationData === undefined
      ? {}
      : { authenticationData: shownBytes(authenticationData) }),
    ...(packet.password === undefined ? {} : { password: shownBytes(packet.password) }),
    userProperties: userProperties ?? [],
    cleanStart: packet.cleanStart,
    sessionPresent,
  };
  return core.news.tell("clientConnected", connection, args, connection);
}
