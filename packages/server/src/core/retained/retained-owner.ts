import type { RetainedContext } from "./retained-context.ts";
import { networkOf } from "../network-of.ts";
import { retainedLimitsOf } from "../rates/kept-limits.ts";
import type { Keeper, OwnerLimit, RetainedOwner } from "../rates/kept-limits.ts";

/** Whoever retains may have this many messages, however small the share. */
const SHARE_MIN = 1;

/**
 * Whose share of the store of retained messages a publisher uses: that of its user, if somebody was asked who it is, else that of its
 * network; and what else it is counted for. Undefined for the program itself, and for whoever comes without an address.
 */
export function retainedOwner(core: RetainedContext, publisher: Keeper): RetainedOwner | undefined {
  const limits = core.rates === undefined ? [] : retainedLimitsOf(core.rates.limits, publisher);
  const share = shareOf(core, publisher);
  const all: OwnerLimit[] = limits.map((limit) => ({ ...limit, isFirstFree: false }));
  if (share !== undefined) all.push(share);
  return all.length === 0 ? undefined : { name: all.map(({ key }) => key).join("\n"), limits: all };
}

/** A part of all the room, whatever the limits are that the program has set. */
function shareOf(
  { hooks, options }: RetainedContext,
  { userName, peer }: Keeper,
): OwnerLimit | undefined {
  const isKnown = userName !== undefined && hooks.validatingConnection !== undefined;
  const address = peer?.remoteAddress;
  if (!isKnown && address === undefined) return undefined;
  const key = isKnown ? `user ${userName}` : `address ${networkOf(address ?? "")}`;
  const part = options.retainedSharePercent / 100;
  const messagesMax = Math.max(SHARE_MIN, options.retainedMessagesMax * part);
  return { key, messagesMax, bytesMax: options.retainedBytesMax * part, isFirstFree: true };
}
