import type { CancelCall, Clock } from "../ports/clock.ts";
import type { Log, LogFields } from "../ports/logger.ts";

/** What happens more often than this, in milliseconds, is counted. */
const INTERVAL_MS = 60_000;

/** Warns of something that may happen very often: the first time at once, then once a minute with how often it was. */
export class CountedWarning {
  readonly #message: string;
  readonly #log: Log;
  readonly #clock: Clock;
  #cancel: CancelCall | undefined;
  #count = 0;
  #lastFields: LogFields = {};

  constructor(message: string, log: Log, clock: Clock) {
    this.#message = message;
    this.#log = log;
    this.#clock = clock;
  }

  /** It has happened. Of those that are only counted, the fields of the last one are shown. */
  add(fields: LogFields, count = 1): void {
    if (this.#log.warn === undefined) return;
    this.#count += count;
    this.#lastFields = fields;
    if (this.#cancel === undefined) this.#write();
  }

  #write(): void {
    this.#log.warn?.(this.#message, { ...this.#lastFields, count: this.#count });
    this.#count = 0;
    this.#cancel = this.#clock.callAfter(INTERVAL_MS, () => {
      this.#cancel = undefined;
      if (this.#count > 0) this.#write();
    });
  }
}
