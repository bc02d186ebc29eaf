import type { CorePorts } from "../../src/core/core-ports.ts";
import type { CoreOptions } from "../../src/core/core-options.ts";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import type {
  CheckpointExtent,
  CheckpointPolicy,
  Commit,
} from "../../src/core/recovery/commits.ts";
import { StoredState } from "../../src/core/recovery/stored-state.ts";

import { StoredMessages } from "../../src/core/journal/stored-messages.ts";
import { openGates } from "../../src/core/connection/storing.ts";
import type { TurnBudget } from "../../src/core/turn/turn.ts";
import { CoreHarness } from "./core-harness.ts";
import { applyTo, inOrder, TransactionLog } from "./log-store.ts";
import type { Tables } from "./log-store.ts";

/** What is in an array that was lent and is read no more. */
const POISON = 0xdd;

/** When checkpoints are due, and how much stays in memory; by default never and all. */
type JournalSettings = Partial<
  CheckpointPolicy & { readonly residentBytesMax: number; readonly isLog: boolean }
>;

type DurablePorts = Pick<CorePorts, "authorizer" | "peers" | "rateLimits">;

/**
 * A server core with a journal, whose commits a test makes or lets fail, and which can crash: what was not committed is
 * gone then, and a new core starts from what was.
 */
export class DurableServer {
  harness: CoreHarness;
  /** What a store would have on its medium. */
  medium: Tables = { sessions: new Map(), retained: new Map(), batches: new Map() };
  /** The log that the medium is made from at each start; undefined if it lasts by itself. */
  readonly log: TransactionLog | undefined;
  /** Its starts, if it is one of a cluster. */
  epoch = 0;
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
    this.log = journal.isLog === true ? new TransactionLog() : undefined;
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
  apply(commit: Commit): void {
    this.log?.append(commit);
    applyTo(this.medium, commit);
  }

  /** Brings the tables up to date, to the end. */
  checkpoint(extent: CheckpointExtent = "changes"): void {
    this.commit();
    this.harness.core.checkpoint(extent);
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
      peers: this.#ports.peers && { ...this.#ports.peers, epoch: (this.epoch += 1) },
    });
    if (nowMs !== undefined) harness.core.now = nowMs;
    const { residentBytesMax: _max, isLog: _isLog, ...policy } = this.#journal;
    if (this.log !== undefined) this.medium = this.log.replay();
    const state = this.stateOf(this.medium);
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

  /** What a start makes of these tables. */
  stateOf(tables: Tables): StoredState {
    const { residentBytesMax = Infinity } = this.#journal;
    const reader = (position: number): Uint8Array => this.#read(position);
    const state = new StoredState(new StoredMessages({ reader, residentBytesMax }));
    for (const [key, row] of tables.sessions) state.session(key, row);
    for (const [topic, row] of tables.retained) state.retainedRow(topic, row);
    for (const position of inOrder(tables)) {
      const bytes = tables.batches.get(position);
      if (bytes !== undefined) state.batch(position, this.#lend(bytes));
    }
    state.complete();
    return state;
  }

  /** What was lent before is overwritten, as stores may do it. */
  #read(position: number): Uint8Array {
    const bytes = this.medium.batches.get(position);
    if (bytes === undefined) throw new Error(`batch ${position} is missing`);
    return this.#lend(bytes);
  }

  #lend(bytes: Uint8Array): Uint8Array {
    this.#lent.fill(POISON);
    this.#lent = bytes.slice();
    return this.#lent;
  }
}
