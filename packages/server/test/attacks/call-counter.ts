/** Counts work instead of timing it: a test that counts fails on a slow machine as on a fast one. */

/** A method that is counted until `restore`. Unlike a spy it keeps no record of each call, so millions cost little. */
export class CallCounter {
  count = 0;
  readonly restore: () => void;

  /** `weigh` tells how much a call counts; by default 1. */
  constructor(owner: object, name: string, weigh: (self: unknown) => number = () => 1) {
    const original: unknown = Reflect.get(owner, name);
    if (typeof original !== "function") throw new Error(`${name} is no method`);
    const count = (self: unknown): void => {
      this.count += weigh(self);
    };
    Reflect.set(owner, name, function counted(this: unknown, ...parameters: unknown[]): unknown {
      count(this);
      return Reflect.apply(original, this, parameters);
    });
    this.restore = () => Reflect.set(owner, name, original);
  }
}

const counters: CallCounter[] = [];

/** Begins to count calls of a method. */
export function countCalls(
  owner: object,
  name: string,
  weigh?: (self: unknown) => number,
): CallCounter {
  const counter = new CallCounter(owner, name, weigh);
  counters.push(counter);
  return counter;
}

/** Ends all counting; for `afterEach`. */
export function stopCounting(): void {
  for (let last = counters.pop(); last !== undefined; last = counters.pop()) last.restore();
}
