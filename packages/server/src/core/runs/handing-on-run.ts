import type { Connection } from "../connection/connection.ts";
import { countPackets, countPublishesReceived } from "../connection/counting.ts";
import type { RunsContext } from "./runs-context.ts";
import type { HookResult, Task } from "../pending.ts";
import { receiveAccepted, receiveIntercepted } from "./receiving-publish.ts";
import type { Session } from "../sessions/session.ts";
import { claimOf } from "./claiming-run.ts";
import type { ShownRun } from "./intercepting-run.ts";
import { RUN_PACKETS_MAX } from "../message/publish-run.ts";
import type { PublishRun } from "../message/publish-run.ts";
import { distributeRun } from "./run-delivering.ts";

/** How what handlers were shown goes on. */
interface Going {
  /** With what the handlers of the message shown last are waited for; undefined if they have answered. */
  readonly pending: HookResult;
  /** True if what they have let pass goes on as one run, as it came. */
  readonly isRun: boolean;
}

/**
 * Hands on what handlers have let pass. Gives what is to be done after that: the message that cannot stay in the run, which is
 * taken out of it, and, if it is no run any more, each before that.
 */
export function handOn(
  core: RunsContext,
  connection: Connection,
  session: Session,
  shown: ShownRun,
  { pending, isRun }: Going,
): readonly Task[] {
  const { run, passed, event } = shown;
  // What follows an odd message is shown again by a run that is no longer than it takes to meet the next one.
  connection.runPacketsMax =
    event === undefined
      ? Math.min(RUN_PACKETS_MAX, connection.runPacketsMax * 2)
      : Math.max(1, passed);
  countRun(core, connection, run, shown.taken);
  const tasks: Task[] = [];
  for (let index = 0; index < passed && !isRun; index += 1) {
    const claim = claimOf(connection, session, run, index);
    tasks.push(receiveAccepted(core, claim, run.message(index)));
  }
  if (event !== undefined) {
    const claim = claimOf(connection, session, run, passed);
    const interception = { event, pending, isReplaced: () => event.isReplaced };
    tasks.push(receiveIntercepted(core, claim, run.message(passed), interception));
  }
  run.cutTo(passed);
  const giving = isRun && passed > 0 && distributeRun(core, connection, session, run);
  if (giving) tasks.unshift(giving);
  return tasks;
}

/** Counts the packets that are not left to be read again. The first one was counted as a packet when it was found. */
export function countRun(
  core: RunsContext,
  connection: Connection,
  run: PublishRun,
  packets: number,
): void {
  if (packets === 0) return;
  countPublishesReceived(core, connection, packets, run.payloadBytes(0, packets), run.qos);
  countPackets(core, connection, packets - 1);
}
