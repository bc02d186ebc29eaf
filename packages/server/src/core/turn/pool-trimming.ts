import { TRIM_INTERVAL_MS } from "../byte-pool.ts";
import type { CommonContext } from "../common-context.ts";

/** Lets go of arrays that output needs no more, after a while, until there are none. */
export class PoolTrimming {
  readonly #core: Pick<CommonContext, "deadlines" | "now" | "pool">;
  #isDue = false;

  constructor(core: Pick<CommonContext, "deadlines" | "now" | "pool">) {
    this.#core = core;
  }

  /** To be called often: it does something only where there is something to let go. */
  look(): void {
    const { pool, deadlines, now } = this.#core;
    if (pool.freeBytes === 0 || this.#isDue) return;
    this.#isDue = true;
    deadlines.add(now + TRIM_INTERVAL_MS, () => {
      this.#isDue = false;
      pool.trim();
      this.look();
    });
  }

  /** All deadlines have been forgotten. */
  forget(): void {
    this.#isDue = false;
  }
}
