import type { PunctualTime } from "./punctual-time.ts";
import type { Turn } from "./turn.ts";
import type { CommonContext } from "../common-context.ts";

/** As `CommonContext`, with how far this turn of the loop has come. */
export interface TurnContext extends CommonContext {
  /** How far this turn of the loop has come, and what waits for one. */
  readonly turn: Turn;
  /** The same with steps over retained messages. */
  readonly replayTurn: Turn;
  /** Time in which the server itself keeps nobody waiting. */
  readonly punctual: PunctualTime;
}
