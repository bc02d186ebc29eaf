import { readdirSync, readFileSync } from "node:fs";
import { SERVER_DEFAULTS } from "../options.ts";
import type { Log } from "../ports/logger.ts";

/** Open files that are left for all but connections: a store, logs, and newcomers that are told that there is no place. */
const FILES_KEPT = 128;

/**
 * So many are as good as no limit where none was asked for: `connectionsMax` is by default what the memory of a common machine
 * carries, and more than what many systems allow.
 */
const ENOUGH = 10_000;

/** How many files a process has open, and how many it may have. */
export interface OpenFiles {
  readonly current: number;
  readonly maximum: number;
}

/** Of this process; undefined where the system does not tell in a file, as only Linux does. */
export function openFiles(): OpenFiles | undefined {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    const maximum = Number(/^Max open files\s+(\d+)/mu.exec(limits)?.[1]);
    if (!Number.isFinite(maximum)) return undefined;
    return { current: readdirSync("/proc/self/fd").length, maximum };
  } catch {
    return undefined;
  }
}

/**
 * Connections for which there are files: each of them is one. Beyond, the system closes them without a word to anybody. Warns if
 * these are fewer than the server may have; where nobody has asked for as many, only if they are few.
 */
export function connectionsThatFilesAllow(
  connectionsMax: number,
  log: Log,
  files: OpenFiles | undefined = openFiles(),
): number {
  if (files === undefined) return connectionsMax;
  const allowed = Math.max(1, files.maximum - files.current - FILES_KEPT);
  if (allowed >= connectionsMax) return connectionsMax;
  const isAsked = connectionsMax !== SERVER_DEFAULTS.connectionsMax;
  const say = isAsked || allowed < ENOUGH ? log.warn : log.debug;
  say?.(
    "the system allows fewer open files than there may be connections: raise `ulimit -n`, or lower connectionsMax",
    { openFilesMaximum: files.maximum, connectionsMax, connectionsAllowed: allowed },
  );
  return allowed;
}
