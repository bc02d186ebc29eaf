import type { Will } from "@anax/protocol";
import { accessOfSender } from "../access/clients.ts";
import type { ClientAccess } from "../access/client-access.ts";
import type { EndingsContext } from "./endings-context.ts";
import { Message, messageFromPacket } from "../message/message.ts";
import type { Task } from "../pending.ts";
import { publish } from "../publishing/publishing.ts";
import type { Terms, Urgency } from "../publishing/terms.ts";
import { reportUnlessAbandoned } from "../works/work.ts";
import type { Work } from "../works/work.ts";
import { asWork } from "../works/works.ts";
import { Session } from "../sessions/session.ts";
import type { PendingWill } from "./will.ts";

/**
 * Publishes a Will that is due: behind what its client has published before, and whatever becomes of the session. `keeper` is
 * the row that the store has of it, if it was due when the server ended.
 */
export function publishDue(
  core: EndingsContext,
  session: Session,
  pending: PendingWill,
  keeper: Session | undefined,
): void {
  const task = new DueWill(core, session, pending, keeper).publish();
  // A Will that is given up is still owed.
  const failed = (error: unknown): void => reportUnlessAbandoned(core, error);
  core.works.run("Will", session, task, () => undefined, failed);
}

/** The message that a Will is, if it is published at that time. */
export function messageOfWill(will: Will, clientId: string, nowMs: number): Message {
  const { topic, payload, qos, retain, properties } = will;
  const { willDelayIntervalSeconds: _delay, ...published } = properties ?? {};
  return messageFromPacket(
    { type: "publish", topic, payload, qos, retain, duplicate: false, properties: published },
    clientId,
    nowMs,
  );
}

/**
 * A Will on its way. While handlers are waited for, the store has it in a row of its own, that of a session which ends with its
 * connection: the session may be resumed or end meanwhile. That row goes in the commit that publishes the Will.
 */
class DueWill implements Terms {
  readonly needsStore = false;
  readonly isOwed = true;
  readonly #core: EndingsContext;
  readonly #session: Session;
  readonly #pending: PendingWill;
  /** What the store has of it; undefined unless it has to wait. */
  #keeper: Session | undefined;
  #isSettled = false;

  constructor(
    core: EndingsContext,
    session: Session,
    pending: PendingWill,
    keeper: Session | undefined,
  ) {
    this.#core = core;
    this.#session = session;
    this.#pending = pending;
    this.#keeper = keeper;
  }

  /** It was promised when it was stored; a full store gets it as soon as there is room. */
  get urgency(): Urgency {
    const isStored = this.#keeper !== undefined || this.#session.isDurable;
    return isStored && this.#core.journal?.isOver !== true ? "owed" : "refusable";
  }

  get access(): ClientAccess | undefined {
    return this.#pending.access ?? accessOfSender(this.#core, this.#pending.origin);
  }

  *publish(): Task {
    yield* asWork(this.#inTurn(), () => this.#wait());
    this.record();
  }

  *#inTurn(): Task {
    const { lanes } = this.#core;
    const { clientId } = this.#session;
    if (lanes.isBusy(clientId)) yield* lanes.turn(clientId);
    else lanes.enter(clientId);
    try {
      yield* publish(this.#core, this.#message(), this.#pending.origin, this);
    } finally {
      lanes.leave(clientId);
    }
  }

  #message(): Message {
    const { will, bytes } = this.#pending;
    const { clientId } = this.#session;
    const { now } = this.#core;
    if (bytes === undefined) return messageOfWill(will, clientId, now);
    const { topic, qos, retain } = will;
    return Message.received({ topic, bytes, qos, retain, clientId, receivedAtMs: now });
  }

  #wait(): Work {
    this.#keep();
    return this.#core.works.begin(this.#session.clientId, "Will");
  }

  /** Writes down that it is owed, apart from its session. */
  #keep(): void {
    const { journal, now } = this.#core;
    // It is just given to many: what is written down of that is in one commit.
    if (this.#isSettled) return;
    if (journal === undefined || this.#keeper !== undefined) return;
    const { clientId, createdAtMs, userName, isOwned } = this.#session;
    const keeper = new Session({ clientId, createdAtMs });
    Object.assign(keeper, { userName, isOwned, disconnectedAtMs: now });
    keeper.will = { ...this.#pending, deadline: { atMs: now } };
    journal.unlistedSession(keeper);
    if (this.#session.isDurable) journal.session(this.#session);
    this.#keeper = keeper;
  }

  /** It is owed no longer: it is published in this step, or was decided against. */
  record(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    const { journal } = this.#core;
    if (this.#keeper !== undefined) journal?.deleted(this.#keeper);
    else if (this.#session.isDurable) journal?.session(this.#session);
  }
}
