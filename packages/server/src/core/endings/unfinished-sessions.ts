import { fail } from "./closing.ts";
import type { EndingsContext } from "./endings-context.ts";
import { pump } from "../delivering/delivering.ts";
import { hasTurn } from "../retained/retained-replay.ts";
import type { Session } from "../sessions/session.ts";

/** Sessions that have more to send than a turn allowed. */
export class UnfinishedSessions {
  #sessions: Set<Session> = new Set();

  /** The session goes on in the next turn. */
  add(session: Session): void {
    this.#sessions.add(session);
  }

  /** Lets them go on; who comes too late for this turn's steps over retained messages is first in the next. */
  goOn(core: EndingsContext): void {
    if (this.#sessions.size === 0) return;
    const unfinished = this.#sessions;
    const late: Session[] = [];
    this.#sessions = new Set();
    for (const session of unfinished) {
      if (!hasTurn(core)) late.push(session);
      pumpOne(core, session);
    }
    if (late.length === 0) return;
    const again = this.#sessions;
    this.#sessions = new Set([...late.filter((session) => again.has(session)), ...again]);
  }
}

/** What goes wrong with one session must not keep the others from their turn. */
function pumpOne(core: EndingsContext, session: Session): void {
  try {
    pump(core, session);
  } catch (error) {
    if (session.connection === undefined) core.report(error);
    else fail(core, session.connection, error);
  }
}
