import type { BytePool } from "./byte-pool.ts";
import type { CoreOptions } from "./core-options.ts";
import type { Deadlines } from "./deadlines.ts";
import type { DecodeLimits } from "@anax/protocol";
import type { Statistics } from "./statistics.ts";

/** The parts of a server that all of the core works with. Each layer has a context like this: what there is from it downwards. */
export interface CommonContext {
  readonly options: CoreOptions;
  readonly statistics: Statistics;
  readonly pool: BytePool;
  readonly decodeLimits: DecodeLimits;
  /** What waits for a time. */
  readonly deadlines: Deadlines<this>;
  /**
   * The server's own time in milliseconds, of which all times are that the core keeps: no setting of the wall clock moves
   * it, and with a store it goes on at the next start.
   */
  readonly now: number;
  /** A new Client Identifier for a client that has none. */
  newClientId(): string;
  /** Something is wrong that who runs the server should know: to be logged as a warning. */
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  /** A defect showed outside of any packet: told to whoever runs the server. */
  readonly report: (error: unknown) => void;
}
