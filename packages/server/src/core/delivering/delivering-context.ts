import type { Rooms } from "./rooms.ts";
import type { RetainedContext } from "../retained/retained-context.ts";

/** As `RetainedContext`, with receivers whose queues are full. */
export interface DeliveringContext extends RetainedContext {
  /** Receivers whose queues are full, and what waits for them. */
  readonly rooms: Rooms;
}
