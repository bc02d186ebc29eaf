import { ProtocolError } from "@anax/protocol";
import type { PubackPacket, PubcompPacket, PubrecPacket } from "@anax/protocol";
import type { AcknowledgedPacket } from "../owed/acknowledged-packet.ts";
import type { Connection } from "../connection/connection.ts";
import type { DeliveringContext } from "./delivering-context.ts";
import type { Delivery } from "../owed/delivery.ts";
import { deliveryOf, finishExchange, letGo } from "../journal/owing.ts";
import { acknowledgeWatched } from "../owed/delivery-watch.ts";
import { shownMessageOf } from "../message/message.ts";
import { sendAcknowledgement, sendPacket } from "../connection/outgoing.ts";
import type { Session } from "../sessions/session.ts";
import { inOrder, onceStored } from "../connection/storing.ts";

const PACKET_IDENTIFIER_NOT_FOUND = 0x92;

/*
 * Acknowledgements of exchanges in both directions. Each takes the Packet Identifier, and the packet only
 * where it has more to say than that: the usual four bytes are handled without making an object of them.
 */

/** PUBACK: the client has a QoS 1 message, or refuses it; either way it is done with [MQTT-4.4.0-2]. */
export function receivePuback(
  core: DeliveringContext,
  connection: Connection,
  session: Session,
  packetIdentifier: number,
  packet: PubackPacket | undefined,
): void {
  if (!session.sender.puback(packetIdentifier))
    return ignore(core, session, "PUBACK", packetIdentifier);
  acknowledgeWatched(session, packetIdentifier, packet?.reasonCode);
  const item = endExchange(core, connection, session, packetIdentifier);
  if (item !== undefined)
    report(core, connection, item, packet ?? { type: "puback", packetIdentifier, reasonCode: 0 });
}

/** PUBREC: the client has a QoS 2 message; PUBREL follows, and the PUBLISH is never sent again [MQTT-4.3.3-6]. */
export function receivePubrec(
  core: DeliveringContext,
  connection: Connection,
  session: Session,
  packetIdentifier: number,
  packet: PubrecPacket | undefined,
): void {
  switch (session.sender.pubrec(packetIdentifier, packet?.reasonCode ?? 0)) {
    case "release":
      return release(core, connection, session, packetIdentifier);
    case "finished":
      return refuse(
        core,
        connection,
        session,
        packet ?? { type: "pubrec", packetIdentifier, reasonCode: 0 },
      );
    case "unknown":
      return releaseUnknown(core, connection, session, {
        packetIdentifier,
        reasonCode: packet?.reasonCode ?? 0,
      });
  }
}

function release(
  core: DeliveringContext,
  connection: Connection,
  session: Session,
  packetIdentifier: number,
): void {
  if (session.isDurable) recordReceived(core, session, packetIdentifier);
  // The message itself is needed no more, unless an event wants to show it at the end.
  else if (core.shortCuts.droppedMessages) {
    letGo(core, session.sender.item(packetIdentifier));
    session.sender.replaceItem(packetIdentifier, undefined);
  }
  const choose = session.isDurable ? onceStored : inOrder;
  sendAcknowledgement(core, connection, "pubrel", packetIdentifier, choose);
}

/** Writes down that PUBREC came. A repeated one finds its message let go already. */
function recordReceived(core: DeliveringContext, session: Session, packetIdentifier: number): void {
  const owed = session.sender.item(packetIdentifier);
  if (owed === undefined || core.journal === undefined || core.journal.slotOf(owed) < 0) return;
  // The event at the end wants the message, the journal no longer: what is kept has a message that is not in it.
  const shown =
    core.hooks.clientAcknowledgedPublishPacket && unstored(deliveryOf(core, session, owed));
  core.journal.received(session, packetIdentifier, owed);
  session.sender.replaceItem(packetIdentifier, shown);
}

function unstored(delivery: Delivery): Delivery {
  return { ...delivery, message: delivery.message.clone() };
}

function releaseUnknown(
  core: DeliveringContext,
  connection: Connection,
  session: Session,
  { packetIdentifier, reasonCode }: Pick<PubrecPacket, "packetIdentifier" | "reasonCode">,
): void {
  // A refusal that comes after an acceptance is of no effect.
  if (session.sender.state(packetIdentifier) === "awaitingPubcomp") return countUnknown(core);
  ignore(core, session, "PUBREC", packetIdentifier);
  if (reasonCode >= 0x80) return;
  sendPacket(core, connection, {
    type: "pubrel",
    packetIdentifier,
    reasonCode: PACKET_IDENTIFIER_NOT_FOUND,
  });
}

/** PUBCOMP: a QoS 2 exchange towards the client is complete. */
export function receivePubcomp(
  core: DeliveringContext,
  connection: Connection,
  session: Session,
  packetIdentifier: number,
  packet: PubcompPacket | undefined,
): void {
  if (!session.sender.pubcomp(packetIdentifier))
    return ignore(core, session, "PUBCOMP", packetIdentifier);
  acknowledgeWatched(session, packetIdentifier, packet?.reasonCode);
  const item = endExchange(core, connection, session, packetIdentifier);
  if (item !== undefined)
    report(core, connection, item, packet ?? { type: "pubcomp", packetIdentifier, reasonCode: 0 });
}

/**
 * PUBREL: the client will not send that PUBLISH again; its identifier is free [MQTT-4.3.3-11] [MQTT-4.3.3-12].
 *
 * One for an identifier that is free already is mostly a repetition, in a session that goes on, of what was answered before the
 * connection was lost, or follows a PUBREC that refused the message. A client that is told 0x92 then takes the message for
 * lost, or forgets why it was refused. One for a message that still waits for handlers has nothing to release.
 */
export function receivePubrel(
  core: DeliveringContext,
  connection: Connection,
  session: Session,
  packetIdentifier: number,
): void {
  const isHeld = session.held?.packetIdentifier === packetIdentifier;
  if (!isHeld && session.receiver.release(packetIdentifier)) {
    connection.resumption?.unreleased.delete(packetIdentifier);
    if (session.isDurable) core.journal?.released(session, packetIdentifier);
    const choose = session.isDurable ? onceStored : inOrder;
    return sendAcknowledgement(core, connection, "pubcomp", packetIdentifier, choose);
  }
  countUnknown(core);
  const isAnswered =
    connection.sessionPresent || connection.refusedIdentifiers.delete(packetIdentifier);
  if (isAnswered && !isHeld) {
    return sendAcknowledgement(core, connection, "pubcomp", packetIdentifier);
  }
  sendPacket(core, connection, {
    type: "pubcomp",
    packetIdentifier,
    reasonCode: PACKET_IDENTIFIER_NOT_FOUND,
  });
}

/**
 * An acknowledgement that no exchange waits for. For an identifier that is not in use that is normal after a reconnect; the
 * exchange of one that is waits for another kind, and there a Client that is right sends nothing else [MQTT-4.13.1-1].
 */
function ignore(
  core: DeliveringContext,
  { sender }: Session,
  type: string,
  packetIdentifier: number,
): void {
  const state = sender.state(packetIdentifier);
  if (state !== undefined) {
    const due = { awaitingPuback: "PUBACK", awaitingPubrec: "PUBREC", awaitingPubcomp: "PUBCOMP" };
    const text = `${type} for Packet Identifier ${packetIdentifier}, which waits for ${due[state]}`;
    throw new ProtocolError(text);
  }
  countUnknown(core);
}

function countUnknown({ statistics }: DeliveringContext): void {
  statistics.unknownAcknowledgements += 1;
}

/** A PUBREC of 0x80 or above ends the exchange: the client does not want the message. */
function refuse(
  core: DeliveringContext,
  connection: Connection,
  session: Session,
  packet: PubrecPacket,
): void {
  acknowledgeWatched(session, packet.packetIdentifier, packet.reasonCode);
  const item = endExchange(core, connection, session, packet.packetIdentifier);
  if (item !== undefined) report(core, connection, item, packet);
}

/** Lets go of the exchange that has just finished; gives what was kept of it, if an event wants it. */
function endExchange(
  core: DeliveringContext,
  connection: Connection,
  session: Session,
  packetIdentifier: number,
): Delivery | undefined {
  const owed = session.sender.finished;
  session.sender.finished = undefined;
  const isShown = core.hooks.clientAcknowledgedPublishPacket !== undefined;
  const delivery = isShown && owed !== undefined ? deliveryOf(core, session, owed) : undefined;
  finishExchange(core, session, packetIdentifier, owed);
  if (session.sender.inFlight === 0 && session.queue.length === 0) session.forgetAddresses();
  connection.resumption?.acknowledged(packetIdentifier);
  if (delivery === undefined) connection.resumption?.ended(packetIdentifier);
  return delivery;
}

function report(
  core: DeliveringContext,
  connection: Connection,
  delivery: Delivery,
  acknowledgePacket: AcknowledgedPacket,
): void {
  const { packetIdentifier } = acknowledgePacket;
  const duplicate = connection.resumption?.ended(packetIdentifier) === true;
  const { message, qos, retain, subscriptionIdentifiers = [] } = delivery;
  if (core.hooks.clientAcknowledgedPublishPacket === undefined || qos === 0) return;
  const args = Object.assign(connection.context, {
    packetIdentifier,
    applicationMessage: shownMessageOf(message),
    publishPacket: { packetIdentifier, qos, retain, duplicate, subscriptionIdentifiers },
    acknowledgePacket,
    isCompleted: true,
  });
  core.news.tell("clientAcknowledgedPublishPacket", connection, args, connection);
}
