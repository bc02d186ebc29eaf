import { expect, it } from "vitest";
import { EVENT_CASES, eventLines, measureEvents } from "../events.ts";

it("measures what events cost, and finds no promise where a handler answers at once", async () => {
  for (const qos of [0, 1] as const) {
    const costs = await measureEvents({ messages: 1_600, rounds: 1, qos });
    expect(costs.map(({ promises }) => promises > 0)).toEqual(
      EVENT_CASES.map(({ name }) => name.endsWith("asynchronous")),
    );
    for (const { nanoseconds } of costs) expect(nanoseconds).toBeGreaterThan(0);
    expect(eventLines(costs)).toHaveLength(EVENT_CASES.length);
  }
});
