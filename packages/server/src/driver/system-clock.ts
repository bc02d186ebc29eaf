import { readFileSync } from "node:fs";
import { uptime } from "node:os";
import type { CancelCall, Clock, MachineRun } from "../ports/clock.ts";
import { clearTimeout, monotonicMs, processStartMs, setTimeout, wallMs } from "../platform.ts";

/** Longest delay that Node's timers take; longer ones would fire at once. */
const DELAY_MAX_MS = 0x7fffffff;

/** Where Linux says which start of the machine this is. */
const BOOT_ID_FILE = "/proc/sys/kernel/random/boot_id";

/**
 * The clock of this process. It starts at the wall clock's time and then runs by itself: setting the
 * wall clock must not end every Keep Alive at once, or none for hours.
 */
export const systemClock: Clock = {
  now(): number {
    return processStartMs + monotonicMs();
  },
  callAfter(delayMs: number, callback: () => void): CancelCall {
    // Rounded up, since a timer that fires early would only have to be set again.
    const delay = Math.min(Math.max(Math.ceil(delayMs), 0), DELAY_MAX_MS);
    const timer = setTimeout(callback, delay);
    timer.unref();
    return () => clearTimeout(timer);
  },
  wallNow(): number {
    return wallMs();
  },
  machineRun(): MachineRun | undefined {
    bootId ??= readBootId();
    return bootId === "" ? undefined : { id: bootId, uptimeMs: uptime() * 1_000 };
  },
};

let bootId: string | undefined;

/** Empty where the system has none to read: everywhere but on Linux. */
function readBootId(): string {
  try {
    return readFileSync(BOOT_ID_FILE, "ascii").trim();
  } catch {
    return "";
  }
}
