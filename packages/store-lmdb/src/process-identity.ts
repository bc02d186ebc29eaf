import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/**
 * Tells one process from every other, as far as the system lets us. A pid alone does not: it is used again, and in
 * containers it is nearly always 1. What a system does not say is the empty string.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it was started, in ticks since the machine was. */
  readonly startedAt: string;
  /** Which run of the machine it belongs to. */
  readonly bootId: string;
  /** Where its pid counts. */
  readonly pidNamespace: string;
  readonly host: string;
}

/** `unknown`: it belongs to another container or machine, where we cannot look. */
export type ProcessState = "alive" | "dead" | "unknown";

export function thisProcess(): ProcessIdentity {
  return {
    pid: process.pid,
    startedAt: statusOf(process.pid)?.startedAt ?? "",
    bootId: orEmpty(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()),
    pidNamespace: orEmpty(() => readlinkSync("/proc/self/ns/pid")),
    host: hostname(),
  };
}

/** What has become of a process, seen from `self`. */
export function stateOf(other: ProcessIdentity, self: ProcessIdentity): ProcessState {
  const isSameRun = other.bootId === self.bootId;
  const isSameHost = other.host === self.host;
  if (isSameHost && !isSameRun) return "dead";
  const isSameMachine = isSameHost || (isSameRun && self.bootId !== "");
  if (!isSameMachine || other.pidNamespace !== self.pidNamespace) return "unknown";
  if (!isRunning(other.pid)) return "dead";
  const status = statusOf(other.pid);
  if (status === undefined) return "alive";
  return status.isZombie || status.startedAt !== other.startedAt ? "dead" : "alive";
}

/** What was written by `JSON.stringify`; undefined if it was something else. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || !("pid" in value)) return undefined;
  const fields: Record<string, unknown> = { ...value };
  const { pid, startedAt, bootId, pidNamespace, host } = fields;
  if (typeof pid !== "number") return undefined;
  return {
    pid,
    startedAt: textOf(startedAt),
    bootId: textOf(bootId),
    pidNamespace: textOf(pidNamespace),
    host: textOf(host),
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, but somebody else's.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Only Linux says. The fields come after the name, which may contain anything, in parentheses. */
function statusOf(pid: number): { isZombie: boolean; startedAt: string } | undefined {
  const text = orEmpty(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, startedAt] = [fields[0], fields[19]];
  if (state === undefined || startedAt === undefined) return undefined;
  return { isZombie: state === "Z", startedAt };
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
