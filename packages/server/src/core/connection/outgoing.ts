import { writeU16 } from "../numbers.ts";
import { encodePacket } from "@anax/protocol";
import type { Packet, QoS } from "@anax/protocol";
import type { Connection } from "./connection.ts";
import type { ConnectionContext } from "./connection-context.ts";
import { interceptOutbound } from "./intercepting.ts";
import { traceSent } from "../tracing/telling.ts";
import { atOnce, inOrder } from "./storing.ts";
import type { OutboxChoice } from "./storing.ts";

/** Output that a peer may leave unread before the server stops reading from it. */
const UNREAD_BYTES_MAX = 1_048_576;

/** Characters of a Reason String: it may repeat what a client sent, and is for people to read. */
export const REASON_STRING_MAX = 1_000;

/** Properties that only explain. */
const EXPLANATIONS = ["userProperties", "reasonString"] as const;

/** What is left out of a packet that is too large, in this order, until it fits. */
const DISPENSABLE = [...EXPLANATIONS, "responseInformation", "serverReference"] as const;

/** Sends any packet but PUBLISH, through the interceptor if there is one. */
export function sendPacket(
  core: ConnectionContext,
  connection: Connection,
  packet: Packet,
  choose: OutboxChoice = atOnce,
): void {
  if (!connection.isOpen) return;
  if (core.shortCuts.writtenPackets) {
    return writePacket(core, connection, packet, choose);
  }
  interceptOutbound(core, connection, packet, (shown) => {
    if (shown !== undefined) writePacket(core, connection, shown, choose);
    else if (packet.type === "connack")
      throw new Error("interceptingOutboundPacket dropped CONNACK");
  });
}

/** Puts a packet into an outbox as it is. */
function writePacket(
  core: ConnectionContext,
  connection: Connection,
  packet: Packet,
  choose: OutboxChoice,
): void {
  // There is no DISCONNECT without a CONNACK that lets the client in, which may not have been sent after all [MQTT-3.14.0-1].
  if (packet.type === "disconnect" && !connection.output.isWelcomed) return;
  const bytes = fitted(connection, packet);
  if (bytes === undefined) return core.leaveUnanswered(connection, packet);
  choose(core, connection).append(bytes, 0, bytes.length);
  if (packet.type === "connack") connection.output.isWelcomed = packet.reasonCode === 0;
  countSent(core, connection, 1);
  if (connection.isTraced) traceSent(core, connection, packet);
}

/** First byte of each acknowledgement; PUBREL has flags 0010 [MQTT-3.6.1-1]. */
const FIRST_BYTE = { puback: 0x40, pubrec: 0x50, pubrel: 0x62, pubcomp: 0x70 } as const;

/** Sends PUBACK, PUBREC, PUBREL or PUBCOMP with Reason Code 0: four bytes in every version. */
export function sendAcknowledgement(
  core: ConnectionContext,
  connection: Connection,
  type: keyof typeof FIRST_BYTE,
  packetIdentifier: number,
  choose: OutboxChoice = inOrder,
): void {
  if (!core.shortCuts.writtenPackets) {
    return sendPacket(core, connection, { type, packetIdentifier, reasonCode: 0 }, choose);
  }
  if (!connection.isOpen) return;
  const outbox = choose(core, connection);
  const start = outbox.reserve(4);
  const { bytes } = outbox;
  bytes[start] = FIRST_BYTE[type];
  bytes[start + 1] = 2;
  writeU16(bytes, start + 2, packetIdentifier);
  countSent(core, connection, 1);
  if (connection.isTraced) traceSent(core, connection, { type, packetIdentifier, reasonCode: 0 });
}

/** Counts packets put into the outbox, has it written, and stops reading from who never reads. */
export function countSent(core: ConnectionContext, connection: Connection, packets: number): void {
  connection.counters.packetsSent += packets;
  connection.lastSentAtMs = core.now;
  core.statistics.packetsSent += packets;
  core.touch(connection);
  if (connection.output.isCongested && connection.output.outbox.length > UNREAD_BYTES_MAX)
    connection.intake.holdAnswers(true);
}

/** Counts PUBLISH packets that were put into an outbox, with payloads of so many bytes together, and has it written. */
export function countPublishes(
  core: ConnectionContext,
  connection: Connection,
  count: number,
  payloadBytes: number,
  qos: QoS,
): void {
  connection.counters.publishesSent += count;
  core.statistics.publishesSent += count;
  core.statistics.publishBytesSent += payloadBytes;
  if (qos !== 0) core.statistics.countSent(qos, count, payloadBytes);
  if (core.sampling.isOpen) core.sampling.give(connection);
  countSent(core, connection, count);
}

/**
 * The packet's bytes, without the explanations that would make it larger than the client takes
 * [MQTT-3.2.2-19] [MQTT-3.4.2-2] or that the client does not want [MQTT-3.1.2-29]; undefined if it is still too large.
 */
function fitted(connection: Connection, packet: Packet): Uint8Array | undefined {
  const { version, maximumPacketSize } = connection;
  let shorter = isUnwanted(connection, packet)
    ? without(packet, EXPLANATIONS)
    : withShortReason(packet);
  let bytes = encodePacket(shorter, version);
  for (const property of DISPENSABLE) {
    if (bytes.length <= maximumPacketSize) return bytes;
    shorter = without(shorter, [property]);
    bytes = encodePacket(shorter, version);
  }
  return bytes.length <= maximumPacketSize ? bytes : undefined;
}

/** True if the packet reaches the client, however little of what may be left out of it does. */
export function mayFit(connection: Connection, packet: Packet): boolean {
  return connection.maximumPacketSize === Infinity || fitted(connection, packet) !== undefined;
}

function isUnwanted(connection: Connection, packet: Packet): boolean {
  return (
    !connection.requestProblemInformation &&
    packet.type !== "publish" &&
    packet.type !== "connack" &&
    packet.type !== "disconnect"
  );
}

/** The same packet with a Reason String that can be sent, however much of a client's it repeats. */
function withShortReason(packet: Packet): Packet {
  if (!("properties" in packet) || packet.properties === undefined) return packet;
  const { properties } = packet;
  if (!("reasonString" in properties) || properties.reasonString === undefined) return packet;
  if (properties.reasonString.length <= REASON_STRING_MAX) return packet;
  // A character of two halves is not cut in two.
  const reasonString = properties.reasonString
    .slice(0, REASON_STRING_MAX)
    .replace(/[\ud800-\udbff]$/, "");
  return {
    ...packet,
    properties: { ...properties, reasonString: `${reasonString}\u2026` },
  } as Packet;
}

/** The same packet without these properties. */
function without(packet: Packet, names: readonly string[]): Packet {
  if (!("properties" in packet) || packet.properties === undefined) return packet;
  const properties: Record<string, unknown> = { ...packet.properties };
  for (const name of names) delete properties[name];
  return { ...packet, properties } as Packet;
}
