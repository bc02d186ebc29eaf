import { encodeUtf8, ProtocolError } from "@anax/protocol";
import type { PublishPacket } from "@anax/protocol";
import type { Connection } from "../connection/connection.ts";
import { sendAcknowledgement, sendPacket } from "../connection/outgoing.ts";
import type { CoreContext } from "../core-context.ts";
import { inOrder, onceStored, refusalToStore } from "../journal/storing.ts";
import type { Session } from "../sessions/session.ts";
import { contentDigest, topicDigest } from "./content-digest.ts";
import type { Published } from "./publishing.ts";

const PACKET_IDENTIFIER_IN_USE = 0x91;
const RECEIVE_MAXIMUM_EXCEEDED = 0x93;

/**
 * Takes the identifier of a QoS 2 PUBLISH, so that its message is taken once. "answered" if there is nothing more to do: the
 * message was taken already, and gets its PUBREC again [MQTT-4.3.3-10], or its identifier is that of another message. A
 * refusal if the identifier cannot be stored in a session that is.
 *
 * Clients that keep no Session State count their identifiers from 1 again on each connection, though the server says that
 * it has a session with identifiers that await PUBREL. What neither says that it is a repetition nor is the same message
 * is a new one: to answer PUBREC and to drop it would lose what was acknowledged.
 */
export function takeIdentifier(
  core: CoreContext,
  connection: Connection,
  session: Session,
  topic: string,
  packet: PublishPacket,
): "answered" | Published | undefined {
  const { packetIdentifier = 0, payload } = packet;
  const { receiver } = session;
  const topicBytes = encodeUtf8(topic);
  const ofTopic = topicDigest(topicBytes, 0, topicBytes.length);
  const content = contentDigest(ofTopic, payload, 0, payload.length);
  const isInUse = receiver.has(packetIdentifier);
  if (isInUse && isRepetition(receiver.contentOf(packetIdentifier), content, packet)) {
    const choose = session.isDurable ? onceStored : inOrder;
    sendAcknowledgement(core, connection, "pubrec", packetIdentifier, choose);
    return "answered";
  }
  if (isInUse) tellReuse(core, connection, packetIdentifier);
  if (isInUse && mustRefuse(connection, packetIdentifier)) {
    refuseReuse(core, connection, packetIdentifier);
    return "answered";
  }
  const refusal = session.isDurable ? refusalToStore(core) : undefined;
  if (refusal !== undefined) return refusedByStore(refusal);
  if (isInUse) replace(connection, session, packetIdentifier, content);
  else receiver.receive(packetIdentifier, content);
  if (session.isDurable) core.journal?.seen(session, packetIdentifier, content);
  requireQuota(core, connection, session);
  return undefined;
}

/** What earlier formats of the store have kept of a message does not tell it from others. */
function isRepetition(known: number, content: number, { duplicate }: PublishPacket): boolean {
  return duplicate || known === 0 || known === content;
}

/** On the connection that brought the first message the client must know better, and only MQTT 5.0 can tell it so. */
function mustRefuse({ version, unreleasedBefore }: Connection, packetIdentifier: number): boolean {
  return version === 5 && unreleasedBefore?.has(packetIdentifier) !== true;
}

function replace(
  { unreleasedBefore }: Connection,
  { receiver }: Session,
  packetIdentifier: number,
  content: number,
): void {
  receiver.replaceContent(packetIdentifier, content);
  unreleasedBefore?.delete(packetIdentifier);
}

function refuseReuse(core: CoreContext, connection: Connection, packetIdentifier: number): void {
  const reasonString = `Packet Identifier ${packetIdentifier} is that of another message, which awaits PUBREL`;
  const refusal = { reasonCode: PACKET_IDENTIFIER_IN_USE, properties: { reasonString } };
  sendPacket(core, connection, { type: "pubrec", packetIdentifier, ...refusal }, inOrder);
}

/** Said once for a connection: such clients do it again and again. */
function tellReuse(core: CoreContext, connection: Connection, packetIdentifier: number): void {
  if (connection.isReuseTold) return;
  connection.isReuseTold = true;
  const { clientId, peer } = connection;
  core.warn(
    "a client uses Packet Identifiers of QoS 2 again before their PUBREL; it should keep its Session State",
    { clientId, packetIdentifier, remoteAddress: peer.remoteAddress },
  );
}

function refusedByStore(reasonCode: number): Published {
  const reasonString = "the store takes nothing";
  return { matched: 0, queued: 0, dropped: 0, reasonCode, reasonString, closeConnection: false };
}

/** 3.1 and 3.1.1 clients cannot know the limit; theirs is the number of identifiers. */
function requireQuota(core: CoreContext, { version }: Connection, { receiver }: Session): void {
  const { receiveMaximum } = core.options;
  if (version !== 5 || receiver.size <= receiveMaximum) return;
  throw new ProtocolError(
    `${receiver.size} PUBLISH packets are open, Receive Maximum is ${receiveMaximum}`,
    RECEIVE_MAXIMUM_EXCEEDED,
  );
}
