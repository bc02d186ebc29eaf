import type { Connection } from "../connection/connection.ts";
import type { RunsContext } from "./runs-context.ts";
import type { HookResult, Pending, Task } from "../pending.ts";
import type { Session } from "../sessions/session.ts";
import { WorkAbandonedError } from "../works/work.ts";
import { asWork } from "../works/works.ts";
import { handOn } from "./handing-on-run.ts";
import { mayRun } from "./run-delivering.ts";
import { isOpen } from "./scanning.ts";
import type { ShownRun } from "./intercepting-run.ts";
import { putBack } from "./putting-back.ts";

/**
 * A run whose handlers answer later: one work. Each message is shown when the handlers of the one before have answered, and what
 * they let pass is handed on as one run. It lasts no longer than its turn of the loop, so that what is decided never waits for what
 * is not: then the message that is being asked about goes on alone, and what is behind it is read again.
 */
export class WaitingRun {
  readonly connection: Connection;
  readonly #core: RunsContext;
  readonly #session: Session;
  readonly #shown: ShownRun;
  #resume: (() => void) | undefined;
  /** The server stops. */
  #isAbandoned = false;

  constructor(core: RunsContext, connection: Connection, session: Session, shown: ShownRun) {
    this.connection = connection;
    this.#core = core;
    this.#session = session;
    this.#shown = shown;
  }

  /** `pending`: with what the handlers of the message shown last are waited for. */
  *take(pending: Pending): Task {
    const { clientId } = this.connection;
    const core = this.#core;
    const changes = core.router.changes;
    this.#shown.keep();
    core.runs.keep(this);
    // Its turn is to have an end.
    core.touch(this.connection);
    core.lanes.enter(clientId);
    try {
      yield* this.#answers(pending);
      yield* this.#goOn(pending, core.router.changes === changes);
    } finally {
      core.lanes.leave(clientId);
    }
  }

  /** What stays in the run is handed on, and what is behind it is left to be read again. */
  *#goOn(pending: Pending, isSameRoute: boolean): Task {
    const core = this.#core;
    const { connection } = this;
    const shown = this.#shown;
    const { run, taken } = shown;
    let rest: readonly Task[] = [];
    try {
      const behind = run.bytes.subarray(run.endOf(taken - 1));
      if (connection.isOpen && !this.#isAbandoned) putBack(connection.framer, behind);
      rest = handOn(core, connection, this.#session, shown, {
        pending: shown.isAsking ? this.#alone(pending) : undefined,
        isRun: isSameRoute && mayRun(core) && isOpen(core, run.route, run.qos, this.#session),
      });
    } finally {
      run.end();
      core.runs.giveBack(this, run);
    }
    for (const task of rest) yield* task;
  }

  *#answers(pending: Pending): Task {
    const { works } = this.#core;
    try {
      yield* asWork(this.#ask(pending), () => works.begin(this.connection.clientId, "PUBLISH"));
    } catch (error) {
      if (!(error instanceof WorkAbandonedError)) throw error;
      // What is not decided was never received.
      this.#shown.leaveOut();
      this.#isAbandoned = true;
    }
  }

  /** The handlers have not answered by the end of the turn, or the client goes. */
  cut(): void {
    this.#shown.isCut = true;
    this.#settled();
  }

  *#ask(first: Pending): Task {
    for (let pending: HookResult = first; ;) {
      if (pending !== undefined) yield this.#waitingFor(pending);
      if (this.#shown.isCut) return;
      const event = this.#shown.next();
      if (event === undefined) return;
      pending = this.#core.hooks.interceptingPublish?.(event, this.connection);
    }
  }

  /** The answer of the handlers that are at work now. */
  #alone({ event, kind }: Pending): Pending {
    const whenSettled = (resume: () => void): void => {
      this.#resume = resume;
    };
    return { event, kind, whenSettled };
  }

  #waitingFor(pending: Pending): Pending {
    return {
      event: pending.event,
      kind: pending.kind,
      whenSettled: (resume) => {
        this.#resume = resume;
        if (pending.inSeries === undefined) pending.whenSettled(this.#settled);
        else pending.inSeries(this.#shown.next, this.#settled);
      },
    };
  }

  readonly #settled = (): void => {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  };
}
