import type { CoreHarness } from "./core-harness.ts";
import { Later } from "./core-harness.ts";

/** Handlers that all wait; each is let go by its place in the order of the calls. */
export class Waiting {
  readonly calls: Later[] = [];

  next(): Later {
    const later = new Later();
    this.calls.push(later);
    return later;
  }

  settle(harness: CoreHarness, index: number): void {
    this.calls[index]?.settle();
    harness.settle();
  }
}
