/** The dimensions of the matrix: what a handler does, and what happens meanwhile. */
import { SERVER_EVENT_NAMES } from "../../src/index.ts";
import type { ServerEventName } from "../../src/index.ts";

/** What the first handler does that is called for the client. */
export const BEHAVIOURS = ["slow", "throws", "wrong answer", "never answers"] as const;

/** What happens while it is at work. */
export const DISTURBANCES = [
  "link drops",
  "resumes and repeats",
  "take-over",
  "take-over with clean start",
  "session deleted",
  "client sent away",
  "stop",
  "kill and restart",
] as const;

/** Where sessions are kept: with the server object, or in a store that survives a kill. */
export const STORES = ["memory", "disk"] as const;

/** One case. */
export interface Cell {
  readonly event: ServerEventName;
  readonly behaviour: (typeof BEHAVIOURS)[number];
  readonly disturbance: (typeof DISTURBANCES)[number];
  readonly qos: 0 | 1 | 2;
  readonly store: (typeof STORES)[number];
}

/** All of them. */
export function allCells(): Cell[] {
  const cells: Cell[] = [];
  for (const event of SERVER_EVENT_NAMES)
    for (const behaviour of BEHAVIOURS)
      for (const disturbance of DISTURBANCES)
        for (const qos of [0, 1, 2] as const)
          for (const store of STORES) cells.push({ event, behaviour, disturbance, qos, store });
  return cells;
}

/** A cell in words, which `npm run matrix -- --cell` takes. */
export function nameOf({ event, behaviour, disturbance, qos, store }: Cell): string {
  return `${event}, ${behaviour}, ${disturbance}, QoS ${qos}, ${store}`;
}

/**
 * A slice of them: each event with each disturbance, the other values such that each value of a dimension meets each of every
 * other; and all of the case that programs meet most, a slow answer about a message.
 */
export function sliceOfCells(): Cell[] {
  const usual = allCells().filter(
    ({ event, behaviour }) => event === "interceptingPublish" && behaviour === "slow",
  );
  return [...coveringPairs(), ...usual];
}

function coveringPairs(): Cell[] {
  return SERVER_EVENT_NAMES.flatMap((event, row) =>
    DISTURBANCES.map((disturbance, column) => ({
      event,
      behaviour: at(BEHAVIOURS, row + column),
      disturbance,
      qos: at([0, 1, 2] as const, row + column),
      store: at(STORES, row + Math.floor(column / 2)),
    })),
  );
}

function at<Value>(values: readonly Value[], index: number): Value {
  return values[index % values.length] as Value;
}

/** All pairs of values that some of these cells have together. */
export function pairsOf(cells: readonly Cell[]): ReadonlySet<string> {
  return new Set(
    cells.flatMap((cell) => {
      const values = Object.entries(cell).map(([name, value]) => `${name} ${value}`);
      return values.flatMap((one, index) => values.slice(index + 1).map((two) => `${one}, ${two}`));
    }),
  );
}
