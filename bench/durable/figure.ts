/** One line of the table of what durability costs. */
export interface DurableFigure {
  readonly name: string;
  /** For people. */
  readonly measured: string;
  readonly bar: string;
  readonly verdict: "held" | "missed" | "no comparison" | "reduced";
}

/** How much is measured. */
export interface DurableWorkload {
  /** Of each run of the load generator, of which there are `runs` of each kind, in turn. */
  readonly seconds: number;
  readonly runs: number;
  readonly warmUpSeconds: number;
  /** Times that a run is made in all, if other programs disturb it. */
  readonly tries: number;
  /** Cores for the server and the generator; empty for none of their own. */
  readonly serverCpu: string;
  readonly loadCpu: string;
  /** Messages a second of the lines about steady traffic. */
  readonly rates: readonly number[];
  /** Checkpoints that happen under a steady load. */
  readonly checkpoints: number;
  /** Milliseconds between them, in each of which p99 is looked at. */
  readonly checkpointEveryMs: number;
  /** Messages that are queued for sessions that are away. */
  readonly messages: number;
  readonly sessions: number;
  /** Sessions and retained messages that a restart finds. */
  readonly restartSessions: number;
  readonly restartRetained: number;
  /** How long the store is waited for to shrink after its queues were drained. */
  readonly shrinkSeconds: number;
}

/** "held" if `isHeld`; nothing can be said of what is no number. */
export function verdictOf(
  value: number,
  isHeld: (value: number) => boolean,
): DurableFigure["verdict"] {
  if (!Number.isFinite(value)) return "no comparison";
  return isHeld(value) ? "held" : "missed";
}

/** Sizes that the bars are of: what holds with less is not held. */
export const BAR_SIZES = {
  checkpoints: 24,
  messages: 1_000_000,
  sessions: 1_000,
  restartSessions: 100_000,
  restartRetained: 1_000_000,
} as const;

/** Name of a size. */
export type SizeName = keyof typeof BAR_SIZES;

/** True if one of these sizes is below that of its bar. */
export function isReduced(workload: DurableWorkload, names: readonly SizeName[]): boolean {
  return names.some((name) => workload[name] < BAR_SIZES[name]);
}

const BYTE_UNITS = ["bytes", "KB", "MB", "GB"] as const;

/** @param bytes in the largest 1000-based unit of which there is one at least */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < BYTE_UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${value.toFixed(unit === 0 ? 0 : 1)} ${BYTE_UNITS[unit] ?? ""}`;
}

/** A share for people; the digit behind the point where there is little before it. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
}
