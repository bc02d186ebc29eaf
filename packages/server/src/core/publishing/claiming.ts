import { encodeUtf8, ProtocolError } from "@anax/protocol";
import type { PublishPacket } from "@anax/protocol";
import type { Connection } from "../connection/connection.ts";
import { sendAcknowledgement, sendPacket } from "../connection/outgoing.ts";
import type { PublishingContext } from "./publishing-context.ts";
import { inOrder, onceStored, refusalToStore } from "../connection/storing.ts";
import type { Session } from "../sessions/session.ts";
import { Claim, openMessages } from "./claim.ts";
import { contentDigest, topicDigest } from "../message/content-digest.ts";
import { refused } from "../message/published.ts";
import type { Published } from "../message/published.ts";

const PACKET_IDENTIFIER_IN_USE = 0x91;
const RECEIVE_MAXIMUM_EXCEEDED = 0x93;

/**
 * True if the PUBLISH repeats one that still waits for handlers: it joins that, and is acknowledged on this connection when
 * they have answered. The older message loses its acknowledgement if the client uses its identifier for another.
 */
export function joins(
  connection: Connection,
  session: Session,
  topic: string,
  packet: PublishPacket,
): boolean {
  const { qos, packetIdentifier } = packet;
  const { held } = session;
  if (held === undefined || qos === 0 || held.packetIdentifier !== packetIdentifier) return false;
  if (!held.isRepeatedBy(packet, () => digestOf(topic, packet.payload))) {
    held.detach();
    return false;
  }
  held.connection = connection;
  return true;
}

/**
 * Claims the identifier of a PUBLISH, so that its message is taken once; nothing is stored yet. "answered" if there is
 * nothing more to do: the message was received already, and gets its PUBREC again [MQTT-4.3.3-10], or its identifier is that
 * of another message. A refusal if the identifier cannot be stored in a session that is.
 *
 * Clients that keep no Session State count their identifiers from 1 again on each connection, though the server says that
 * it has a session with identifiers that await PUBREL. What neither says that it is a repetition nor is the same message
 * is a new one: to answer PUBREC and to drop it would lose what was acknowledged.
 */
export function claimIdentifier(
  core: PublishingContext,
  connection: Connection,
  session: Session,
  topic: string,
  packet: PublishPacket,
): { readonly claim: Claim; readonly refusal: Published | undefined } | "answered" {
  const { qos, packetIdentifier = 0 } = packet;
  if (qos !== 2)
    return { claim: new Claim(connection, session, { qos, packetIdentifier }), refusal: undefined };
  const content = digestOf(topic, packet.payload);
  if (session.receiver.has(packetIdentifier)) {
    if (isRepetition(session.receiver.contentOf(packetIdentifier), content, packet)) {
      repeat(core, connection, session, packetIdentifier);
      return "answered";
    }
    tellReuse(core, connection, packetIdentifier);
    if (mustRefuse(connection, packetIdentifier)) {
      refuseReuse(core, connection, packetIdentifier);
      return "answered";
    }
  }
  requireQuota(core, connection, session);
  const claim = new Claim(connection, session, { qos, packetIdentifier, content });
  const unstorable = claim.needsStore ? refusalToStore(core) : undefined;
  const refusal =
    unstorable === undefined
      ? undefined
      : refused({ reasonCode: unstorable, reasonString: "the server cannot store messages now" });
  return { claim, refusal };
}

function digestOf(topic: string, payload: Uint8Array): number {
  const topicBytes = encodeUtf8(topic);
  return contentDigest(topicDigest(topicBytes, 0, topicBytes.length), payload, 0, payload.length);
}

/** The message was received already. It is one of this connection from now on. */
function repeat(
  core: PublishingContext,
  connection: Connection,
  session: Session,
  packetIdentifier: number,
): void {
  connection.resumption?.unreleased.delete(packetIdentifier);
  const choose = session.isDurable ? onceStored : inOrder;
  sendAcknowledgement(core, connection, "pubrec", packetIdentifier, choose);
}

/** What earlier formats of the store have kept of a message does not tell it from others. */
function isRepetition(known: number, content: number, { duplicate }: PublishPacket): boolean {
  return duplicate || known === 0 || known === content;
}

/** On the connection that brought the first message the client must know better, and only MQTT 5.0 can tell it so. */
function mustRefuse({ version, resumption }: Connection, packetIdentifier: number): boolean {
  return version === 5 && resumption?.unreleased.has(packetIdentifier) !== true;
}

function refuseReuse(
  core: PublishingContext,
  connection: Connection,
  packetIdentifier: number,
): void {
  const reasonString = `Packet Identifier ${packetIdentifier} is that of another message, which awaits PUBREL`;
  const refusal = { reasonCode: PACKET_IDENTIFIER_IN_USE, properties: { reasonString } };
  sendPacket(core, connection, { type: "pubrec", packetIdentifier, ...refusal }, inOrder);
}

/** Said once for a connection: such clients do it again and again. */
function tellReuse(
  core: PublishingContext,
  connection: Connection,
  packetIdentifier: number,
): void {
  if (connection.isReuseTold) return;
  connection.isReuseTold = true;
  const { clientId, peer } = connection;
  core.warn(
    "a client uses Packet Identifiers of QoS 2 again before their PUBREL; it should keep its Session State",
    { clientId, packetIdentifier, remoteAddress: peer.remoteAddress },
  );
}

/** 3.1 and 3.1.1 clients cannot know the limit; theirs is the number of identifiers. */
function requireQuota(core: PublishingContext, connection: Connection, session: Session): void {
  if (hasQuota(core, connection, session, 1)) return;
  const open = openMessages(connection, session) + 1;
  throw new ProtocolError(
    `${open} PUBLISH packets are open, Receive Maximum is ${core.options.receiveMaximum}`,
    RECEIVE_MAXIMUM_EXCEEDED,
  );
}

/** True if the client may send so many more QoS 2 messages. */
export function hasQuota(
  core: PublishingContext,
  connection: Connection,
  session: Session,
  more: number,
): boolean {
  if (connection.version !== 5) return true;
  return openMessages(connection, session) + more <= core.options.receiveMaximum;
}
