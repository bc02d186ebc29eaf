import type { KeptLimits, RateLimits } from "./rate-limits.ts";
import { sharersOf } from "./sharers.ts";
import type { Metered } from "./sharers.ts";

/** A client of which something is kept. */
export interface Keeper extends Metered {
  readonly clientId: string;
}

/** How much may be kept for one client, or for several together, by a name of whom it is counted for. */
export interface KeptLimit {
  readonly key: string;
  readonly messagesMax: number;
  readonly bytesMax: number;
}

/** A limit that an owner falls under, and whom all is counted for that falls under it. */
export interface OwnerLimit extends KeptLimit {
  /** The first message is kept whatever its size. */
  readonly isFirstFree: boolean;
}

/** Who has messages retained: a user, an address, a client and a listener, as far as there are limits for them. */
export interface RetainedOwner {
  /** Of all that have the same limits together, the same. */
  readonly name: string;
  readonly limits: readonly OwnerLimit[];
}

/** The limits of retained messages that a publisher falls under. */
export function retainedLimitsOf(limits: RateLimits, publisher: Keeper): KeptLimit[] {
  return keptLimits(limits, publisher, (one) => [one.retainedMessages, one.retainedBytes]);
}

/** The limits of queues that a session falls under. */
export function queuedLimitsOf(limits: RateLimits, session: Keeper): KeptLimit[] {
  return keptLimits(limits, session, (one) => [one.queuedMessages, one.queuedBytes]);
}

type Numbers = readonly [messages: number | undefined, bytes: number | undefined];

function keptLimits(
  limits: RateLimits,
  keeper: Keeper,
  numbersOf: (limits: KeptLimits) => Numbers,
): KeptLimit[] {
  const own: [string, KeptLimits][] =
    limits.perClient === undefined ? [] : [[`client ${keeper.clientId}`, limits.perClient]];
  return [...own, ...sharersOf(limits, keeper)].flatMap(([key, one]) => {
    const [messagesMax, bytesMax] = numbersOf(one);
    if (messagesMax === undefined && bytesMax === undefined) return [];
    return [{ key, messagesMax: messagesMax ?? Infinity, bytesMax: bytesMax ?? Infinity }];
  });
}
