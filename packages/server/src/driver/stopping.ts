import type { ServerCore } from "../core/server-core.ts";
import type { Clock } from "../ports/clock.ts";
import { WorkAbandonedError } from "../core/works/work.ts";
import { asError, MqttServerStateError } from "../errors.ts";
import type { AskedWork } from "./asked-work.ts";
import type { OpenConnections } from "./open-connections.ts";
import type { HandlerWaits } from "./handler-waits.ts";
import { nextTurn } from "../platform.ts";

/** A piece of work that `stop` did not wait for any longer: its handlers had not answered when the deadline was over. */
export interface UnfinishedWork {
  /** What it is, such as `PUBLISH` or `injectApplicationMessage`. */
  readonly what: string;
  /** The event whose handlers had not answered. */
  readonly event: string;
  /** Client Identifier of the client that it belongs to; absent if it belongs to none. */
  readonly clientId?: string;
  /** Milliseconds since it began. */
  readonly waitedMs: number;
}

/** What a stop waits for. */
export interface Stopping {
  readonly core: ServerCore;
  readonly clock: Clock;
  readonly waits: HandlerWaits;
  readonly connections: OpenConnections;
  readonly asked: AskedWork;
  /** Called when no connection is open any more. */
  readonly allClosed: () => void;
  /** Does work inside the core. */
  readonly run: (work: () => void) => void;
}

/**
 * Waits until no connection is open and no handler is at work. After `deadlineMs` connections are cut and handlers waited for no
 * longer; gives those that had not answered.
 */
export async function untilQuiet(
  stopping: Stopping,
  deadlineMs: number,
): Promise<readonly UnfinishedWork[]> {
  const { core, connections, asked } = stopping;
  let unfinished: readonly UnfinishedWork[] = [];
  const cancel = stopping.clock.callAfter(deadlineMs, () => {
    unfinished = giveUp(stopping);
  });
  if (!connections.isEmpty) await connections.allClosed();
  stopping.allClosed();
  for (;;) {
    if (!connections.isEmpty) await connections.allClosed();
    else if (core.works.asking > 0)
      await new Promise<void>((resolve) => core.works.whenIdle(resolve));
    else if (!asked.isEmpty || core.fanOuts.isBusy) await nextTurn();
    else break;
  }
  cancel();
  return unfinished;
}

function giveUp({ core, waits, connections, run }: Stopping): UnfinishedWork[] {
  connections.cutAll();
  const unfinished: UnfinishedWork[] = [];
  run(() => {
    for (const { what, event = "", owner, sinceMs, isAsking } of core.works) {
      if (!isAsking) continue;
      const whose = owner === "" ? {} : { clientId: owner };
      unfinished.push({ what, event, ...whose, waitedMs: core.now - sinceMs });
    }
    core.works.abandonAll();
  });
  waits.giveUpAll();
  return unfinished;
}

/** What went wrong with a work, as the program that asked for it is told. */
export function ofProgram(error: unknown): Error {
  if (!(error instanceof WorkAbandonedError)) return asError(error);
  return new MqttServerStateError(error.message, { cause: error });
}
