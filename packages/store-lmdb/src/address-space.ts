import { readFileSync } from "node:fs";

const NARROW: ReadonlySet<string> = new Set(["arm", "ia32", "mips", "mipsel"]);

/** Where Linux tells what a process may take. */
const LIMITS_FILE = "/proc/self/limits";

/**
 * True if a process may take addresses as it likes. Where it may not, as after `ulimit -v` or in some batch systems, a file
 * that cannot be mapped must not even be tried: LMDB's binding for Node then ends the process instead of saying so.
 */
export function hasWideAddressSpace(
  arch: string = process.arch,
  limits: string | undefined = ownLimits(),
): boolean {
  if (NARROW.has(arch)) return false;
  const soft = limits?.match(/^Max address space +(\S+)/mu)?.[1] ?? "unlimited";
  return soft === "unlimited";
}

/** Undefined on systems that have no such file. */
function ownLimits(): string | undefined {
  try {
    return readFileSync(LIMITS_FILE, "utf8");
  } catch {
    return undefined;
  }
}
