import type { AppendAnswer } from "../../src/cluster/log-owner.ts";
import type { LogRecord } from "../../src/cluster/log-record.ts";

/** How the log keeps what it promises. */
export interface LogFaults {
  /** It takes what is appended whatever is expected, and says that it stands where it was to be. */
  readonly hasNoFence?: boolean;
  /** It sometimes takes what was to stand elsewhere, and says where it stands, as was seen when a leader that had paused wakes. */
  readonly isWeak?: boolean;
}

interface Request {
  readonly record: LogRecord;
  readonly expected: number;
  readonly answer: (answer: AppendAnswer) => void;
}

/**
 * A stream of records on several machines, as its clients see it: an append is taken only where it is expected to stand, but
 * nobody knows when it is taken, and answers come late, twice or never. A leader that pauses takes what it was sent when it wakes; a
 * new one may never have had it.
 */
export class SimulatedLog {
  /** From `first` on. */
  records: LogRecord[] = [];
  first = 1;
  /** Appends on their way. */
  #requests: Request[] = [];
  /** Answers that will come once more. */
  #repeated: (() => void)[] = [];
  readonly #below: (limit: number) => number;
  readonly #faults: LogFaults;

  constructor(below: (limit: number) => number, faults: LogFaults = {}) {
    this.#below = below;
    this.#faults = faults;
  }

  get last(): number {
    return this.first + this.records.length - 1;
  }

  read(sequence: number): LogRecord | undefined {
    return this.records[sequence - this.first];
  }

  append(request: Request): void {
    this.#requests.push(request);
  }

  /** Something happens to one of the appends on their way. */
  step(): void {
    const again = this.#below(4) === 0 ? this.#repeated.shift() : undefined;
    if (again !== undefined) return again();
    const index = this.#below(this.#requests.length);
    const [request] = this.#requests.splice(index, 1);
    if (request === undefined) return;
    const dice = this.#below(20);
    // It is lost, with a leader that had it alone; or it is only said to be lost, and taken later.
    if (dice < 2) return request.answer({ type: "unknown" });
    if (dice < 4) {
      request.answer({ type: "unknown" });
      this.#requests.push({ ...request, answer: () => undefined });
      return;
    }
    const answer = this.#take(request);
    if (dice < 6) return request.answer({ type: "unknown" });
    if (dice < 8) this.#repeated.push(() => request.answer(answer));
    request.answer(answer);
  }

  #take({ record, expected }: Request): AppendAnswer {
    if (this.#faults.hasNoFence === true) {
      this.records.push(record);
      return { type: "stored", sequence: expected + 1 };
    }
    const isStray = this.#faults.isWeak === true && this.#below(3) === 0;
    if (expected !== this.last && !isStray) return { type: "refused" };
    this.records.push(record);
    return { type: "stored", sequence: this.last };
  }

  /** Throws away all before `sequence`. */
  purge(sequence: number): void {
    if (sequence <= this.first) return;
    this.records.splice(0, sequence - this.first);
    this.first = sequence;
  }
}
