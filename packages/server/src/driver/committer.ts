import type { Commit } from "../core/recovery/commits.ts";
import type { ClockMovement, ClockReading } from "../core/journal/server-time.ts";
import { StoredState } from "../core/recovery/stored-state.ts";
import { StoredMessages } from "../core/journal/stored-messages.ts";
import type { ServerCore } from "../core/server-core.ts";
import { asError } from "../errors.ts";
import type { CancelCall, Clock } from "../ports/clock.ts";
import type { Log } from "../ports/logger.ts";
import { StoreError } from "../ports/store.ts";
import type { Store, StoreVisitor } from "../ports/store.ts";
import { within } from "../user-code.ts";
import { CommitPace } from "./commit-pace.ts";
import { FencedStore } from "./fenced-store.ts";
import type { StoreHealth, StoreCounters } from "../system/server-health.ts";
import { TimeCounts } from "../system/time-histogram.ts";
import { setImmediate } from "../platform.ts";

/** A store without room is asked again after this long: somebody may make some. */
const RETRY_MS = 1_000;

/** What nobody waits for is stored this much later, together with what has come since. */
const LATER_MS = 20;

/** A store that takes longer for a commit is said to stall. */
const STALLED_MS = 3_000;

/** How often it is looked whether the clocks of the machine were set. */
const CLOCK_WATCH_MS = 10_000;

/** How long a stop waits for a store from which nothing comes. */
const PATIENCE_MS = 60_000;

/** How a store is used. */
export interface StorageSettings {
  /** Bytes of journal after which the tables are brought up to date, so that the journal can shrink. */
  readonly checkpointBytes: number;
  /** The same after this many milliseconds with anything to do. */
  readonly checkpointIntervalMs: number;
  /** Bytes of the journal that may stay in memory while clients are owed messages in it; the rest is read when it is due. */
  readonly residentBytesMax: number;
}

/** What a committer is made of. */
export interface CommitterOptions {
  readonly store: Store;
  readonly settings: StorageSettings;
  readonly core: ServerCore;
  readonly clock: Clock;
  readonly log: Log;
  /** Milliseconds that the store may take to open. */
  readonly startTimeoutMs: number;
  /** The store was opened: the server's time goes on from this reading of the clocks, if there is one. */
  goOnFrom(reading: ClockReading | undefined): void;
  /** Does work inside the core. */
  run(work: () => void): void;
  /** Told when `health` has become another one. */
  healthChanged(): void;
}

/**
 * Carries what the core wants stored to the store, one commit at a time: while one is under way, the next
 * batch grows. So an idle server waits for one sync per message, and a busy one shares it among thousands. Between the
 * two, commits keep a distance (`CommitPace`).
 */
export class Committer {
  readonly #store: FencedStore;
  readonly #settings: StorageSettings;
  readonly #core: ServerCore;
  readonly #clock: Clock;
  readonly #startTimeoutMs: number;
  readonly #log: Log;
  readonly #run: (work: () => void) => void;
  readonly #goOnFrom: (reading: ClockReading | undefined) => void;
  readonly #healthChanged: () => void;
  /** Undefined for a store that only has memory: its commits cost nothing that could be shared. */
  readonly #pace: CommitPace | undefined;
  #isCommitting = false;
  #isAsked = false;
  /** Ends a wait for others that a commit makes. */
  #cancelPause: CancelCall | undefined;
  #isOpen = false;
  #cancelLater: CancelCall | undefined;
  #cancelWatch: CancelCall | undefined;
  #whenIdle: (() => void) | undefined;
  /** Tries a commit again that found no room. */
  #retry: (() => void) | undefined;
  #commits = 0;
  #failures = 0;
  #begunAtMs = 0;
  /** A commit has been under way for long. */
  #isStalled = false;
  #cancelStallWatch: CancelCall | undefined;
  /** From handing a commit to the store to its answer. */
  readonly times: TimeCounts = new TimeCounts();
  #error: Error | undefined;

  constructor(options: CommitterOptions) {
    this.#store = new FencedStore(options.store);
    this.#pace = options.store.durability === "memory" ? undefined : new CommitPace();
    this.#settings = options.settings;
    this.#core = options.core;
    this.#clock = options.clock;
    this.#startTimeoutMs = options.startTimeoutMs;
    this.#log = options.log;
    this.#run = (work) => options.run(work);
    this.#goOnFrom = (reading) => options.goOnFrom(reading);
    this.#healthChanged = () => options.healthChanged();
  }

  /** Opens the store and makes the core what it says. Rejects with `StoreError`. */
  async open(): Promise<void> {
    const { residentBytesMax } = this.#settings;
    const messages = new StoredMessages({ reader: this.#read, residentBytesMax });
    const state = new StoredState(messages, {
      seed: this.#core.retained.seed,
      attempt: understood,
    });
    await this.#openStore({
      session: (key, row) => understood(`session ${key}`, () => state.session(key, row)),
      retained: (topic, row) =>
        understood(`the retained message of ${topic}`, () => state.retainedRow(topic, row)),
      batch: (position, bytes) =>
        understood(`batch ${position}`, () => state.batch(position, bytes)),
    });
    await this.#completed(state);
    this.#error = undefined;
    this.#isOpen = true;
    this.#goOnFrom(state.clock);
    this.#run(() => this.#core.startJournal(state, this.#settings));
    this.#watchClocks();
  }

  /** A store that opens after its time is over is closed again, so that it keeps no later start from it. */
  async #openStore(visitor: StoreVisitor): Promise<void> {
    const limitMs = this.#startTimeoutMs;
    let isLate = false;
    const open = async (): Promise<void> => {
      await this.#store.open(visitor);
      if (isLate) await this.#store.close();
    };
    const tooLate = (): Error => {
      isLate = true;
      return new StoreError("ANAX_STORE_FAILED", `the store is not open after ${limitMs} ms`);
    };
    await within(open, { clock: this.#clock, limitMs, tooLate });
  }

  /** Where there are no batches, sessions are put together only now. */
  async #completed(state: StoredState): Promise<void> {
    try {
      state.complete();
    } catch (error) {
      await this.#store.close();
      throw error;
    }
  }

  /** The next start has to know how the clocks stand to each other, and the machine may lose its power any time. */
  #watchClocks(): void {
    this.#cancelWatch = this.#clock.callAfter(CLOCK_WATCH_MS, () => {
      this.#lookAtClocks();
      this.#watchClocks();
    });
  }

  #lookAtClocks(): void {
    let moved: ClockMovement | undefined;
    this.#run(() => {
      moved = this.#core.watchClocks();
    });
    if (moved === undefined) return;
    this.request("later");
    const { wallMs, asleepMs } = moved;
    if (wallMs !== 0) {
      const direction = wallMs > 0 ? "forward" : "back";
      this.#log.info?.(
        `the wall clock was set ${direction}; nothing expires sooner or later for it`,
        {
          seconds: Math.round(Math.abs(wallMs) / 1_000),
        },
      );
    }
    if (asleepMs !== 0) {
      const seconds = Math.round(asleepMs / 1_000);
      this.#log.info?.("the machine was asleep; that time does not count", { seconds });
    }
  }

  get health(): StoreHealth {
    const journal = this.#core.journal?.health ?? "good";
    const store = this.#isStalled && journal === "good" ? "stalled" : journal;
    return { isHealthy: store === "good", store, storeError: this.#error };
  }

  get counters(): StoreCounters {
    return {
      storeCommits: this.#commits,
      storeFailures: this.#failures,
      storeBytesCurrent: this.#isOpen ? this.#store.bytes : 0,
    };
  }

  resetCounters(): void {
    this.#commits = 0;
    this.#failures = 0;
    this.times.reset();
  }

  /** The core has something to store: it is taken at the end of this turn of the loop, or a moment later. */
  request(urgency: "now" | "later" = "now"): void {
    if (this.#isAsked || this.#isCommitting) return;
    if (urgency === "later") return this.#requestAfter(LATER_MS);
    this.#isAsked = true;
    setImmediate(this.#commitInTime);
  }

  /**
   * Stores what is left and closes the store. The core has forgotten everything then. Rejects with `StoreError`, and waits
   * no longer, if the store does not answer for a minute.
   */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#run(() => this.#core.checkpoint());
    this.#cancelPause?.();
    this.#isAsked = false;
    this.request();
    const isIdle = await this.#idle();
    this.#whenIdle = undefined;
    this.#isOpen = false;
    this.#cancelLater?.();
    this.#cancelWatch?.();
    this.#cancelStallWatch?.();
    this.#run(() => this.#core.stopJournal());
    if (!isIdle) throw noAnswer();
    await within(() => this.#store.close(), {
      clock: this.#clock,
      limitMs: PATIENCE_MS,
      tooLate: noAnswer,
    });
  }

  /** Resolves when everything is stored or will never be; with false if a commit does not settle for too long. */
  #idle(): Promise<boolean> {
    return new Promise((resolve) => {
      let cancel: CancelCall;
      const watch = (before: number): void => {
        cancel = this.#clock.callAfter(PATIENCE_MS, () => {
          if (this.#commits === before) resolve(false);
          else watch(this.#commits);
        });
      };
      watch(this.#commits);
      this.#whenIdle = () => {
        cancel();
        resolve(true);
      };
      // A full store gets its last chance now.
      this.#retry?.();
    });
  }

  readonly #read = (position: number): Uint8Array => {
    const bytes = this.#store.read(position);
    if (bytes === undefined)
      throw new StoreError("ANAX_STORE_UNREADABLE", `batch ${position} is missing`);
    return bytes;
  };

  /** Begins the next commit, now or when others had their time to join it. */
  readonly #commitInTime = (): void => {
    const pace = this.#pace;
    const { journal } = this.#core;
    const mayWait = pace !== undefined && journal !== undefined && this.#whenIdle === undefined;
    if (!mayWait || this.#isCommitting || !journal.isUrgent) return this.#commitNext();
    const delayMs = pace.delayMs(this.#clock.now());
    if (delayMs === 0) return this.#commitNext();
    this.#isAsked = true;
    const before = journal.urgentRecords;
    this.#cancelPause = this.#clock.callAfter(delayMs, () => {
      pace.waited(journal.urgentRecords !== before);
      this.#commitNext();
    });
  };

  readonly #commitNext = (): void => {
    this.#cancelPause?.();
    this.#isAsked = false;
    if (this.#isCommitting || !this.#isOpen) return;
    const commit = this.#take();
    if (commit !== undefined) return this.#commit(commit);
    this.#whenIdle?.();
  };

  /** The next commit; undefined if there is nothing to store, or never will be. */
  #take(): Commit | undefined {
    let commit: Commit | undefined;
    if (this.#core.journal?.isOver === true) return undefined;
    this.#run(() => {
      commit = this.#core.nextCommit(this.#store.logBytes);
    });
    return commit;
  }

  #commit(commit: Commit): void {
    this.#isCommitting = true;
    this.#retry = undefined;
    this.#cancelLater?.();
    this.#begunAtMs = this.#clock.now();
    this.#pace?.begin(this.#begunAtMs);
    this.#watchStall(STALLED_MS);
    this.#store.commit(commit).then(
      () => this.#settled(commit),
      (error: unknown) => this.#failed(commit, error),
    );
  }

  /** One timer for all commits of its time: they may be thousands in a second. */
  #watchStall(delayMs: number): void {
    if (this.#cancelStallWatch !== undefined) return;
    this.#cancelStallWatch = this.#clock.callAfter(delayMs, () => {
      this.#cancelStallWatch = undefined;
      // A full store is asked again and again.
      if (!this.#isCommitting || this.#core.journal?.health !== "good") return;
      const ageMs = this.#clock.now() - this.#begunAtMs;
      if (ageMs < STALLED_MS) return this.#watchStall(STALLED_MS - ageMs);
      this.#isStalled = true;
      this.#log.warn?.("the store does not answer: what waits for it is held", {
        seconds: Math.round(ageMs / 1_000),
      });
      this.#healthChanged();
    });
  }

  /** The store has answered. */
  #endStall(): void {
    if (!this.#isStalled) return;
    this.#isStalled = false;
    this.#log.warn?.("the store answers again", {
      seconds: Math.round((this.#clock.now() - this.#begunAtMs) / 1_000),
    });
    this.#healthChanged();
  }

  #settled(commit: Commit): void {
    this.#isCommitting = false;
    this.#endStall();
    if (!this.#isOpen) return;
    this.#commits += 1;
    this.times.note(this.#clock.now() - this.#begunAtMs);
    const hasRoomAgain = this.#error !== undefined;
    this.#error = undefined;
    this.#run(() => {
      this.#core.commitSettled(commit);
      // What waited for this commit has waited long enough.
      this.#core.flush();
    });
    if (hasRoomAgain) {
      this.#log.warn?.("the store has room again");
      this.#healthChanged();
    }
    if (this.#core.isCommitUrgent || this.#whenIdle !== undefined) this.#commitInTime();
    if (this.#isCommitting || this.#isAsked) return;
    const isWaiting = this.#core.journal?.isBehind === true;
    this.#requestAfter(isWaiting ? LATER_MS : this.#settings.checkpointIntervalMs);
  }

  #requestAfter(delayMs: number): void {
    this.#cancelLater?.();
    this.#cancelLater = this.#clock.callAfter(delayMs, () => this.request());
  }

  #failed(commit: Commit, error: unknown): void {
    const health = healthAfter(error);
    const isFull = health === "full";
    this.#failures += 1;
    this.#error = asError(error);
    this.#endStall();
    // A full store is asked again and again, and that it is full is said once.
    const isNews = this.#core.journal?.health !== health;
    this.#run(() => this.#core.commitFailed(health));
    if (isNews) {
      this.#log.error?.(REPORTS[health], {}, this.#error);
      this.#healthChanged();
    }
    if (isFull && this.#whenIdle === undefined) {
      this.#retry = () => this.#commit(commit);
      this.#cancelLater = this.#clock.callAfter(RETRY_MS, this.#retry);
      return;
    }
    this.#isCommitting = false;
    this.#whenIdle?.();
  }
}

function noAnswer(): StoreError {
  const text = `the store has not answered for ${PATIENCE_MS / 1_000} s`;
  return new StoreError("ANAX_STORE_FAILED", text);
}

function healthAfter(error: unknown): "full" | "failed" | "fenced" {
  const code = error instanceof StoreError ? error.code : undefined;
  if (code === "ANAX_STORE_FULL") return "full";
  return code === "ANAX_STORE_FENCED" ? "fenced" : "failed";
}

const REPORTS = {
  full: "the store is full: what would have to be stored is refused until there is room",
  failed:
    "the store has failed: what would have to be stored is refused until the server is started again",
  fenced:
    "another server has taken the store over: all connections are ended, and none is let in until the server is started again",
} as const;

/** Reads a part of what a store holds. Throws `StoreError` if it is not what a server writes. */
function understood(what: string, read: () => void): void {
  try {
    read();
  } catch (cause) {
    // A part of it has said already what it is.
    if (cause instanceof StoreError) throw cause;
    const text = `${what} cannot be understood: ${asError(cause).message}`;
    throw new StoreError("ANAX_STORE_UNREADABLE", text, { cause });
  }
}
