import type { Connection } from "../connection/connection.ts";
import type { RunsContext } from "./runs-context.ts";
import type { Task } from "../pending.ts";
import { PEER_CLIENT_ID } from "../routing/interest.ts";
import type { Session } from "../sessions/session.ts";
import { claimAlias } from "./claiming-run.ts";
import { countRun, handOn } from "./handing-on-run.ts";
import { ShownRun } from "./intercepting-run.ts";
import { distributeRun } from "./run-delivering.ts";
import { WaitingRun } from "./waiting-run.ts";

/**
 * Hot path: hands the current run on, as far as the interceptor lets it be one. Gives what is to be waited for before anything else
 * of the client is taken: handlers that answer later, the message that cannot stay in the run, or receivers that are thousands. What
 * comes behind is left to be read again, so order is kept whatever it waits for.
 */
export function takeRun(
  core: RunsContext,
  connection: Connection,
  session: Session,
): Task | undefined {
  const run = core.runs.current;
  claimAlias(connection, run);
  // What comes from another server was judged there.
  if (core.hooks.interceptingPublish !== undefined && session.clientId !== PEER_CLIENT_ID)
    return intercept(core, connection, session);
  connection.framer.skipTo(run.endOf(run.count - 1));
  countRun(core, connection, run, run.count);
  const rest = distributeRun(core, connection, session, run);
  run.end();
  return rest;
}

function intercept(core: RunsContext, connection: Connection, session: Session): Task | undefined {
  const run = core.runs.current;
  const shown = new ShownRun(connection, run);
  const pending = shown.show(core.hooks);
  const isWaiting = pending !== undefined && core.runs.mayWait;
  connection.framer.skipTo(run.endOf((isWaiting ? run.count : shown.taken) - 1));
  if (isWaiting) return new WaitingRun(core, connection, session, shown).take(pending);
  shown.end();
  const [first, ...rest] = handOn(core, connection, session, shown, { pending, isRun: true });
  run.end();
  return first === undefined || rest.length === 0 ? first : oneAfterTheOther([first, ...rest]);
}

function* oneAfterTheOther(tasks: readonly Task[]): Task {
  for (const task of tasks) yield* task;
}
