import { ProtocolError, validateUtf8 } from "@anax/protocol";
import type { PublishPacket } from "@anax/protocol";
import { dismiss } from "../connection/closing.ts";
import type { Connection } from "../connection/connection.ts";
import type { CoreContext } from "../core-context.ts";
import { messageFromPacket } from "./message.ts";
import type { Message } from "./message.ts";
import { sendAcknowledgement, sendPacket } from "../connection/outgoing.ts";
import type { Task } from "../pending.ts";
import { publish, publishIntercepted } from "./publishing.ts";
import type { Interception, Published } from "./publishing.ts";
import { isOpenToClients } from "./reserved-topics.ts";
import { takeIdentifier } from "./taking-identifier.ts";
import type { Session } from "../sessions/session.ts";
import { inOrder, onceStored } from "../journal/storing.ts";
import type { OutboxChoice } from "../journal/storing.ts";
import { levelCount } from "../routing/level-count.ts";

const UNSPECIFIED_ERROR = 0x80;
const NOT_AUTHORIZED = 0x87;
const TOPIC_NAME_INVALID = 0x90;
const PAYLOAD_FORMAT_INVALID = 0x99;
const RETAIN_NOT_SUPPORTED = 0x9a;
const QOS_NOT_SUPPORTED = 0x9b;

/**
 * PUBLISH of a client, one at a time: the way with every feature. `publish-run` takes what needs none of
 * them and must come to the same result.
 */
export function* receivePublish(
  core: CoreContext,
  connection: Connection,
  session: Session,
  packet: PublishPacket,
  excess?: Excess,
): Task {
  const topic = resolveTopic(connection, packet);
  requireSupported(core, packet);
  const appendedBefore = core.journal?.appended;
  const unstorable =
    packet.qos === 2 ? takeIdentifier(core, connection, session, topic, packet) : undefined;
  if (unstorable === "answered") return;
  const refusal = unstorable ?? (excess && refused(excess)) ?? refusalOf(core, packet, topic);
  if (refusal !== undefined && (packet.qos === 0 || connection.version !== 5)) {
    const { reasonCode, reasonString } = refusal;
    const { clientId } = connection;
    core.notices?.droppedPublish({ clientId, topic, reasonCode, reasonString });
  }
  const message = messageFromPacket({ ...packet, topic }, session.clientId, core.now);
  const origin = { ...connection.context };
  const published = refusal ?? (yield* publish(core, message, origin));
  const depends = core.journal?.appended !== appendedBefore;
  acknowledge(core, connection, session, { packet, published, depends });
}

/** A PUBLISH that was found in a run and shown to the interceptor there: the rest of its way. */
export function* receiveIntercepted(
  core: CoreContext,
  connection: Connection,
  session: Session,
  received: {
    readonly packet: Pick<PublishPacket, "qos" | "packetIdentifier">;
    readonly message: Message;
    readonly interception: Interception;
    readonly appendedBefore: number | undefined;
  },
): Task {
  const { packet, message, interception, appendedBefore } = received;
  const published = yield* publishIntercepted(core, message, connection.context, interception);
  const depends = core.journal?.appended !== appendedBefore;
  acknowledge(core, connection, session, { packet, published, depends });
}

/** The topic that a PUBLISH means; a Topic Alias is learned or looked up [MQTT-3.3.2-12]. */
function resolveTopic(connection: Connection, packet: PublishPacket): string {
  const { properties } = packet;
  // Only servers send these [MQTT-3.3.4-6].
  if (properties?.subscriptionIdentifiers !== undefined) {
    throw new ProtocolError("PUBLISH of a Client with a Subscription Identifier");
  }
  const alias = properties?.topicAlias;
  if (alias === undefined) return packet.topic;
  if (connection.aliases === undefined) {
    throw new ProtocolError(
      `Topic Alias ${alias}, but the server's Topic Alias Maximum is 0`,
      0x94,
    );
  }
  if (packet.topic === "") return connection.aliases.get(alias);
  connection.aliases.set(alias, packet.topic);
  return packet.topic;
}

/** What CONNACK said that the server does not take is a Protocol Error to send. */
function requireSupported(core: CoreContext, packet: PublishPacket): void {
  const { maximumQos, retainAvailable } = core.options;
  if (packet.qos > maximumQos) {
    throw new ProtocolError(
      `QoS ${packet.qos} exceeds Maximum QoS ${maximumQos}`,
      QOS_NOT_SUPPORTED,
    );
  }
  if (packet.retain && !retainAvailable) {
    throw new ProtocolError("retained messages are not available", RETAIN_NOT_SUPPORTED);
  }
}

/** A message that is well formed but not taken: the acknowledgement says why, the connection stays. */
function refusalOf(core: CoreContext, packet: PublishPacket, topic: string): Published | undefined {
  if (!isOpenToClients(topic, core.options)) {
    return refused({
      reasonCode: NOT_AUTHORIZED,
      reasonString: `clients may not publish to "${topic}"`,
    });
  }
  if (levelCount(topic) > core.options.topicLevelsMax) {
    return refused({
      reasonCode: TOPIC_NAME_INVALID,
      reasonString: `the topic has over ${core.options.topicLevelsMax} levels`,
    });
  }
  const saysUtf8 = packet.properties?.payloadFormatIndicator === 1;
  if (core.options.checkPayloadFormat && saysUtf8 && !isUtf8(packet.payload)) {
    return refused({
      reasonCode: PAYLOAD_FORMAT_INVALID,
      reasonString: "the payload is not UTF-8",
    });
  }
  return undefined;
}

function isUtf8(payload: Uint8Array): boolean {
  return validateUtf8(payload, 0, payload.length);
}

/** More of something in a packet than is taken, as its answer tells it. */
export interface Excess {
  readonly reasonCode: number;
  readonly reasonString: string;
}

function refused({ reasonCode, reasonString }: Excess): Published {
  return { matched: 0, queued: 0, dropped: 0, reasonCode, reasonString, closeConnection: false };
}

/**
 * The server could not take the message, as opposed to not wanting it. Clients before 5.0 cannot be told, and a plain
 * acknowledgement would lose the message: their connection is closed (3.1.1: [MQTT-4.8.0-2], [MQTT-3.3.5-2]).
 */
const FAILURES: ReadonlySet<number> = new Set([0x80, 0x83, 0x97]);

interface Acknowledging {
  readonly packet: Pick<PublishPacket, "qos" | "packetIdentifier">;
  readonly published: Published;
  /** True if the answer asserts something that must be stored first. */
  readonly depends: boolean;
}

/** The answer that the QoS asks for [MQTT-3.3.4-1]. 3.1 and 3.1.1 know no refusal there: they get the plain one. */
function acknowledge(
  core: CoreContext,
  connection: Connection,
  session: Session,
  { packet, published, depends }: Acknowledging,
): void {
  if (published.closeConnection) return closeFor(core, connection, published);
  const { qos, packetIdentifier } = packet;
  if (qos === 0 || packetIdentifier === undefined) return refuseQos0(published);
  const { reasonCode } = published;
  const isFailure = connection.version !== 5 && FAILURES.has(reasonCode);
  // A refused identifier is free again [MQTT-4.3.3-9]; where the refusal cannot be told, the exchange goes on.
  const isFree = isFailure || (connection.version === 5 && reasonCode >= 0x80);
  if (qos === 2 && isFree) {
    release(core, session, packetIdentifier);
    connection.refusedIdentifiers.add(packetIdentifier);
  }
  if (isFailure) return closeFor(core, connection, published);
  // A refusal asserts nothing that had to be stored.
  const choose = depends && reasonCode < 0x80 ? onceStored : inOrder;
  answer(core, connection, {
    type: qos === 1 ? "puback" : "pubrec",
    packetIdentifier,
    published,
    choose,
  });
}

/** PUBACK or PUBREC, with the Reason Code where the version has one. */
function answer(
  core: CoreContext,
  connection: Connection,
  { type, packetIdentifier, published, choose }: Answer,
): void {
  const { reasonCode, reasonString, userProperties } = published;
  const isPlain = reasonCode === 0 && reasonString === undefined && userProperties === undefined;
  if (isPlain || connection.version !== 5) {
    return sendAcknowledgement(core, connection, type, packetIdentifier, choose);
  }
  const properties = {
    ...(reasonString !== undefined && { reasonString }),
    ...(userProperties !== undefined && { userProperties }),
  };
  sendPacket(core, connection, { type, packetIdentifier, reasonCode, properties }, choose);
}

interface Answer {
  readonly type: "puback" | "pubrec";
  readonly packetIdentifier: number;
  readonly published: Published;
  readonly choose: OutboxChoice;
}

function release(core: CoreContext, session: Session, packetIdentifier: number): void {
  session.receiver.release(packetIdentifier);
  if (session.isDurable) core.journal?.released(session, packetIdentifier);
}

/** QoS 0 has no acknowledgement: only a payload that breaks its own indicator ends the connection. */
function refuseQos0(published: Published): void {
  if (published.reasonCode !== PAYLOAD_FORMAT_INVALID) return;
  throw new ProtocolError(
    published.reasonString ?? "the payload is not UTF-8",
    PAYLOAD_FORMAT_INVALID,
  );
}

function closeFor(core: CoreContext, connection: Connection, published: Published): void {
  const { reasonCode, reasonString, userProperties } = published;
  dismiss(core, connection, {
    reasonCode: reasonCode >= 0x80 ? reasonCode : UNSPECIFIED_ERROR,
    ...(reasonString !== undefined && { reasonString }),
    ...(userProperties !== undefined && { userProperties }),
  });
}
