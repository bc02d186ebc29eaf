import { describe, expect, it } from "vitest";
import { settled } from "../../src/core/pending.ts";
import type { Pending, Task } from "../../src/core/pending.ts";
import { WorkAbandonedError } from "../../src/core/works/work.ts";
import type { Work } from "../../src/core/works/work.ts";
import { asWork, THE_SERVER, Works } from "../../src/core/works/works.ts";
import { Later } from "../support/core-harness.ts";

/** A wait of another kind than for an answer. */
class Told extends Later {
  readonly event = "clientConnected";
  readonly kind: "news" | "store";

  constructor(kind: "news" | "store" = "news") {
    super();
    this.kind = kind;
  }
}

function* waitingFor(...pendings: readonly Pending[]): Task<string> {
  for (const pending of pendings) yield* settled(pending);
  return "done";
}

/** Runs a task; `outcome` is what became of it. */
function begin<Result>(works: Works, task: Task<Result>): { outcome: unknown } {
  const state: { outcome: unknown } = { outcome: "waits" };
  const keep = (outcome: unknown): void => {
    state.outcome = outcome;
  };
  works.run("a test", { clientId: "c" }, task, keep, keep);
  return state;
}

function whenIdle(works: Works): { isIdle: boolean } {
  const state = { isIdle: false };
  works.whenIdle(() => {
    state.isIdle = true;
  });
  return state;
}

describe("a work", () => {
  it("is none as long as nothing waits", () => {
    const works = new Works();
    let seen = -1;
    const task = function* task(): Task<string> {
      yield* settled(undefined);
      seen = works.count;
      return "done";
    };
    expect(begin(works, task())).toEqual({ outcome: "done" });
    expect(seen).toBe(0);
  });

  it("is counted, named and listed until it ends", () => {
    const works = new Works(() => 5);
    const [first, second] = [new Later(), new Told()];
    const state = begin(works, waitingFor(first, second));
    const idle = whenIdle(works);
    expect(Array.from(works, ({ owner, what, sinceMs }) => [owner, what, sinceMs])).toEqual([
      ["c", "a test", 5],
    ]);
    expect([works.of("c").length, works.of("d").length]).toEqual([1, 0]);
    first.settle();
    expect([works.count, works.asking, idle.isIdle]).toEqual([1, 1, false]);
    expect(works.of("c")[0]?.event).toBe("clientConnected");
    second.settle();
    expect([works.count, works.asking, idle.isIdle]).toEqual([0, 0, true]);
    expect(state.outcome).toBe("done");
  });

  it("that waits for the store is counted, but asks nothing", () => {
    const works = new Works();
    const store = new Told("store");
    const state = begin(works, waitingFor(store));
    expect([works.count, works.asking, whenIdle(works).isIdle]).toEqual([1, 0, true]);
    expect(works.abandonAll()).toEqual([]);
    expect(state.outcome).toBe("waits");
    store.settle();
    expect([works.count, state.outcome]).toEqual([0, "done"]);
  });

  it("that is given up ends with an error at once, and a handler that answers then is not heard", () => {
    const works = new Works();
    const later = new Later();
    let isChanged = false;
    let isCleared = false;
    const task = function* task(): Task {
      try {
        yield* settled(later);
        isChanged = true;
      } finally {
        isCleared = true;
      }
    };
    const state = begin(works, task());
    expect(works.abandonAll()).toHaveLength(1);
    expect(state.outcome).toBeInstanceOf(WorkAbandonedError);
    later.settle();
    expect([works.count, isChanged, isCleared]).toEqual([0, false, true]);
  });

  it("that only tells news goes on to its end without waiting when it is given up", () => {
    const works = new Works();
    const news = [new Told(), new Told()];
    const state = begin(works, waitingFor(...news));
    const idle = whenIdle(works);
    works.abandonAll();
    expect([works.count, state.outcome, idle.isIdle]).toEqual([0, "done", true]);
    for (const one of news) one.settle();
  });

  it("that fails ends", () => {
    const works = new Works();
    const later = new Later();
    const task = function* task(): Task {
      yield* settled(later);
      throw new RangeError("broken");
    };
    const state = begin(works, task());
    later.settle();
    expect([works.count, works.asking]).toEqual([0, 0]);
    expect(state.outcome).toBeInstanceOf(RangeError);
  });

  it("of news that are not waited for is counted", () => {
    const works = new Works();
    const told = new Told();
    works.note("news", THE_SERVER, undefined);
    works.note("news", THE_SERVER, told);
    expect(Array.from(works, ({ owner, event }) => [owner, event])).toEqual([
      ["", "clientConnected"],
    ]);
    told.settle();
    expect(works.count).toBe(0);
  });
});

describe("a work within another task", () => {
  function inner(works: Works, kept: { work?: Work }, ...pendings: readonly Pending[]): Task {
    return (function* outer(): Task {
      yield* asWork(waitingFor(...pendings), () => (kept.work = works.begin("c", "inner")));
    })();
  }

  it("is the one that is counted and given up", () => {
    const works = new Works();
    const kept = {};
    const state = begin(works, inner(works, kept, new Later()));
    expect(Array.from(works, ({ what }) => what)).toEqual(["inner"]);
    works.abandonAll();
    expect(state.outcome).toBeInstanceOf(WorkAbandonedError);
    expect(works.count).toBe(0);
  });
});
