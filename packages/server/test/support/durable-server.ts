import type { CorePorts } from "../../src/core/core-ports.ts";
import type { CoreOptions } from "../../src/core/core-options.ts";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import type { CheckpointPolicy, Commit } from "../../src/core/recovery/commits.ts";
import { StoredState } from "../../src/core/recovery/stored-state.ts";

import { StoredMessages } from "../../src/core/journal/stored-messages.ts";
import { openGates } from "../../src/core/connection/storing.ts";
import type { TurnBudget } from "../../src/core/turn/turn.ts";
import { CoreHarness } from "./core-harness.ts";

/** What is in an array that was lent and is read no more. */
const POISON = 0xdd;

/** When checkpoints are due, and how much stays in memory; by default never and all. */
type JournalSettings = Partial<CheckpointPolicy & { readonly residentBytesMax: number }>;

type DurablePorts = Pick<CorePorts, "authorizer" | "rateLimits">;

/** What a store would have on its medium. */
interface Medium {
  readonly sessions: Map<number, Uint8Array>;
  readonly retained: Map<string, Uint8Array>;
  readonly batches: Map<number, Uint8Array>;
}

/**
 * A server core with a journal, whose commits a test makes or lets fail, and which can crash: what was not committed is
 * gone then, and a new core starts from what was.
 */
export class DurableServer {
  harness: CoreHarness;
  readonly medium: Medium = { sessions: new Map(), retained: new Map(), batches: new Map() };
  /** False: commits wait for `commit()`. */
  isCommitting = true;
  /** True: nothing waits for a commit, a fault that tests are to find. */
  isUngated = false;
  #lent: Uint8Array = new Uint8Array(0);
  readonly #options: Partial<CoreOptions>;
  readonly #hooks: Hooks;
  readonly #journal: JournalSettings;
  readonly #budget: TurnBudget | undefined;
  readonly #ports: DurablePorts;

  constructor(
    options: Partial<CoreOptions> = {},
    journal: JournalSettings = {},
    hooks: Hooks = {},
    budget?: TurnBudget,
    ports: DurablePorts = {},
  ) {
    this.#budget = budget;
    this.#ports = ports;
    this.#options = options;
    this.#hooks = hooks;
    this.#journal = journal;
    this.harness = this.#start(undefined);
  }

  /** The process dies and a new one starts after `downMs`. */
  crash(downMs = 0): CoreHarness {
    this.harness = this.#start(this.harness.core.now + downMs);
    this.harness.core.runDeadlines();
    this.harness.settle();
    return this.harness;
  }

  /** Commits all that waits. */
  commit(): void {
    for (let commit = this.take(); commit !== undefined; commit = this.take()) this.finish(commit);
  }

  /** Takes a commit without making it: it is under way. */
  take(): Commit | undefined {
    return this.harness.core.nextCommit();
  }

  /** The commit is on the medium, and the core is told. */
  finish(commit: Commit): void {
    this.apply(commit);
    this.harness.core.commitSettled(commit);
    this.harness.settle();
  }

  /** The commit is on the medium, and the process dies before it knows. */
  apply({ batch, deletedBatches, sessions, retained }: Commit): void {
    for (const position of deletedBatches) this.medium.batches.delete(position);
    if (batch !== undefined) this.medium.batches.set(batch.position, batch.bytes.slice());
    change(this.medium.sessions, sessions);
    change(this.medium.retained, retained);
  }

  /** Brings the tables up to date, to the end. */
  checkpoint(): void {
    this.commit();
    this.harness.core.checkpoint();
    this.commit();
  }

  get journalBytes(): number {
    let bytes = 0;
    for (const batch of this.medium.batches.values()) bytes += batch.length;
    return bytes;
  }

  #start(nowMs: number | undefined): CoreHarness {
    const harness = new CoreHarness(this.#options, this.#hooks, undefined, {
      budget: this.#budget,
      ...this.#ports,
    });
    if (nowMs !== undefined) harness.core.now = nowMs;
    const { residentBytesMax = Infinity, ...policy } = this.#journal;
    const reader = (position: number): Uint8Array => this.#read(position);
    const state = new StoredState(new StoredMessages({ reader, residentBytesMax }));
    for (const [key, row] of this.medium.sessions) state.session(key, row);
    for (const [topic, row] of this.medium.retained) state.retainedRow(topic, row);
    const positions = Array.from(this.medium.batches.keys()).sort((one, other) => one - other);
    for (const position of positions) state.batch(position, this.#read(position));
    harness.core.startJournal(state, {
      checkpointBytes: Infinity,
      checkpointIntervalMs: Infinity,
      ...policy,
    });
    // The next turn of the loop, after the step that asked.
    harness.afterTurn = () => {
      if (this.isUngated) openGates(harness.core, Infinity);
      if (this.isCommitting) this.commit();
    };
    return harness;
  }

  /** What was lent before is overwritten, as stores may do it. */
  #read(position: number): Uint8Array {
    const bytes = this.medium.batches.get(position);
    if (bytes === undefined) throw new Error(`batch ${position} is missing`);
    this.#lent.fill(POISON);
    this.#lent = bytes.slice();
    return this.#lent;
  }
}

function change<Key>(
  rows: Map<Key, Uint8Array>,
  changes: ReadonlyMap<Key, Uint8Array | undefined>,
): void {
  for (const [key, row] of changes) {
    if (row === undefined) rows.delete(key);
    else rows.set(key, row.slice());
  }
}
