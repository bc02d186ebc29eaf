/** One thing that is measured by itself. */
export interface MicroCase {
  readonly name: string;
  /** Does the thing so many times. */
  readonly run: () => unknown;
  /** How many times a call of `run` does it; what is told is the time of one. */
  readonly times: number;
}

/** Cases that belong together. */
export interface MicroGroup {
  readonly name: string;
  /** Makes the cases, has them measured, and puts away what they needed: some of them have a server. */
  measure(cases: (cases: readonly MicroCase[]) => Promise<void>): Promise<void>;
}
