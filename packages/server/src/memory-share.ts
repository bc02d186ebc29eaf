import { totalmem } from "node:os";

/** The part of the memory that one limit takes by default: there are others, and the program needs some too. */
const PART = 8;

/** Where less of Node is known, as under another runtime. */
interface ConstrainedProcess {
  readonly constrainedMemory?: () => number;
}

/**
 * An eighth of the memory that this process may use: of the machine, or of its container or control group where that is
 * less. `otherwise` if nothing tells.
 */
export function shareOfMemory(otherwise: number): number {
  const constrained = (process as ConstrainedProcess).constrainedMemory?.() ?? 0;
  const known = [totalmem(), constrained].filter((bytes) => bytes > 0);
  return known.length === 0 ? otherwise : Math.floor(Math.min(...known) / PART);
}
