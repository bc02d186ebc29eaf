import type { EventSource } from "../hooks/hook-event.ts";
import type { HookArguments, Hooks } from "../hooks/hooks.ts";
import { settled } from "../pending.ts";
import type { HookResult, Pending, Task } from "../pending.ts";
import type { WorkOwner, Works } from "./works.ts";

/** News of one client that its handlers have not been told yet, before more of it is put off: its packets, and its next CONNECT. */
export const NEWS_WAITING_MAX = 1_000;

/** The events that tell what has happened to one client. */
export type NewsName =
  | "clientAcknowledgedPublishPacket"
  | "clientConnected"
  | "clientDisconnected"
  | "clientSubscribedTopic"
  | "clientUnsubscribedTopic"
  | "sessionDeleted";

/**
 * News of clients, in one lane for each Client Identifier: all handlers of one event have answered before the next is told, so a
 * table that they keep ends as things are. A lane waits for nothing but handlers, and lasts only as long as one of them is waited
 * for.
 */
export class NewsLanes {
  readonly #core: NewsLanesContext;
  readonly #lanes: Map<string, News[]> = new Map();

  constructor(core: NewsLanesContext) {
    this.#core = core;
  }

  /** How many clients have news that are not told to the end. */
  get count(): number {
    return this.#lanes.size;
  }

  /**
   * Tells news of a client, now or behind what is told already. Undefined if that is done, else what is to be waited for.
   * @param source the connection that the news belongs to, if it belongs to one
   */
  tell<Name extends NewsName>(
    name: Name,
    owner: WorkOwner,
    args: HookArguments[Name],
    source?: EventSource,
  ): HookResult {
    const hook: Hooks[Name] = this.#core.hooks[name];
    if (hook === undefined) return undefined;
    const lane = this.#lanes.size === 0 ? undefined : this.#lanes.get(owner.clientId);
    if (lane !== undefined) {
      // Asked for again when it is its turn: handlers may have been removed.
      const news = new News(name, () => this.#core.hooks[name]?.(args, source));
      lane.push(news);
      return news;
    }
    const pending = hook(args, source);
    if (pending === undefined) return undefined;
    const news = new News(name, () => pending);
    this.#begin(owner, [news]);
    return news;
  }

  /** What to wait for before more is taken from a client whose handlers are far behind; undefined for all others. */
  backlogOf({ clientId }: WorkOwner): Pending | undefined {
    const lane = this.#lanes.get(clientId);
    return lane !== undefined && lane.length > NEWS_WAITING_MAX ? lane.at(-1) : undefined;
  }

  #begin(owner: WorkOwner, lane: News[]): void {
    const { clientId } = owner;
    this.#lanes.set(clientId, lane);
    const end = (): void => void this.#lanes.delete(clientId);
    this.#core.works.run("news of a client", owner, tellAll(lane), end, (error) => {
      end();
      this.#core.report(error);
    });
  }
}

interface NewsLanesContext {
  readonly hooks: Hooks;
  readonly works: Works;
  readonly report: (error: unknown) => void;
}

function* tellAll(lane: News[]): Task {
  for (let news = lane[0]; news !== undefined; news = lane[0]) {
    yield* settled(news.tell());
    lane.shift();
    news.told();
  }
}

/** One event in a lane; who waits for it is counted with the lane. */
class News implements Pending {
  readonly event: NewsName;
  readonly kind = "news";
  readonly isCounted = true;
  readonly tell: () => HookResult;
  #isTold = false;
  #resumes: (() => void)[] = [];

  constructor(event: NewsName, tell: () => HookResult) {
    this.event = event;
    this.tell = tell;
  }

  whenSettled(resume: () => void): void {
    if (this.#isTold) resume();
    else this.#resumes.push(resume);
  }

  told(): void {
    this.#isTold = true;
    for (const resume of this.#resumes) resume();
  }
}
