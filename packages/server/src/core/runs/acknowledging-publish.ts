import { ProtocolError } from "@anax/protocol";
import type { ProtocolVersion } from "@anax/protocol";
import { dismiss } from "../endings/closing.ts";
import type { Connection } from "../connection/connection.ts";
import { sendAcknowledgement, sendPacket } from "../connection/outgoing.ts";
import type { RunsContext } from "./runs-context.ts";
import { inOrder, onceStored } from "../connection/storing.ts";
import type { OutboxChoice } from "../connection/storing.ts";
import type { Claim } from "../publishing/claim.ts";
import type { Published } from "../message/published.ts";

const UNSPECIFIED_ERROR = 0x80;
const PAYLOAD_FORMAT_INVALID = 0x99;

/**
 * The server could not take the message, as opposed to not wanting it. Clients before 5.0 cannot be told, and a plain
 * acknowledgement would lose the message: their connection is closed (3.1.1: [MQTT-4.8.0-2], [MQTT-3.3.5-2]).
 */
const FAILURES: ReadonlySet<number> = new Set([0x80, 0x83, 0x97]);

/** True if the message cannot be taken and the client cannot be told. */
function isFailure(version: ProtocolVersion, reasonCode: number): boolean {
  return version !== 5 && FAILURES.has(reasonCode);
}

/** True if the identifier is free again [MQTT-4.3.3-9]; where a refusal cannot be told, the exchange goes on. */
export function freesIdentifier(version: ProtocolVersion, reasonCode: number): boolean {
  return version === 5 ? reasonCode >= 0x80 : isFailure(version, reasonCode);
}

/**
 * The answer that the QoS asks for [MQTT-3.3.4-1], to the connection that sent the PUBLISH last. 3.1 and 3.1.1 know no refusal
 * there: they get the plain one.
 */
export function acknowledge(core: RunsContext, claim: Claim, published: Published): void {
  const { qos, packetIdentifier, told } = claim;
  const { reasonCode, closeConnection } = published;
  if (closeConnection) return told && closeFor(core, told, published);
  if (qos === 0) return refuseQos0(published);
  const { version } = claim.connection;
  const depends = qos === 2 && settleIdentifier(core, claim, reasonCode);
  if (told === undefined) return;
  if (isFailure(version, reasonCode)) return closeFor(core, told, published);
  // A refusal asserts nothing that had to be stored.
  const choose = (depends || published.isStored) && reasonCode < 0x80 ? onceStored : inOrder;
  const type = qos === 1 ? "puback" : "pubrec";
  answer(core, told, { type, packetIdentifier, published, choose });
}

/** The identifier awaits PUBREL from now on, or is free. True if that has to be stored. */
function settleIdentifier(core: RunsContext, claim: Claim, reasonCode: number): boolean {
  const { session, connection, packetIdentifier } = claim;
  if (session === undefined) return false;
  if (!freesIdentifier(connection.version, reasonCode)) {
    claim.record(core);
    return session.isDurable;
  }
  // It may have been that of an earlier message.
  if (session.receiver.release(packetIdentifier) && session.isDurable)
    core.journal?.released(session, packetIdentifier);
  connection.resumption?.unreleased.delete(packetIdentifier);
  connection.refusedIdentifiers.add(packetIdentifier);
  return false;
}

/** PUBACK or PUBREC, with the Reason Code where the version has one. */
function answer(
  core: RunsContext,
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

/** QoS 0 has no acknowledgement: only a payload that breaks its own indicator ends the connection. */
function refuseQos0(published: Published): void {
  if (published.reasonCode !== PAYLOAD_FORMAT_INVALID) return;
  throw new ProtocolError(
    published.reasonString ?? "the payload is not UTF-8",
    PAYLOAD_FORMAT_INVALID,
  );
}

function closeFor(core: RunsContext, connection: Connection, published: Published): void {
  const { reasonCode, reasonString, userProperties } = published;
  dismiss(core, connection, {
    reasonCode: reasonCode >= 0x80 ? reasonCode : UNSPECIFIED_ERROR,
    ...(reasonString !== undefined && { reasonString }),
    ...(userProperties !== undefined && { userProperties }),
  });
}
