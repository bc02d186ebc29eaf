/** Which packets a server may send, and when: the rules that concern no single mechanism. */
import { ProtocolError } from "@anax/protocol";
import type { ConnackPacket, ConnectPacket, ServerPacket } from "@anax/protocol";
import type { MachineStatus } from "./machine-event.ts";

/**
 * Checks a packet against what was sent before.
 * @throws ProtocolError when the server may not send it, or not now
 */
export function requirePacketAllowed(
  packet: ServerPacket,
  status: MachineStatus,
  connect: ConnectPacket,
): void {
  if (status === "connecting") requireAllowedBeforeConnack(packet);
  else if (packet.type === "connack") throw refused(packet, "come twice");
  requireVersion(packet, connect);
  requireSameMethod(packet, connect);
  if (packet.type === "connack") requireSession(packet, connect);
}

function requireAllowedBeforeConnack(packet: ServerPacket): void {
  const { type } = packet;
  // DISCONNECT is not allowed here either, but says more about the refusal than we could.
  if (type === "connack" || type === "auth" || type === "disconnect") return;
  throw refused(packet, "come before CONNACK");
}

function requireVersion(packet: ServerPacket, { protocolVersion }: ConnectPacket): void {
  if (packet.type !== "disconnect") return;
  if (protocolVersion !== 5) {
    throw refused(packet, "come before MQTT 5.0");
  }
  if (packet.properties?.sessionExpiryIntervalSeconds !== undefined) {
    // [MQTT-3.14.2-2]
    throw refused(packet, "have sessionExpiryIntervalSeconds");
  }
}

/** The method of CONNECT is that of the whole exchange [MQTT-4.12.0-5] [MQTT-4.12.0-6]. */
function requireSameMethod(packet: ServerPacket, { properties }: ConnectPacket): void {
  const isRefusal = packet.type === "connack" && packet.reasonCode >= 0x80;
  if ((packet.type !== "auth" && packet.type !== "connack") || isRefusal) return;
  const method = properties?.authenticationMethod;
  const theirs = packet.properties?.authenticationMethod;
  if (theirs !== method) {
    throw new ProtocolError(`Authentication Method ${theirs} is not ${method}`);
  }
}

/**
 * Who asked for no problem information must not get any but where it is allowed [MQTT-3.1.2-29]. It does no harm,
 * so it is for the caller to say what becomes of it.
 * @returns the fault, if it is one
 */
export function problemInformationFault(
  packet: ServerPacket,
  { properties }: ConnectPacket,
): ProtocolError | undefined {
  if (properties?.requestProblemInformation !== false) return undefined;
  if (packet.type === "connack" || packet.type === "disconnect" || !("properties" in packet))
    return undefined;
  const given = packet.properties;
  if (given === undefined) return undefined;
  const isGiven = "reasonString" in given || "userProperties" in given;
  return isGiven ? refused(packet, "have problem information") : undefined;
}

/** A Session of which the client has no state cannot go on [MQTT-3.2.2-4]. */
function requireSession(packet: ConnackPacket, { cleanStart }: ConnectPacket): void {
  if (packet.sessionPresent && cleanStart) {
    throw refused(packet, "have Session Present after Clean Start");
  }
}

function refused({ type }: ServerPacket, what: string): ProtocolError {
  return new ProtocolError(`${type} must not ${what}`);
}
