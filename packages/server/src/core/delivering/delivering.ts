import type { Packet, PublishPacket } from "@anax/protocol";
import { mayReceive, noteDenied } from "../access/deciding.ts";
import type { Resumption } from "../connection/resumption.ts";
import type { Connection } from "../connection/connection.ts";
import type { DeliveringContext } from "./delivering-context.ts";
import type { Delivery, DeliveryOutcome, Owed } from "../owed/delivery.ts";
import { deliveryFor, takes } from "./delivery-for.ts";
import { memberFor } from "./member-choice.ts";
import { beginExchange, deliveryOf, finishExchange, noteSent, owe } from "../journal/owing.ts";
import { outboxFor, placeBeforeInterceptor } from "./at-most-once.ts";
import { noteDropped } from "./dropping.ts";
import { sendStored } from "./stored-sending.ts";
import { enqueue, isExpired, seeToLater } from "./queueing.ts";
import { forgetQueued, takeQueued } from "./taking-queued.ts";
import { interceptOutbound } from "../connection/intercepting.ts";
import { dropWatched, watch } from "../owed/delivery-watch.ts";
import { applicationMessageOf, messageFromPacket, secondsLeft } from "../message/message.ts";
import { countPublishes, sendAcknowledgement } from "../connection/outgoing.ts";
import type { Outbox } from "../connection/outbox.ts";
import { packetSizeOf, writePublish } from "./publish-writer.ts";
import { watchWindow } from "./window-watch.ts";
import { traceConnection, traceSent } from "../tracing/telling.ts";
import { replayRetained } from "../retained/retained-replay.ts";
import type { Session } from "../sessions/session.ts";
import { exchangeOutbox, isCutOff, onceStored } from "../connection/storing.ts";

/**
 * From a message that a session is to get, to bytes for its client or a place in its queue. Nothing here
 * waits, and a session that takes nothing costs others nothing.
 */
export function deliver(
  core: DeliveringContext,
  session: Session,
  delivery: Delivery,
): DeliveryOutcome {
  if (session.isNarrowed && !mayReceive(core, session, delivery.message.topic))
    return denied(core, session, delivery);
  if (session.messageReceiver !== undefined)
    return session.messageReceiver.take(delivery) ? "sent" : "dropped";
  if (delivery.qos === 0) return deliverAtMostOnce(core, session, delivery);
  if (isCutOff(core, session)) return drop(core);
  if (!session.isReady) {
    seeToLater(core, session);
    return enqueue(core, session, delivery);
  }
  return sendExchange(core, session, delivery, undefined) ? "sent" : "dropped";
}

function deliverAtMostOnce(
  core: DeliveringContext,
  session: Session,
  delivery: Delivery,
): DeliveryOutcome {
  if (queuesAtMostOnce(core, session)) return enqueue(core, session, delivery);
  return sendAtMostOnce(core, session, delivery);
}

/** True if QoS 0 messages too wait in the queue: nobody is connected, or there are older ones in it. */
export function queuesAtMostOnce(core: DeliveringContext, session: Session): boolean {
  return core.options.queueQos0 && (session.connection === undefined || session.queue.length > 0);
}

function sendAtMostOnce(
  core: DeliveringContext,
  session: Session,
  delivery: Delivery,
): DeliveryOutcome {
  const connection = session.connection;
  if (connection === undefined || !connection.isOpen)
    return dropAtMostOnce(core, session, delivery, "away");
  const outbox = core.shortCuts.writtenPackets
    ? outboxFor(core, connection, delivery.message.size)
    : placeBeforeInterceptor(core, connection);
  if (typeof outbox === "string") return dropAtMostOnce(core, session, delivery, outbox);
  return send(core, connection, outbox, { delivery, packetIdentifier: 0, duplicate: false })
    ? "sent"
    : "dropped";
}

function dropAtMostOnce(
  core: DeliveringContext,
  { clientId }: Session,
  { watch: told, message }: Delivery,
  reason: Parameters<typeof noteDropped>[2],
): "dropped" {
  noteDropped(core, clientId, reason, { topic: message.topic });
  told?.({ type: "dropped" });
  return "dropped";
}

/** Nothing is exchanged with the session any more. */
function drop(core: DeliveringContext): DeliveryOutcome {
  core.statistics.messagesDropped += 1;
  return "dropped";
}

/**
 * Sends a QoS 1 or 2 message under a new Packet Identifier; false if it is too large for the client. `queued` is what was
 * kept of it, if it comes from the queue.
 */
function sendExchange(
  core: DeliveringContext,
  session: Session,
  delivery: Delivery,
  queued: Owed | undefined,
): boolean {
  const connection = session.connection;
  if (connection === undefined || delivery.qos === 0) return false;
  const { qos, message } = delivery;
  const packetIdentifier = beginExchange(core, session, qos, queued ?? delivery, message.size);
  const sending = { delivery, packetIdentifier, duplicate: false };
  if (send(core, connection, exchangeOutbox(core, connection, session), sending)) {
    if (queued !== undefined) noteSent(core, session, queued, packetIdentifier);
    else if (session.isDurable) record(core, session, sending);
    if (delivery.watch !== undefined) watch(session, packetIdentifier, delivery.watch);
    return true;
  }
  if (queued !== undefined) forgetQueued(core, session, queued);
  // The message counts as delivered [MQTT-3.1.2-25].
  abandon(session, packetIdentifier);
  return false;
}

/** Writes down that a message is in flight now, which is new to the session. */
function record(
  core: DeliveringContext,
  session: Session,
  { delivery, packetIdentifier }: Sending,
): void {
  session.sender.replaceItem(packetIdentifier, owe(core, session, delivery, packetIdentifier));
}

/** Ends an exchange whose PUBLISH is not sent. */
function abandon(session: Session, packetIdentifier: number): void {
  if (!session.sender.puback(packetIdentifier)) session.sender.pubrec(packetIdentifier, 0x80);
  session.sender.finished = undefined;
}

interface Sending {
  readonly delivery: Delivery;
  readonly packetIdentifier: number;
  readonly duplicate: boolean;
}

/** Writes one PUBLISH; false if it is larger than the client takes, or dropped by the outbound interceptor. */
function send(
  core: DeliveringContext,
  connection: Connection,
  outbox: Outbox,
  sending: Sending,
): boolean {
  if (core.shortCuts.writtenPackets) {
    const isWritten = write(core, connection, outbox, sending);
    tellIfQos0(sending, isWritten);
    return isWritten;
  }
  let isSent = true;
  let isLater = false;
  const written = (packet: Packet | undefined): void => {
    const isAppended = isLater || sending.duplicate;
    isSent = writeShown(core, connection, sending, packet, isAppended);
    tellIfQos0(sending, isSent);
    if (!isSent && isLater) giveUp(core, connection, sending);
  };
  // What is to be acknowledged stays in the session.
  const ended = (): void => tellIfQos0(sending, false);
  interceptOutbound(core, connection, packetOf(sending, core.now), written, ended);
  isLater = true;
  return isSent;
}

/** QoS 0 is not acknowledged: with this its delivery ends. */
function tellIfQos0({ delivery: { watch: told, qos } }: Sending, isSent: boolean): void {
  if (told !== undefined && qos === 0) told({ type: isSent ? "sent" : "dropped" });
}

/** Writes what the outbound interceptor has made of a PUBLISH. `isAppended`: the journal has its exchange, which else follows. */
function writeShown(
  core: DeliveringContext,
  connection: Connection,
  sending: Sending,
  packet: Packet | undefined,
  isAppended: boolean,
): boolean {
  if (packet?.type !== "publish") return false;
  const message = messageFromPacket(packet, sending.delivery.message.clientId, core.now);
  const delivery = { ...sending.delivery, message, retain: packet.retain };
  const { session } = connection;
  if (session === undefined || delivery.qos === 0)
    return writeAtMostOnce(core, connection, { ...sending, delivery });
  const outbox =
    isAppended && session.isDurable
      ? onceStored(core, connection)
      : exchangeOutbox(core, connection, session);
  return write(core, connection, outbox, { ...sending, delivery });
}

/** There may be no room any more for what an interceptor has had, or for what it has made of it. */
function writeAtMostOnce(
  core: DeliveringContext,
  connection: Connection,
  sending: Sending,
): boolean {
  const outbox = outboxFor(core, connection, sending.delivery.message.size);
  if (typeof outbox !== "string") return write(core, connection, outbox, sending);
  noteDropped(core, connection.clientId, outbox);
  return false;
}

/** An exchange has begun whose PUBLISH is not sent after all: its place is free. */
function giveUp(
  core: DeliveringContext,
  connection: Connection,
  { delivery, packetIdentifier }: Sending,
): void {
  const { session } = connection;
  if (session === undefined || delivery.qos === 0) return;
  endUnsent(core, connection, session, packetIdentifier);
  core.continueLater(session);
}

function endUnsent(
  core: DeliveringContext,
  connection: Connection,
  session: Session,
  packetIdentifier: number,
): void {
  const owed = session.sender.item(packetIdentifier);
  connection.resumption?.acknowledged(packetIdentifier);
  connection.resumption?.ended(packetIdentifier);
  abandon(session, packetIdentifier);
  dropWatched(session, packetIdentifier);
  finishExchange(core, session, packetIdentifier, owed);
}

function write(
  core: DeliveringContext,
  connection: Connection,
  outbox: Outbox,
  sending: Sending,
): boolean {
  const written = writePublish(connection, outbox, sending.delivery, {
    packetIdentifier: sending.packetIdentifier,
    duplicate: sending.duplicate,
    nowMs: core.now,
  });
  if (!written) {
    dropTooLarge(core, connection, sending.delivery);
    return false;
  }
  const { message, qos } = sending.delivery;
  countPublishes(core, connection, 1, message.payloadBytes, qos);
  if (connection.isTraced) traceSent(core, connection, packetOf(sending, core.now));
  return true;
}

/** It counts as delivered [MQTT-3.1.2-25], but somebody should know. */
function dropTooLarge(core: DeliveringContext, connection: Connection, delivery: Delivery): void {
  core.statistics.messagesDropped += 1;
  core.statistics.messagesTooLarge += 1;
  if (core.tracing.isOn) {
    const { topic } = delivery.message;
    traceConnection(core, connection, { type: "dropped", topic, reason: "tooLarge", count: 1 });
  }
  core.notices?.tooLarge({
    clientId: connection.clientId,
    topic: delivery.message.topic,
    packetSize: packetSizeOf(connection, delivery),
    maximumPacketSize: connection.maximumPacketSize,
  });
}

/** Gives a message to a member of the shared subscription that it came by, rather to one that can take it. */
export function passOn(core: DeliveringContext, { message, group }: Delivery): void {
  if (group === undefined) return;
  const member = memberFor(core, group, message);
  if (member === undefined) return;
  deliver(core, member.session, deliveryFor(member, message, group));
}

/** True for what is too large for this client and came by a shared subscription with a member that can take it. */
function isForAnother({ connection }: Session, delivery: Delivery): boolean {
  const { group, message } = delivery;
  if (group === undefined || connection === undefined) return false;
  if (packetSizeOf(connection, delivery) <= connection.maximumPacketSize) return false;
  return group.members.some((one) => takes(one, message));
}

/** The packet that a delivery will be, for the outbound interceptor. */
function packetOf(sending: Sending, nowMs: number): PublishPacket {
  const { delivery, packetIdentifier, duplicate } = sending;
  const { message } = delivery;
  const {
    topic,
    payload,
    qos: _published,
    retain: _flag,
    ...properties
  } = applicationMessageOf(message);
  const { subscriptionIdentifiers } = delivery;
  return {
    type: "publish",
    topic,
    payload,
    qos: delivery.qos,
    retain: delivery.retain,
    duplicate,
    ...(delivery.qos === 0 ? {} : { packetIdentifier }),
    properties: {
      ...properties,
      ...(message.expiresAtMs < Infinity && {
        messageExpiryIntervalSeconds: secondsLeft(message, nowMs),
      }),
      ...(subscriptionIdentifiers === undefined ? {} : { subscriptionIdentifiers }),
    },
  };
}

/**
 * Sends what the session is owed, as far as its client takes it now: first what an earlier connection
 * left unacknowledged, then the queue, then retained messages. Called whenever something may have become
 * possible: after acknowledgements, when the client reads again, in the next turn.
 */
export function pump(core: DeliveringContext, session: Session): void {
  const connection = session.connection;
  if (connection === undefined || !isOwed(session, connection)) return;
  if (!connection.isOpen || isCutOff(core, session)) return;
  const { resumption } = connection;
  if (resumption?.isResending === true) resend(core, session, connection, resumption);
  sendQueued(core, session);
  if (session.queue.length > 0) watchWindow(core, session);
  const { replays } = session;
  if (replays !== undefined && replays.size > 0 && session.queue.length === 0)
    replayRetained(core, session, replays, deliver);
  if (connection.waitsForTurn && isOwed(session, connection)) core.continueLater(session);
}

/** True if there is anything that the session's client is still to get; mostly there is nothing. */
function isOwed({ queue, replays }: Session, { resumption }: Connection): boolean {
  if (queue.length > 0 || resumption?.isResending === true) return true;
  return replays !== undefined && replays.size > 0;
}

function sendQueued(core: DeliveringContext, session: Session): void {
  while (session.queue.length > 0 && (session.freeQuota > 0 || isUnlimited(session))) {
    if (!session.isQueueJudged && sendStored(core, session)) continue;
    const owed = takeQueued(core, session);
    if (owed === undefined) return;
    const delivery = deliveryOf(core, session, owed);
    // A message that expired before its delivery began is not sent [MQTT-3.3.2-5].
    if (isExpired(core, delivery.message, session)) forgetQueued(core, session, owed);
    else if (session.isQueueJudged && !mayReceive(core, session, delivery.message.topic))
      withhold(core, session, owed, delivery);
    else if (isForAnother(session, delivery)) {
      forgetQueued(core, session, owed);
      passOn(core, delivery);
    } else if (delivery.qos === 0) sendAtMostOnce(core, session, delivery);
    else sendExchange(core, session, delivery, owed);
  }
  if (session.queue.length === 0) session.isQueueJudged = false;
}

/** A message that waited, and that the session may not receive by the rules of now; another member of its group may. */
function withhold(core: DeliveringContext, session: Session, owed: Owed, delivery: Delivery): void {
  forgetQueued(core, session, owed);
  noteDenied(core, "receive", session.access?.client ?? session, delivery.message.topic);
  passOn(core, delivery);
}

function denied(core: DeliveringContext, session: Session, delivery: Delivery): "dropped" {
  const { message, watch: told } = delivery;
  noteDenied(core, "receive", session.access?.client ?? session, message.topic);
  told?.({ type: "dropped" });
  return "dropped";
}

/** True if the head of the queue is a QoS 0 message, which no quota holds back. */
function isUnlimited(session: Session): boolean {
  const head = session.queue.peek();
  // What the journal has is of QoS 1 or 2.
  if (head === undefined || typeof head === "number" || head.qos > 0) return false;
  return session.connection?.takesMessages === true;
}

/**
 * Sends again what an earlier connection left open, under the same identifiers, PUBLISH with DUP
 * [MQTT-4.4.0-1] [MQTT-3.3.1-1]. No more than the Receive Maximum are open at a time.
 */
function resend(
  core: DeliveringContext,
  session: Session,
  connection: Connection,
  resumption: Resumption,
): void {
  const isShown = core.hooks.clientAcknowledgedPublishPacket !== undefined;
  while (connection.takesMessages && resumption.unacknowledged < connection.sendMaximum) {
    const exchange = resumption.next();
    if (exchange === undefined) return;
    const { identifier: packetIdentifier, state, item } = exchange;
    if (state === "awaitingPubcomp")
      sendAcknowledgement(core, connection, "pubrel", packetIdentifier);
    else if (item !== undefined) {
      resumption.resend(packetIdentifier, isShown);
      resendPublish(core, session, item, packetIdentifier);
    }
  }
}

function resendPublish(
  core: DeliveringContext,
  session: Session,
  owed: Owed,
  packetIdentifier: number,
): void {
  const connection = session.connection;
  if (connection === undefined) return;
  const delivery = deliveryOf(core, session, owed);
  // A QoS 2 message that it was sent goes to nobody else [MQTT-4.8.2-5].
  if (delivery.qos === 1 && isForAnother(session, delivery)) {
    endUnsent(core, connection, session, packetIdentifier);
    return passOn(core, delivery);
  }
  if (
    send(core, connection, connection.output.outbox, {
      delivery,
      packetIdentifier,
      duplicate: true,
    })
  )
    return;
  endUnsent(core, connection, session, packetIdentifier);
}
