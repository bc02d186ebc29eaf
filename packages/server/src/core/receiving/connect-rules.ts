import type { Refusal } from "../connection/refusal.ts";
import { encodedLength, showValue } from "@anax/protocol";
import type { ConnectPacket, Will } from "@anax/protocol";
import type { Connection } from "../connection/connection.ts";
import type { ReceivingContext } from "./receiving-context.ts";
import type { ClientContext } from "../hooks/client-context.ts";
import { refusalOfMessage, unsupported } from "../publishing/checking.ts";
import { refusedPlace } from "../endings/session-places.ts";
import { traceConnection } from "../tracing/telling.ts";

const CLIENT_IDENTIFIER_NOT_VALID = 0x85;
const SERVER_UNAVAILABLE = 0x88;
const QUOTA_EXCEEDED = 0x97;
const CONNECTION_RATE_EXCEEDED = 0x9f;
const BANNED = 0x8a;
const BAD_AUTHENTICATION_METHOD = 0x8c;

/** A client that is kept out, by its Client Identifier, its user name or its address. */
export function refusedBan(
  { isBanned }: ReceivingContext,
  client: ClientContext,
): Refusal | undefined {
  const { clientId, userName, peer } = client;
  const isBannedNow =
    isBanned?.({ clientId, userName, remoteAddress: peer.remoteAddress }) === true;
  return isBannedNow ? { reasonCode: BANNED } : undefined;
}

/** As many are connected of its user, address or listener as may be, or come as often; whom it takes over from makes room. */
export function refusedCompany(
  core: ReceivingContext,
  connection: Connection,
): Refusal | undefined {
  if (core.rates === undefined) return undefined;
  const replaced = core.sessions.get(connection.clientId)?.connection?.meter;
  const excess = core.rates.excess(connection, core.now, replaced);
  if (excess === undefined) return undefined;
  const { isTooOften, reason: reasonString } = excess;
  if (!isTooOften) return { reasonCode: QUOTA_EXCEEDED, reasonString };
  core.statistics.ratesExceeded += 1;
  return { reasonCode: CONNECTION_RATE_EXCEEDED, reasonString };
}

/** What a well-formed CONNECT may break of the server's own rules; undefined if nothing. */
export function refusalOf(core: ReceivingContext, packet: ConnectPacket): Refusal | undefined {
  return (
    refusedFenced(core) ??
    refusedClientId(core, packet) ??
    refusedMethod(core, packet) ??
    // Who asks for more is told so when it is known who he is.
    refusedPlace(core, { clientId: packet.clientId, isLasting: false }) ??
    (packet.will && refusedWill(core, packet.will))
  );
}

/** All that is known here may be out of date: another server has the store. */
function refusedFenced({ journal }: ReceivingContext): Refusal | undefined {
  if (journal?.health !== "fenced") return undefined;
  const reasonString = "another server has taken this one's place";
  return { reasonCode: SERVER_UNAVAILABLE, reasonString };
}

function refusedClientId(
  core: ReceivingContext,
  { clientId, protocolVersion, cleanStart }: ConnectPacket,
): Refusal | undefined {
  const bytes = encodedLength(clientId);
  if (bytes > core.options.clientIdBytesMax) {
    const reasonString = `Client Identifier of ${bytes} bytes exceeds ${core.options.clientIdBytesMax}`;
    return { reasonCode: CLIENT_IDENTIFIER_NOT_VALID, reasonString };
  }
  if (bytes > 0) return undefined;
  // An empty identifier: not in 3.1, in 3.1.1 with Clean Session only [MQTT-3.1.3-8], in 5.0 always.
  const isAllowed = protocolVersion === 5 || (protocolVersion === 4 && cleanStart);
  if (isAllowed && core.options.assignClientIds) return undefined;
  return { reasonCode: CLIENT_IDENTIFIER_NOT_VALID, reasonString: "Client Identifier is empty" };
}

/** Without a handler nobody can carry out an exchange [MQTT-4.12.0-1]. */
function refusedMethod(core: ReceivingContext, { properties }: ConnectPacket): Refusal | undefined {
  const method = properties?.authenticationMethod;
  if (method === undefined || core.hooks.validatingConnection !== undefined) return undefined;
  return unsupportedMethod(method);
}

/** The refusal of an Authentication Method that nobody here knows. */
export function unsupportedMethod(method: string): Refusal {
  const reasonString = `Authentication Method ${showValue(method)} is not supported`;
  return { reasonCode: BAD_AUTHENTICATION_METHOD, reasonString };
}

function refusedWill({ options }: ReceivingContext, will: Will): Refusal | undefined {
  const flaw = unsupported(options, will) ?? refusalOfMessage(options, will);
  return flaw && { reasonCode: flaw.reasonCode, reasonString: `Will: ${flaw.reasonString}` };
}

/** Tells whoever runs the server that a client is not let in. */
export function tellRefusal(
  core: ReceivingContext,
  connection: Connection,
  { reasonCode, reasonString }: Refusal,
): void {
  const { clientId, userName, version, peer } = connection;
  if (core.tracing.isOn)
    traceConnection(core, connection, { type: "refused", reasonCode, reason: reasonString });
  core.refused?.({ clientId, userName, protocolVersion: version, peer, reasonCode, reasonString });
}
