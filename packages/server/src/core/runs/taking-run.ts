import type { Connection } from "../connection/connection.ts";
import { countPackets, countPublishesReceived } from "../connection/counting.ts";
import type { CoreContext } from "../core-context.ts";
import { claimAlias, claimOf } from "./claiming-run.ts";
import { interceptRun } from "./intercepting-run.ts";
import type { OddMessage } from "./intercepting-run.ts";
import type { Task } from "../pending.ts";
import type { PublishRun } from "./publish-run.ts";
import { receiveIntercepted } from "../publishing/receiving-publish.ts";
import { distributeRun } from "./run-delivering.ts";
import type { Session } from "../sessions/session.ts";

/**
 * Hot path: hands a run on, as far as the interceptor lets it be one. The message that cannot stay in it is taken out
 * as a task; what comes behind it is left to be read again, so order is kept whatever the task waits for.
 */
export function takeRun(
  core: CoreContext,
  connection: Connection,
  session: Session,
  run: PublishRun,
): Task | undefined {
  claimAlias(connection, run);
  const odd = interceptRun(core, connection, run);
  const last = odd?.index ?? run.count - 1;
  connection.framer.skipTo(run.endOf(last));
  count(core, connection, run, last + 1);
  const task = odd && takeOut(core, connection, session, run, odd);
  if (odd !== undefined) run.cutTo(odd.index);
  if (run.count > 0) distributeRun(core, connection, session, run);
  run.end();
  return task;
}

function takeOut(
  core: CoreContext,
  connection: Connection,
  session: Session,
  run: PublishRun,
  { index, event, pending }: OddMessage,
): Task {
  const claim = claimOf(connection, session, run, index);
  const interception = { event, pending, isReplaced: () => event.isReplaced };
  return receiveIntercepted(core, claim, run.message(index), interception);
}

/** Counts the packets that are not left to be read again. The first one was counted as a packet when it was found. */
function count(core: CoreContext, connection: Connection, run: PublishRun, packets: number): void {
  const bytes = run.endOf(packets - 1) - run.packetsStart;
  countPublishesReceived(core, connection, packets, bytes);
  countPackets(core, connection, packets - 1);
}
