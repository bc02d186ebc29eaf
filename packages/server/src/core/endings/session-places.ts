import type { Refusal } from "../connection/refusal.ts";
import type { EndingsContext } from "./endings-context.ts";
import { endSession } from "./session-ending.ts";

const QUOTA_EXCEEDED = 0x97;

/** This part of the places is for sessions that end with their connections: strangers cannot leave those behind. */
const KEPT_FREE = 0.1;

/** A table that stays full is warned of this often. */
const WARNING_INTERVAL_MS = 60_000;

/** What a client needs a place for. */
export interface PlaceNeeded {
  readonly clientId: string;
  /** True if the session is to outlive its connection. */
  readonly isLasting: boolean;
}

/** The refusal of a client that has no session yet, where there is no place for one; undefined if there is, or can be made. */
export function refusedPlace(core: EndingsContext, needed: PlaceNeeded): Refusal | undefined {
  if (hasPlace(core, needed) || core.sessions.mostDispensable !== undefined) return undefined;
  warn(core, "the table of sessions is full: new clients are refused");
  const what = needed.isLasting ? "no more that are to outlive their connection" : "no more";
  return {
    reasonCode: QUOTA_EXCEEDED,
    reasonString: `there are ${core.sessions.size} sessions already: ${what}`,
  };
}

/** Makes the place, if need be, that `refusedPlace` has promised. */
export function makePlace(core: EndingsContext, needed: PlaceNeeded): void {
  if (hasPlace(core, needed)) return;
  const session = core.sessions.mostDispensable;
  if (session === undefined) return;
  core.statistics.sessionsEvicted += 1;
  warn(core, "the table of sessions is full: those without subscriptions and messages make room");
  endSession(core, session, "evicted");
}

function hasPlace(
  { sessions, options }: EndingsContext,
  { clientId, isLasting }: PlaceNeeded,
): boolean {
  const { sessionsMax } = options;
  const maximum = isLasting ? sessionsMax - Math.floor(sessionsMax * KEPT_FREE) : sessionsMax;
  return sessions.size < maximum || (clientId !== "" && sessions.get(clientId) !== undefined);
}

function warn(core: EndingsContext, message: string): void {
  const { sessions, now } = core;
  if (now < sessions.warnAgainAtMs) return;
  sessions.warnAgainAtMs = now + WARNING_INTERVAL_MS;
  core.warn(message, { sessions: sessions.size, sessionsMax: core.options.sessionsMax });
}
