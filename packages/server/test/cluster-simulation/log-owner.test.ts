import { describe, expect, it } from "vitest";
import { LogOwner } from "../../src/cluster/log-owner.ts";
import type { OwnerAction } from "../../src/cluster/log-owner.ts";
import { LogReader } from "../../src/cluster/log-reader.ts";
import { LOG_BEGIN } from "../../src/cluster/log-record.ts";
import type { LogRecord, RecordName } from "../../src/cluster/log-record.ts";

const BODY = new Uint8Array([1]);

function claim(epoch: number, predecessor: RecordName = LOG_BEGIN): LogRecord {
  const { position } = predecessor;
  return { epoch, position, part: 0, parts: 0, predecessor, body: BODY };
}

function part(
  [epoch, position, number]: [number, number, number],
  parts: number,
  predecessor: RecordName,
): LogRecord {
  return { epoch, position, part: number, parts, predecessor, body: BODY };
}

function readerOf(...records: LogRecord[]): { reader: LogReader; types: string[] } {
  const reader = new LogReader();
  const types = records.map((record, index) => reader.take(index + 1, record).type);
  return { reader, types };
}

/** An owner whose claim is stored, and nothing else. */
function owner(): LogOwner {
  const owned = new LogOwner(new LogReader(), BODY);
  owned.claim();
  expect(owned.answered(1, { type: "stored", sequence: 1 })).toEqual([{ type: "owned", epoch: 1 }]);
  return owned;
}

const attemptOf = ([action]: readonly OwnerAction[]): number =>
  action !== undefined && "attempt" in action ? action.attempt : -1;

describe("who reads a log", () => {
  it("passes over what a former owner has written since, and what came twice", () => {
    const first = part([1, 1, 1], 1, claim(1));
    const { types } = readerOf(
      claim(1),
      first,
      claim(2, first),
      part([1, 2, 1], 1, first),
      part([2, 2, 1], 2, claim(2, first)),
      part([2, 2, 1], 2, claim(2, first)),
      part([2, 2, 2], 2, part([2, 2, 1], 2, first)),
      claim(2, first),
    );
    const expected = [
      "claim",
      "transaction",
      "claim",
      "void",
      "part",
      "void",
      "transaction",
      "void",
    ];
    expect(types).toEqual(expected);
  });

  it("forgets what an owner had begun and not ended", () => {
    const begun = part([1, 1, 1], 2, claim(1));
    const { reader, types } = readerOf(claim(1), begun, { ...claim(2, begun), position: 0 });
    expect(types).toEqual(["claim", "part", "claim"]);
    expect(reader.position).toBe(0);
    const own = part([2, 1, 1], 1, { epoch: 2, position: 0, part: 0 });
    expect(reader.take(4, own).type).toBe("transaction");
  });

  it("reads no further where a record or a claim is missing", () => {
    const { reader } = readerOf(claim(1));
    expect(() => reader.take(3, part([1, 1, 1], 1, claim(1)))).toThrow("record 3 follows record 1");
    expect(() => reader.take(2, { ...claim(2, claim(1)), position: 4 })).toThrow(
      "2/4.0 claims what ends with 0",
    );
    const unclaimed = new LogReader();
    unclaimed.take(1, claim(1));
    expect(() => unclaimed.take(2, part([2, 1, 1], 1, claim(1)))).toThrow(
      "2/1.1 follows 1/0.0: nobody has claimed epoch 2",
    );
  });

  it("begins where the log was cut off, with a transaction or a claim", () => {
    const reader = new LogReader(41);
    expect(reader.take(42, part([3, 7, 1], 1, part([3, 6, 1], 1, LOG_BEGIN))).type).toBe(
      "transaction",
    );
    expect(reader).toMatchObject({ epoch: 3, position: 7, sequence: 42 });
    expect(() => new LogReader(41).take(42, part([3, 7, 2], 2, LOG_BEGIN))).toThrow(
      "begins with part 2 of 3/7.2",
    );
  });
});

describe("who owns a log", () => {
  it("finds what no answer has come for, and what was refused", () => {
    for (const type of ["unknown", "refused"] as const) {
      const owned = owner();
      const [append] = owned.commit([BODY]);
      if (append?.type !== "append") throw new Error("nothing is appended");
      const reading = owned.answered(append.attempt, { type });
      expect(reading).toMatchObject([{ type: "read", sequence: 2 }]);
      expect(owned.found(attemptOf(reading), append.record)).toEqual([
        { type: "committed", position: 1 },
      ]);
    }
  });

  it("appends again what is not there, behind what is void", () => {
    const owned = owner();
    const reading = owned.answered(attemptOf(owned.commit([BODY])), { type: "refused" });
    const next = owned.found(attemptOf(reading), claim(1));
    expect(next).toMatchObject([{ type: "read", sequence: 3 }]);
    expect(owned.found(attemptOf(next), undefined)).toMatchObject([
      { type: "append", expected: 2 },
    ]);
  });

  it("is over when another one has claimed the shard", () => {
    const owned = owner();
    const reading = owned.answered(attemptOf(owned.commit([BODY])), { type: "unknown" });
    const reason = "2/0.0 is another owner's";
    const end = owned.found(attemptOf(reading), claim(2, claim(1)));
    expect(end).toEqual([{ type: "over", outcome: "fenced", reason }]);
    expect(owned.isOwner).toBe(false);
    expect(() => owned.commit([BODY])).toThrow("the shard is not owned");
  });

  it("is over when another one has thrown away what came next", () => {
    const owned = owner();
    const reading = owned.answered(attemptOf(owned.commit([BODY])), { type: "refused" });
    expect(owned.found(attemptOf(reading), "gone")).toMatchObject([{ outcome: "fenced" }]);
  });

  it("is over, and never writes on, when the log has lost what was confirmed", () => {
    const owned = owner();
    let actions = owned.commit([BODY]);
    for (let turn = 0; turn < 9; turn += 1) {
      const reading = owned.answered(attemptOf(actions), { type: "refused" });
      actions = owned.found(attemptOf(reading), undefined);
      expect(actions).toMatchObject([{ type: "append", expected: 1 }]);
    }
    const reading = owned.answered(attemptOf(actions), { type: "refused" });
    const reason = "the log ends before 1, which was confirmed";
    expect(owned.found(attemptOf(reading), undefined)).toEqual([
      { type: "over", outcome: "unreadable", reason },
    ]);
  });
});
