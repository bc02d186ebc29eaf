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

const GROUPS = 8;
/** A customer of IPv6 gets a network of 64 bits, and may have as many addresses in it as he likes. */
const NETWORK_GROUPS = 4;

/** The address itself, or of IPv6 its first 64 bits. */
export function networkOf(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address;
  const [head = "", tail] = address.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from(
    { length: Math.max(0, GROUPS - before.length - after.length) },
    () => "0",
  );
  return `${[...before, ...zeros, ...after].slice(0, NETWORK_GROUPS).join(":")}::/64`;
}
