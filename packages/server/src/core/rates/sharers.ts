import { networkOf } from "../network-of.ts";
import { listenerName } from "../wire.ts";
import type { Peer } from "../wire.ts";
import type { RateLimits, SharedRate } from "./rate-limits.ts";

/** Whom limits are looked up for. */
export interface Metered {
  readonly userName?: string | undefined;
  /** Undefined of a client that is away, and known from the store only. */
  readonly peer?: Peer | undefined;
}

/** The limits that a client shares with others, each with a name of those: its user, its address, its listener. */
export function sharersOf(
  { perUser, users, perAddress, perListener }: RateLimits,
  { userName, peer }: Metered,
): [string, SharedRate][] {
  const shared: [string, SharedRate][] = [];
  if (userName !== undefined) {
    const user = ofName(users, userName) ?? perUser;
    if (user !== undefined) shared.push([`user ${userName}`, user]);
  }
  if (peer === undefined) return shared;
  if (perAddress !== undefined && peer.remoteAddress !== undefined)
    shared.push([`address ${networkOf(peer.remoteAddress)}`, perAddress]);
  const name = listenerName(peer);
  const rate = ofName(perListener, name);
  if (rate !== undefined) shared.push([`listener ${name}`, rate]);
  return shared;
}

/** What stands under a name that may come from a client: "constructor" is none. */
function ofName(
  limits: Readonly<Record<string, SharedRate>> | undefined,
  name: string,
): SharedRate | undefined {
  return limits !== undefined && Object.hasOwn(limits, name) ? limits[name] : undefined;
}
