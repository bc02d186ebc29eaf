/** What a line's figure is compared with, and what it has to come to. A missing `reach` is no more than `must`. */
export interface Bar {
  /**
   * "mosquitto": multiples of mosquitto's figure in the same run. "reference": share of Anax's own figure under the
   * scenario's reference load. "itself": the figure as it is.
   */
  readonly against: "mosquitto" | "reference" | "itself";
  readonly must: number;
  readonly reach?: number;
}

/** How a figure is written. */
export type Unit =
  | "perSecond"
  | "percent"
  | "microseconds"
  | "milliseconds"
  | "bytes"
  | "kilobytes"
  | "ratio";

/** One line of the table: a figure of a scenario. */
export interface Line {
  readonly name: string;
  /** Name of the figure in the results of the load. */
  readonly key: string;
  readonly unit: Unit;
  /** True for latencies and memory. */
  readonly isLessBetter: boolean;
  /** None: the line is for information. */
  readonly bar?: Bar;
}

/** Which servers are loaded: Anax's have every feature. */
export type ServerKind =
  /** Limits of queues off, as for its peers. */
  | "plain"
  /**
   * The same; peers write small packets at once (TCP_NODELAY), as Anax always does. Without, a packet waits for the
   * acknowledgement of the one before: they carry up to twice as many messages, and each is milliseconds late.
   */
  | "prompt"
  /** With a handler that checks access for each message. */
  | "intercepting"
  /** Times the turns of its event loop. */
  | "timed"
  /** Limits of queues as they are by default. */
  | "limited";

/** A load, and the lines that come of it. */
export interface Scenario {
  readonly name: string;
  readonly description: string;
  /** Arguments of the load generator. */
  readonly load: readonly string[];
  readonly lines: readonly [Line, ...Line[]];
  /** Default: plain. Peers take part in plain and prompt ones. */
  readonly server?: ServerKind;
  /** Load of a second Anax server, in turn with the first: what the first one is held against. */
  readonly reference?: readonly string[];
  /** Kind of that second server; default: plain. */
  readonly referenceServer?: ServerKind;
  /** Peers that are known not to survive it or not to offer it. */
  readonly skip?: readonly string[];
  /** Each run has servers of its own, because what the one before has left behind would be in the figure. */
  readonly isFresh?: boolean;
  /** The load is over so soon that the clock of processor time is coarse. */
  readonly isShort?: boolean;
  /** Runs once, for minutes, and only if it is named. */
  readonly isOnRequest?: boolean;
}
