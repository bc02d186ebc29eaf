import type { AccessPort } from "./access/authorizer.ts";
import type { BanCandidate, RefusedClient } from "./connection/refusal.ts";
import type { Stranger } from "./connection/stranger.ts";
import type { DeliveryNotices } from "./owed/delivery-notices.ts";
import type { Hooks } from "./hooks/hooks.ts";
import type { ClockReading } from "./journal/server-time.ts";
import type { HoldOffLimits } from "./rates/hold-off.ts";
import type { PeerSettings } from "./peers/peers.ts";
import type { RateLimits } from "./rates/rate-limits.ts";
import type { TurnBudget } from "./turn/turn.ts";

/** What the core asks of whoever runs it. */
export interface CorePorts {
  readonly hooks: Hooks;
  /** Says what clients may do. Absent: nothing is asked. */
  readonly authorizer?: AccessPort | undefined;
  /** Output waits: `flush()` is to be called at the end of this turn. Asked once until that happens. */
  requestFlush(): void;
  /** Something is to be stored: `nextCommit()` is to be called at the end of this turn, or when the commit under way has settled. */
  requestCommit(urgency: "now" | "later"): void;
  /**
   * Milliseconds of a clock that goes on while the core is at work, as `now` does not: turns of the loop end by it. Absent where they
   * may take as long as they like.
   */
  readonly currentMs?: (() => number) | undefined;
  /** What a part of a turn may do. Absent: as usual. Tests ask for less, or for no end. */
  readonly budget?: TurnBudget | undefined;
  /** What the clocks of the machine say at this moment. Absent if nobody knows: times that are stored are then taken as they are. */
  readonly readClocks?: (() => ClockReading) | undefined;
  /** How far the wall clock is ahead of the server's own time, in milliseconds. Absent: not at all. */
  readonly wallAheadMs?: (() => number) | undefined;
  /** A Client Identifier that no other client has. */
  newClientId(): string;
  /** Any 32 bits that no client knows: what clients choose cannot be made to collide then. */
  readonly seed?: number;
  /** A defect showed that concerns no peer: to be logged. */
  report(error: unknown): void;
  /** Something is wrong that is no defect of the server: to be logged as a warning. Absent if nobody reads that. */
  readonly warn?:
    | ((message: string, fields: Readonly<Record<string, unknown>>) => void)
    | undefined;
  /** A client is not let in: to be logged. Absent if nobody reads that. */
  readonly refused?: ((client: RefusedClient) => void) | undefined;
  /** What clients may do again and again. Absent: as by default. */
  readonly holdOff?: HoldOffLimits | undefined;
  /** How much clients may send and get. Absent: there is no limit. */
  readonly rateLimits?: RateLimits | undefined;
  /** Whether a client is banned. */
  readonly isBanned?: ((client: BanCandidate) => boolean) | undefined;
  /** Told of what is not delivered: to be logged. Absent if nobody reads that. */
  readonly notices?: DeliveryNotices | undefined;
  /** Told how many milliseconds a message took from the read that brought it to a write to a receiver, of some. Absent: none is measured. */
  readonly delivered?: ((ms: number) => void) | undefined;
  /** Which server of a cluster this is. Absent: it is alone. */
  readonly peers?: PeerSettings | undefined;
  /** A connection ends before a whole CONNECT has come: to be logged. Absent if nobody reads that. */
  readonly stranger?: ((stranger: Stranger) => void) | undefined;
}
