import { networkOf } from "../network-of.ts";
import type { CoreContext } from "../core-context.ts";
import type { Peer } from "../wire.ts";

/** Who publishes, as far as it is known. */
interface Publisher {
  readonly userName?: string | undefined;
  readonly peer?: Peer;
}

/**
 * Whose share of the store of retained messages a publisher uses: that of its user, if somebody was asked who it is, else
 * that of its network. Undefined for the program itself, and for whoever comes without an address.
 */
export function retainedOwner(
  { hooks }: CoreContext,
  { userName, peer }: Publisher,
): string | undefined {
  if (userName !== undefined && hooks.validatingConnection !== undefined) return `user ${userName}`;
  const address = peer?.remoteAddress;
  return address === undefined ? undefined : `address ${networkOf(address)}`;
}
