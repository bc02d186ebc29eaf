import type { Connection } from "../connection/connection.ts";
import type { CoreContext } from "../core-context.ts";
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
  appendedBefore: number | undefined,
): Task | undefined {
  const odd = interceptRun(core, connection, run);
  connection.framer.skipTo(run.endOf(odd?.index ?? run.count - 1));
  const task = odd && takeOut(core, connection, session, run, { odd, appendedBefore });
  if (odd !== undefined) run.cutTo(odd.index);
  if (run.count > 0) distributeRun(core, connection, session, run, appendedBefore);
  run.end();
  return task;
}

function takeOut(
  core: CoreContext,
  connection: Connection,
  session: Session,
  run: PublishRun,
  { odd, appendedBefore }: { odd: OddMessage; appendedBefore: number | undefined },
): Task {
  const { index, event, pending } = odd;
  forgetBehind(core, session, run, index);
  countOne(core, connection, run, index);
  const { qos } = run;
  const packetIdentifier = qos === 0 ? {} : { packetIdentifier: run.identifier(index) };
  return receiveIntercepted(core, connection, session, {
    packet: { qos, ...packetIdentifier },
    message: run.message(index),
    interception: { event, pending, isReplaced: () => event.isReplaced, urgency: "refusable" },
    appendedBefore,
  });
}

/** QoS 2 identifiers of packets that will be read again are free until then. */
function forgetBehind(core: CoreContext, session: Session, run: PublishRun, index: number): void {
  if (run.qos !== 2) return;
  for (let behind = index + 1; behind < run.count; behind += 1) {
    const identifier = run.identifier(behind);
    session.receiver.release(identifier);
    if (session.isDurable) core.journal?.released(session, identifier);
  }
}

/** The first packet that is read is counted by who reads it, the others of a run with the run. */
function countOne(core: CoreContext, connection: Connection, run: PublishRun, index: number): void {
  const { counters } = connection;
  const { statistics } = core;
  counters.publishesReceived += 1;
  statistics.publishesReceived += 1;
  statistics.publishBytesReceived += run.packetBytes(index);
  if (index === 0) return;
  counters.packetsReceived += 1;
  statistics.packetsReceived += 1;
}
