import { describe, expect, it } from "vitest";
import { runTask, settled } from "../../src/core/pending.ts";
import type { Task } from "../../src/core/pending.ts";
import { asWork, WorkAbandonedError, Works } from "../../src/core/works/works.ts";
import type { Work } from "../../src/core/works/works.ts";
import { Later } from "../support/core-harness.ts";

/** Runs a task as a work of "c"; `outcome` is what became of it. */
function begin<Result>(works: Works, task: Task<Result>): { outcome: unknown; work?: Work } {
  const state: { outcome: unknown; work?: Work } = { outcome: "waits" };
  runTask(
    asWork(task, () => (state.work = works.begin("c", "a test"))),
    (result) => (state.outcome = result),
    (error) => (state.outcome = error),
  );
  return state;
}

describe("a work", () => {
  it("is none as long as nothing waits", () => {
    const works = new Works();
    const state = begin(
      works,
      (function* task(): Task<string> {
        yield* settled(undefined);
        return "done";
      })(),
    );
    expect(state).toEqual({ outcome: "done" });
  });

  it("is counted, named and listed until it ends", () => {
    const works = new Works();
    const later = new Later();
    const state = begin(
      works,
      (function* task(): Task<string> {
        yield* settled(later);
        return "done";
      })(),
    );
    let isIdle = false;
    works.whenNone(() => {
      isIdle = true;
    });
    expect(Array.from(works, ({ owner, what }) => [owner, what])).toEqual([["c", "a test"]]);
    expect([works.count, isIdle]).toEqual([1, false]);
    later.settle();
    expect([works.count, isIdle, state.outcome]).toEqual([0, true, "done"]);
    works.whenNone(() => {
      isIdle = false;
    });
    expect(isIdle).toBe(false);
  });

  it("that is given up ends with an error at once, and a handler that answers then is not heard", () => {
    const works = new Works();
    const later = new Later();
    let isChanged = false;
    const state = begin(
      works,
      (function* task(): Task {
        yield* settled(later);
        isChanged = true;
      })(),
    );
    expect(works.abandonAll()).toHaveLength(1);
    expect(state.outcome).toBeInstanceOf(WorkAbandonedError);
    later.settle();
    expect([works.count, isChanged]).toEqual([0, false]);
  });

  it("that is recorded goes on to its end without waiting when it is given up", () => {
    const works = new Works();
    const state = begin(
      works,
      (function* task(): Task<string> {
        yield* settled(new Later());
        yield* settled(new Later());
        return "done";
      })(),
    );
    if (state.work !== undefined) state.work.isRecorded = true;
    works.abandonAll();
    expect([works.count, state.outcome]).toEqual([0, "done"]);
  });

  it("that fails ends", () => {
    const works = new Works();
    const later = new Later();
    const state = begin(
      works,
      (function* task(): Task {
        yield* settled(later);
        throw new RangeError("broken");
      })(),
    );
    later.settle();
    expect(works.count).toBe(0);
    expect(state.outcome).toBeInstanceOf(RangeError);
  });
});
