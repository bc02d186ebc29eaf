import type { ClockReading } from "./server-time.ts";
import type { Journal } from "./journal.ts";
import type { WaitingMessages } from "./waiting-messages.ts";
import type { SessionsContext } from "../sessions/sessions-context.ts";

/** As `SessionsContext`, with what is written down. */
export interface JournalContext extends SessionsContext {
  /** Undefined if nothing outlives the process. */
  readonly journal: Journal | undefined;
  /** Messages in queues, where there is no journal. */
  readonly waiting: WaitingMessages;
  /** What the clocks of the machine say at this moment; undefined if nobody knows. */
  readClocks(): ClockReading | undefined;
  /** A time of the server's own as the wall clock would tell it, in milliseconds since 1970. */
  toWallMs(atMs: number): number;
}
