import type { Connection } from "../connection/connection.ts";
import type { ReceivingContext } from "./receiving-context.ts";
import { networkOf } from "../network-of.ts";
import type { HoldOff } from "../rates/hold-off.ts";
import type { Refusal } from "../connection/refusal.ts";

/*
 * Clients that come again and again: with passwords that are wrong, or to drop at once. They are held off by what they come with
 * and where they come from, so that one cannot lock out another.
 */

const BAD_USER_NAME_OR_PASSWORD = 0x86;
const SERVER_BUSY = 0x89;
const CONNECTION_RATE_EXCEEDED = 0x9f;

/** Why a client is held off; undefined if it is not. */
export function refusedHold(core: ReceivingContext, connection: Connection): Refusal | undefined {
  const { statistics, holdOffs } = core;
  const { logins, flapping } = holdOffs;
  const loginMs = heldMs(core, logins, connection, userNameOf(connection));
  if (loginMs > 0) {
    statistics.loginsHeldOff += 1;
    return refusal(SERVER_BUSY, "too many logins have failed", loginMs);
  }
  const flappingMs = heldMs(core, flapping, connection, connection.clientId);
  if (flappingMs === 0) return undefined;
  statistics.flappingHeldOff += 1;
  return refusal(CONNECTION_RATE_EXCEEDED, "the client connects again and again", flappingMs);
}

function heldMs(
  core: ReceivingContext,
  holdOff: HoldOff | undefined,
  { peer }: Connection,
  name: string,
): number {
  // Mostly there is nobody, and reconnects come by thousands.
  if (holdOff === undefined || holdOff.size === 0 || peer.remoteAddress === undefined) return 0;
  return holdOff.heldMs(networkOf(peer.remoteAddress), name, core.now);
}

function refusal(reasonCode: number, what: string, forMs: number): Refusal {
  return { reasonCode, reasonString: `${what}; come again in ${Math.ceil(forMs / 1_000)} s` };
}

/** A client was refused when it was asked who it is. What has no address comes from the program itself. */
export function noteRefused(
  core: ReceivingContext,
  connection: Connection,
  reasonCode: number,
): void {
  const { remoteAddress } = connection.peer;
  if (reasonCode !== BAD_USER_NAME_OR_PASSWORD || remoteAddress === undefined) return;
  core.holdOffs.logins?.note(networkOf(remoteAddress), userNameOf(connection), core.now);
}

/** A client is let in. */
export function noteLetIn(core: ReceivingContext, connection: Connection): void {
  const { logins, flapping } = core.holdOffs;
  const { remoteAddress } = connection.peer;
  if (remoteAddress === undefined) return;
  if (logins !== undefined && logins.size > 0)
    logins.forgive(networkOf(remoteAddress), userNameOf(connection));
  flapping?.note(networkOf(remoteAddress), connection.clientId, core.now);
}

/** The user name that CONNECT has. */
function userNameOf({ claimedUserName = "" }: Connection): string {
  return claimedUserName;
}
