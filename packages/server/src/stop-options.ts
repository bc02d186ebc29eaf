import type { RulesFor, UserProperties } from "@anax/protocol";
import { DISCONNECT_RULES } from "./checking/disconnect-rules.ts";
import { settled } from "./core/pending.ts";
import type { Driver } from "./driver/driver.ts";
import type { HandlerWaits } from "./driver/handler-waits.ts";
import type { UnfinishedWork } from "./driver/stopping.ts";
import { MqttServerStateError } from "./errors.ts";
import type { Clock } from "./ports/clock.ts";
import type { Log } from "./ports/logger.ts";

/** How `stop` ends the connections. */
export interface StopOptions {
  /** Of the DISCONNECT that MQTT 5.0 clients get. Default 0x8B, Server shutting down. */
  readonly reasonCode?: number;
  readonly reasonString?: string;
  /** Where clients are to go instead; with reason code 0x9C or 0x9D. */
  readonly serverReference?: string;
  readonly userProperties?: UserProperties;
  /**
   * Milliseconds after which connections that do not close are cut, and handlers that have not answered are waited for no longer.
   * Default 5000.
   */
  readonly deadlineMs?: number;
}

/** What `stop` could not wait for. */
export interface StopResult {
  /**
   * What handlers were still asked about when `deadlineMs` was over; empty as a rule. Nothing of it was done: a PUBLISH is neither
   * given on nor acknowledged, and a call of the program rejects. What handlers are only told of is done.
   */
  readonly unfinished: readonly UnfinishedWork[];
}

/** Longest time that a timer takes. */
const TIMER_MAX_MS = 0x7fffffff;

/** What `stop` takes. */
export const STOP_RULES: RulesFor<StopOptions> = {
  ...DISCONNECT_RULES,
  deadlineMs: [0, TIMER_MAX_MS],
};

/** Works that a stop names one by one; the rest is counted. */
const NAMED_MAX = 20;

/** Names what a stop did not wait for. */
export function tellUnfinished(log: Log, unfinished: readonly UnfinishedWork[]): void {
  for (const work of unfinished.slice(0, NAMED_MAX))
    log.warn?.("the server stopped before handlers had answered", { ...work });
  const more = unfinished.length - NAMED_MAX;
  if (more > 0) log.warn?.("the server stopped before more handlers had answered", { more });
}

/** What a call is rejected with that waits for a client. */
export function stoppedBefore(): Error {
  return new MqttServerStateError(
    "the server has stopped before the client acknowledged the message",
  );
}

/** How long a stop waits unless it is told otherwise. */
export const STOP_DEADLINE_MS = 5_000;

/** Tells the handlers of `stopped`, which have what is left of the deadline. */
export async function tellStopped(
  driver: Driver,
  waits: HandlerWaits,
  clock: Clock,
  endsAtMs: number,
): Promise<void> {
  waits.resume();
  const leftMs = Math.max(0, endsAtMs - clock.now());
  const cancel = clock.callAfter(leftMs, () => waits.giveUpAll());
  try {
    await driver.perform("stop", function* tell({ hooks }) {
      yield* settled(hooks.stopped?.({}));
    });
  } finally {
    cancel();
    waits.resume();
  }
}
