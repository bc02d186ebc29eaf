/** One line of the table of what durability costs. */
export interface DurableFigure {
  readonly name: string;
  /** For people. */
  readonly measured: string;
  readonly bar: string;
  readonly verdict: "held" | "missed" | "no comparison";
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
  /** Checkpoints that happen under a steady load. */
  readonly checkpoints: number;
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

/** @param bytes as 1000-based megabytes */
export function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
