import type { Connection } from "../connection/connection.ts";
import type { CoreContext } from "../core-context.ts";
import { networkOf } from "../network-of.ts";
import type { Peer } from "../wire.ts";
import type { HoldOff } from "../rates/hold-off.ts";
import type { Refusal } from "../connection/refusal.ts";

/*
 * Clients that come again and again: with passwords that are wrong, or to drop at once. They are held off by what they come with
 * and where they come from, so that one cannot lock out another.
 */

const BAD_USER_NAME_OR_PASSWORD = 0x86;
const SERVER_BUSY = 0x89;

/** Why a client is held off; undefined if it is not. */
export function refusedHold(core: CoreContext, connection: Connection): Refusal | undefined {
  const { logins, flapping } = core.holdOffs;
  return (
    held(core, logins, loginKey, connection, "too many logins have failed") ??
    held(core, flapping, clientKey, connection, "the client connects again and again")
  );
}

function held(
  core: CoreContext,
  holdOff: HoldOff | undefined,
  keyOf: typeof loginKey,
  connection: Connection,
  what: string,
): Refusal | undefined {
  // Mostly there is nobody, and reconnects come by thousands.
  if (holdOff === undefined || holdOff.size === 0) return undefined;
  const key = keyOf(connection);
  if (key === undefined) return undefined;
  const heldMs = holdOff.heldMs(key, core.now);
  if (heldMs === 0) return undefined;
  core.statistics.clientsHeldOff += 1;
  const reasonString = `${what}; come again in ${Math.ceil(heldMs / 1_000)} s`;
  return { reasonCode: SERVER_BUSY, reasonString };
}

/** A client was refused when it was asked who it is. */
export function noteRefused(core: CoreContext, connection: Connection, reasonCode: number): void {
  const key = loginKey(connection);
  if (reasonCode === BAD_USER_NAME_OR_PASSWORD && key !== undefined)
    core.holdOffs.logins?.note(key, core.now);
}

/** A client is let in. */
export function noteLetIn(core: CoreContext, connection: Connection): void {
  const { logins, flapping } = core.holdOffs;
  if (logins !== undefined && logins.size > 0) logins.forgive(loginKey(connection) ?? "");
  const client = flapping && clientKey(connection);
  if (client !== undefined) flapping?.note(client, core.now);
}

/** The user name that CONNECT has, from this network. What has no address comes from the program itself. */
function loginKey({ claimedUserName = "", peer }: Connection): string | undefined {
  return keyFrom(peer, claimedUserName);
}

function clientKey({ clientId, peer }: Connection): string | undefined {
  return keyFrom(peer, clientId);
}

function keyFrom({ remoteAddress }: Peer, name: string): string | undefined {
  return remoteAddress === undefined ? undefined : `${networkOf(remoteAddress)} ${name}`;
}
