import { expect, it, vi } from "vitest";
import { Lingering } from "../../src/driver/lingering.ts";

const { fakeableTimers } = await vi.hoisted(() => import("../support/fakeable-timers.ts"));
vi.mock(import("../../src/platform.ts"), async (original) => fakeableTimers(await original()));

/** Runs what is due, turn by turn, until nothing is; gives the number of turns. */
function turnsUntilRest(): number {
  let turns = 0;
  while (vi.getTimerCount() > 0) {
    vi.advanceTimersToNextTimer();
    turns += 1;
  }
  return turns;
}

it("keeps the loop turning for some turns after each write, however many there were, and then lets it sleep", () => {
  vi.useFakeTimers({ toFake: ["setImmediate"] });
  try {
    const lingering = new Lingering();
    lingering.begin();
    lingering.begin();
    expect(vi.getTimerCount()).toBe(1);
    expect(turnsUntilRest()).toBe(8);
    lingering.begin();
    vi.advanceTimersToNextTimer();
    lingering.begin();
    expect(vi.getTimerCount()).toBe(1);
    expect(turnsUntilRest()).toBe(8);
  } finally {
    vi.useRealTimers();
  }
});
