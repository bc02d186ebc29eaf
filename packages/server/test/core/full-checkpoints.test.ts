/** Checkpoints after which a log needs nothing of what is older. */
import { describe, expect, it } from "vitest";
import { lasting, publishPacket, subscribe } from "../support/core-harness.ts";
import { describeState } from "../support/described-state.ts";
import { DurableServer } from "../support/durable-server.ts";
import type { TransactionLog } from "../support/log-store.ts";
import { StoredHistory } from "../support/stored-history.ts";

const MB = 1_048_576;

function logOf(server: DurableServer): TransactionLog {
  if (server.log === undefined) throw new Error("its store is no log");
  return server.log;
}

/** What the next commits are for a full checkpoint, while the log has so many bytes. */
function marks(server: DurableServer, logBytes: number): (string | undefined)[] {
  const found: (string | undefined)[] = [];
  for (;;) {
    const commit = server.harness.core.nextCommit(logBytes);
    if (commit === undefined) return found;
    server.finish(commit);
    found.push(commit.fullCheckpoint);
    if (commit.fullCheckpoint === "ends") return found;
  }
}

function retain(server: DurableServer, topic: string, bytes: number): void {
  server.harness.inject({ topic, payload: new Uint8Array(bytes), qos: 1, retain: true });
}

describe("a checkpoint of everything", () => {
  it("has all that a server ever stores, of every kind", () => {
    const history = new StoredHistory().run();
    const server = new DurableServer({}, { isLog: true, rowsPerCommit: 50 });
    const log = logOf(server);
    const { sessions, retained, batches } = history;
    log.append({ batch: undefined, deletedBatches: [], sessions, retained });
    for (const [position, bytes] of batches)
      log.append({
        batch: { position, bytes },
        deletedBatches: [],
        sessions: new Map(),
        retained: new Map(),
      });
    server.crash();
    // What is due at a start is recorded, then all is written.
    server.checkpoint("everything");
    expect(log.purged).toBeGreaterThan(batches.size);
    expect(describeState(server.stateOf(log.replay()))).toBe(
      describeState(server.stateOf(server.medium)),
    );
    expect(server.stateOf(log.replay()).sessions.size).toBeGreaterThan(600);
    expect(server.stateOf(log.replay()).retained.count).toBeGreaterThan(5);
  });

  it("leaves out what is of this start only", () => {
    const server = new DurableServer({}, { isLog: true });
    retain(server, "$SYS/x", 3);
    retain(server, "a", 3);
    server.checkpoint("everything");
    expect(Array.from(logOf(server).replay().retained.keys())).toEqual(["a"]);
  });

  it("goes on beside what happens, in slices, and ends in a log as small as what it holds", () => {
    const server = new DurableServer({}, { isLog: true, rowsPerCommit: 2 });
    const log = logOf(server);
    for (const clientId of ["a", "b", "c", "d", "e"])
      subscribe(server.harness.connect(clientId, lasting()), { topicFilter: "t/#", qos: 1 });
    for (const clientId of ["a", "b", "c", "d"]) server.harness.connect(clientId, lasting()).cut();
    const p = server.harness.connect("p");
    const publish = (text: string): void =>
      p.send(publishPacket("t/x", text, { qos: 1, packetIdentifier: 1, retain: true }));
    for (let number = 0; number < 100; number += 1) publish(`${number} ${"x".repeat(100)}`);
    server.isCommitting = false;
    server.harness.core.checkpoint("everything");
    let commits = 0;
    for (let commit = server.take(); commit !== undefined; commit = server.take()) {
      server.finish(commit);
      commits += 1;
      if (commits === 2) server.harness.connecting("b", { cleanStart: true }).cut();
      if (commits < 4) publish(`late ${commits}`);
    }
    expect(commits).toBeGreaterThan(4);
    const left = server.stateOf(log.replay());
    expect(describeState(left)).toBe(describeState(server.stateOf(server.medium)));
    expect(left.sessions.size).toBe(4);
    const before = log.bytes;
    server.isCommitting = true;
    server.checkpoint("everything");
    expect(log.bytes).toBeLessThanOrEqual(before);
  });

  it("is due when the log has 64 MB, once", () => {
    const server = new DurableServer({}, { isLog: true });
    retain(server, "a", 10);
    expect(marks(server, 64 * MB - 1)).toEqual([]);
    expect(marks(server, 64 * MB)).toEqual(["begins", "ends"]);
  });

  it("is due when the log has twice what it needs to, after a restart too", () => {
    const server = new DurableServer({}, { isLog: true });
    retain(server, "a", 34 * MB);
    server.checkpoint("everything");
    for (const _start of ["first", "second"]) {
      expect(marks(server, 67 * MB)).toEqual([]);
      expect(marks(server, 69 * MB)).toEqual(["begins", undefined, "ends"]);
      server.crash();
      server.commit();
    }
  });

  it("is made after one that is under way", () => {
    const server = new DurableServer({}, { isLog: true });
    retain(server, "a", 10);
    server.isCommitting = false;
    server.harness.core.checkpoint();
    const first = server.take();
    server.harness.core.checkpoint("everything");
    server.harness.core.checkpoint();
    if (first !== undefined) server.finish(first);
    expect(marks(server, 0).filter((mark) => mark !== undefined)).toEqual(["begins", "ends"]);
  });
});
