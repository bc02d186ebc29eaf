import { LogOwner } from "../../src/cluster/log-owner.ts";
import type { AppendAnswer, OwnerAction } from "../../src/cluster/log-owner.ts";
import { LogReader } from "../../src/cluster/log-reader.ts";
import type { Taken } from "../../src/cluster/log-reader.ts";
import { isClaim } from "../../src/cluster/log-record.ts";
import type { LogRecord } from "../../src/cluster/log-record.ts";
import { SimulatedLog } from "./simulated-log.ts";

const STEPS = 400;
const NODES = 3;

/** Defects that have to be found. */
export const LOG_FAULTS = [
  "has a log without a fence",
  "confirms what is not stored",
  "takes records of an epoch that is over",
  "takes a transaction whose last part is missing",
  "takes a refusal for a yes",
  "throws away one record too many",
] as const;

/** One of `LOG_FAULTS`. */
export type LogFault = (typeof LOG_FAULTS)[number];

interface Node {
  readonly name: string;
  owner: LogOwner | undefined;
  /** The transaction that is being written, and from where on the log is needed once it is committed. */
  writing: { readonly text: string; readonly isCheckpoint: boolean } | undefined;
  /** What it is told when it goes on; undefined while it does. */
  paused: (() => void)[] | undefined;
}

interface Confirmed {
  readonly epoch: number;
  readonly position: number;
  readonly text: string;
}

/** A history of nodes that claim one shard, write its log, are stopped and wake, on a log that answers late, twice or never. */
export class LogHistory {
  readonly faults: string[] = [];
  readonly confirmed: Confirmed[] = [];
  /** Claims that were won. */
  epochs = 0;
  /** Records that are void for all. */
  voids = 0;
  readonly #log: SimulatedLog;
  readonly #nodes: Node[];
  readonly #below: (limit: number) => number;
  readonly #fault: LogFault | undefined;
  #text = 0;
  /** The first position that is still to be there. */
  #kept = 1;

  constructor(below: (limit: number) => number, fault?: LogFault) {
    this.#below = below;
    this.#fault = fault;
    this.#log = new SimulatedLog(below, {
      hasNoFence: fault === "has a log without a fence",
      isWeak: below(2) === 0,
    });
    this.#nodes = Array.from({ length: NODES }, (_, index) => ({
      name: `node ${index}`,
      owner: undefined,
      writing: undefined,
      paused: undefined,
    }));
  }

  run(): void {
    for (let step = 0; step < STEPS; step += 1) this.#step();
    for (const node of this.#nodes) this.#wake(node);
    for (let step = 0; step < STEPS; step += 1) this.#log.step();
    this.#check();
  }

  #step(): void {
    const node = this.#nodes[this.#below(NODES)];
    if (node === undefined) return;
    const dice = this.#below(100);
    if (dice < 45) this.#log.step();
    else if (dice < 85) this.#commit(node);
    else if (dice < 88) this.#claim(node);
    else if (dice < 92) node.paused ??= [];
    else if (dice < 97) this.#wake(node);
    else this.#forget(node);
  }

  /** The process ends, whatever it was at. */
  #forget(node: Node): void {
    node.owner = undefined;
    node.writing = undefined;
  }

  #wake(node: Node): void {
    const waiting = node.paused ?? [];
    node.paused = undefined;
    for (const go of waiting) go();
  }

  #claim(node: Node): void {
    if (node.paused !== undefined || node.owner !== undefined) return;
    const reader = this.#readAll();
    if (reader === undefined) return;
    node.owner = new LogOwner(reader, bytesOf(`${node.name} ${(this.#text += 1)}`));
    this.#do(node, node.owner, node.owner.claim());
  }

  #readAll(): LogReader | undefined {
    const reader = new LogReader(this.#log.first - 1);
    try {
      for (const [index, record] of this.#log.records.entries())
        reader.take(this.#log.first + index, record);
      return reader;
    } catch (error) {
      this.faults.push(String(error));
      return undefined;
    }
  }

  #commit(node: Node): void {
    const { owner } = node;
    if (owner?.isOwner !== true || owner.isWriting || node.paused !== undefined) return;
    this.#text += 1;
    const text = `${owner.epoch}: ${this.#text}`;
    node.writing = { text, isCheckpoint: this.#below(12) === 0 };
    const count = 1 + this.#below(3);
    const parts = Array.from({ length: count }, (_, part) => bytesOf(part === 0 ? text : "."));
    const actions = owner.commit(parts);
    this.#do(node, owner, actions);
    if (this.#fault === "confirms what is not stored") this.#confirm(owner.epoch, text);
  }

  #confirm(epoch: number, text: string): void {
    this.confirmed.push({ epoch, position: -1, text });
  }

  /** What happens to an owner comes to it when it goes on, if it still is that one. */
  #tell(node: Node, owner: LogOwner, act: () => OwnerAction[]): void {
    const go = (): void => {
      if (node.owner === owner) this.#do(node, owner, act());
    };
    if (node.paused === undefined) go();
    else node.paused.push(go);
  }

  #do(node: Node, owner: LogOwner, actions: readonly OwnerAction[]): void {
    for (const action of actions) this.#act(node, owner, action);
  }

  #act(node: Node, owner: LogOwner, action: OwnerAction): void {
    switch (action.type) {
      case "append": {
        const { record, expected, attempt } = action;
        const answer = (given: AppendAnswer): void =>
          this.#tell(node, owner, () => owner.answered(attempt, this.#spoilt(given, expected)));
        return this.#log.append({ record, expected, answer });
      }
      case "read": {
        const { sequence, attempt } = action;
        // There is no leader for a while.
        const there = sequence < this.#log.first ? "gone" : this.#log.read(sequence);
        const found = this.#below(5) === 0 ? "unknown" : there;
        return this.#tell(node, owner, () => owner.found(attempt, found));
      }
      case "owned":
        this.epochs += 1;
        return;
      case "committed":
        return this.#committed(node, owner, action.position);
      case "over":
        if (action.outcome === "unreadable")
          this.faults.push(`${node.name} cannot read: ${action.reason}`);
        return this.#forget(node);
    }
  }

  /** The answer as a faulty owner takes it. */
  #spoilt(answer: AppendAnswer, expected: number): AppendAnswer {
    return answer.type === "refused" && this.#fault === "takes a refusal for a yes"
      ? { type: "stored", sequence: expected + 1 }
      : answer;
  }

  #committed(node: Node, owner: LogOwner, position: number): void {
    const { writing } = node;
    node.writing = undefined;
    if (writing === undefined) return;
    this.confirmed.push({ epoch: owner.epoch, position, text: writing.text });
    if (!writing.isCheckpoint) return;
    // As a full checkpoint of one transaction: what is older is needed no more.
    const first = this.#log.records.findIndex(
      (record) => record.epoch === owner.epoch && record.position === position && record.part === 1,
    );
    if (first < 0) return;
    this.#kept = position;
    const tooFar = this.#fault === "throws away one record too many" ? 1 : 0;
    this.#log.purge(this.#log.first + first + tooFar);
  }

  /** Who reads the log now comes to all that was confirmed, in its order and once. */
  #check(): void {
    const reader = new LogReader(this.#log.first - 1);
    const found = new Map<number, string>();
    const claims = new Map<number, number>();
    try {
      for (const [index, record] of this.#log.records.entries()) {
        const taken = this.#read(reader, this.#log.first + index, record);
        if (taken.type === "void") this.voids += 1;
        if (taken.type === "claim") claims.set(record.epoch, (claims.get(record.epoch) ?? 0) + 1);
        if (taken.type !== "transaction") continue;
        if (found.has(taken.position))
          this.faults.push(`position ${taken.position} is there twice`);
        found.set(taken.position, taken.parts.map(textOf).join(""));
      }
    } catch (error) {
      this.faults.push(String(error));
      return;
    }
    for (const [epoch, count] of claims)
      if (count > 1) this.faults.push(`epoch ${epoch} is claimed ${count} times`);
    this.#checkConfirmed(found);
  }

  #read(reader: LogReader, sequence: number, record: LogRecord): Taken {
    if (this.#fault === "takes records of an epoch that is over" && !isClaim(record))
      return { type: "transaction", position: record.position, parts: [record.body] };
    if (this.#fault === "takes a transaction whose last part is missing" && !isClaim(record)) {
      const taken = reader.take(sequence, record);
      if (taken.type !== "part") return taken;
      return { type: "transaction", position: record.position, parts: [record.body] };
    }
    return reader.take(sequence, record);
  }

  #checkConfirmed(found: ReadonlyMap<number, string>): void {
    const all = new Set(Array.from(found.values(), (text) => text.replaceAll(".", "")));
    for (const { epoch, position, text } of this.confirmed) {
      if (position >= 0 && position < this.#kept) continue;
      const isThere = position < 0 ? all.has(text) : found.get(position)?.startsWith(text) === true;
      if (!isThere)
        this.faults.push(`${text} of epoch ${epoch} was confirmed at ${position} and is not there`);
    }
    if (this.#fault === "takes a transaction whose last part is missing") return;
    for (const text of found.values())
      if (!/^\d+: \d+\.*$/.test(text)) this.faults.push(`${text} is no whole transaction`);
  }
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
