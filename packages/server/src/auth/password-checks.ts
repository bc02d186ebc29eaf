import { availableParallelism } from "node:os";
import { FairSlots } from "./fair-slots.ts";

/** Checks that may wait: some seconds of work for one core. */
const CHECKS_WAITING_MAX = 100;
/** How long one may wait, in milliseconds: below the time that a handler has. */
const CHECK_WAIT_MS = 5_000;
/** Threads that Node has for such work unless it is told otherwise; one is left for reading files. */
const THREADS = 4;

/**
 * All checks of passwords in this process, whose cores are one: hashing a password is made to be slow. As many at a time as there are cores
 * but one, at least 1 and at most 3.
 */
export const passwordChecks: FairSlots = new FairSlots({
  atOnce: Math.max(1, Math.min(availableParallelism(), THREADS) - 1),
  waitingMax: CHECKS_WAITING_MAX,
  waitMs: CHECK_WAIT_MS,
  what: "a check of a password",
});
