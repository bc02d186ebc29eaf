import { describe, expect, it } from "vitest";
import { acknowledgement, lasting, publishPacket, subscribe } from "../support/core-harness.ts";
import { DurableServer } from "../support/durable-server.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

/** Key of the row that says how far the tables are; each checkpoint writes it once. */
const CHECKPOINT_KEY = 0;

function publish(peer: ScriptedPeer, qos: 1 | 2, packetIdentifier: number): void {
  peer.send(publishPacket("t", String(packetIdentifier), { qos, packetIdentifier }));
}

/** A durable session "s" of "t" that was sent messages 1 to 3, all of it committed, and a publisher. */
function sent(qos: 1 | 2): { server: DurableServer; s: ScriptedPeer; p: ScriptedPeer } {
  const server = new DurableServer();
  const s = server.harness.connect("s", lasting());
  subscribe(s, { topicFilter: "t", qos: 2 });
  const p = server.harness.connect("p");
  for (const identifier of [1, 2, 3]) publish(p, qos, identifier);
  s.receive();
  p.receive();
  server.isCommitting = false;
  return { server, s, p };
}

/** The client "s" after a crash. */
function resumed(server: DurableServer): ScriptedPeer {
  server.isCommitting = true;
  return server.crash().connect("s", lasting());
}

describe("a commit is urgent", () => {
  it("not if clients have acknowledged, which may be forgotten: the message comes again with DUP", () => {
    const { server, s } = sent(1);
    s.send(acknowledgement("puback", 1), acknowledgement("puback", 2));
    expect(server.harness.core.isCommitUrgent).toBe(false);
    expect(server.harness.core.journal?.isBehind).toBe(true);
    const again = resumed(server);
    expect(again.receive()).toMatchObject(
      [1, 2, 3].map((packetIdentifier) => ({ type: "publish", packetIdentifier, duplicate: true })),
    );
  });

  it("not if a QoS 2 exchange is over: after a crash only PUBREL comes again", () => {
    const { server, s } = sent(2);
    s.send(acknowledgement("pubrec", 1));
    server.commit();
    s.send(acknowledgement("pubcomp", 1));
    expect(server.harness.core.isCommitUrgent).toBe(false);
    const again = resumed(server);
    expect(again.receive()).toContainEqual(
      expect.objectContaining({ type: "pubrel", packetIdentifier: 1 }),
    );
  });

  it("if an answer waits for it, and then with all that was not urgent before", () => {
    const { server, s, p } = sent(1);
    s.send(acknowledgement("puback", 1));
    publish(p, 1, 4);
    expect(server.harness.core.isCommitUrgent).toBe(true);
    server.commit();
    expect(server.harness.core.isCommitUrgent).toBe(false);
    const again = resumed(server);
    const identifiers = again.receive().map((packet) => Reflect.get(packet, "packetIdentifier"));
    expect(identifiers).toEqual([2, 3, 4]);
  });

  it("if PUBREL waits for it", () => {
    const { server, s } = sent(2);
    s.send(acknowledgement("pubrec", 1));
    expect(s.receive()).toEqual([]);
    expect(server.harness.core.isCommitUrgent).toBe(true);
  });

  it("if an answer has to wait behind what waits for it", () => {
    const { server, s, p } = sent(1);
    publish(p, 1, 4);
    const underWay = server.take();
    s.send(acknowledgement("puback", 1));
    expect(server.harness.core.isCommitUrgent).toBe(false);
    // Nobody gets this one, but its PUBACK must not pass that of the one before.
    p.send(publishPacket("other", "", { qos: 1, packetIdentifier: 5 }));
    expect(server.harness.core.isCommitUrgent).toBe(true);
    if (underWay !== undefined) server.finish(underWay);
    server.commit();
    expect(p.receive()).toMatchObject([4, 5].map((packetIdentifier) => ({ packetIdentifier })));
  });
});

describe("records of identifiers that follow each other", () => {
  it("are one, and mean what single ones would", () => {
    const one = sent(1);
    one.s.send(acknowledgement("puback", 1));
    const single = one.server.harness.core.journal?.openBytes ?? 0;
    one.s.send(acknowledgement("puback", 2), acknowledgement("puback", 3));
    expect(one.server.harness.core.journal?.openBytes).toBe(single);
    one.server.commit();
    expect(resumed(one.server).receive()).toEqual([]);
  });

  it("are not joined with those of the batch before, of others, or out of order", () => {
    const { server, s } = sent(1);
    s.send(acknowledgement("puback", 2));
    server.commit();
    s.send(acknowledgement("puback", 3));
    server.commit();
    const again = resumed(server);
    expect(again.receive()).toMatchObject([{ type: "publish", packetIdentifier: 1 }]);
  });
});

describe("checkpoints", () => {
  /** Bytes of journal that lie between the checkpoints which come while messages are published. */
  function gaps(server: DurableServer, peer: ScriptedPeer, count: number): number[] {
    const found: number[] = [];
    let bytes = 0;
    server.isCommitting = false;
    for (let index = 0; index < count; index += 1) {
      publish(peer, 1, 1 + (index % 1_000));
      for (let commit = server.take(); commit !== undefined; commit = server.take()) {
        bytes += commit.batch?.bytes.length ?? 0;
        if (commit.sessions.has(CHECKPOINT_KEY)) {
          found.push(bytes);
          bytes = 0;
        }
        server.finish(commit);
      }
    }
    return found;
  }

  it("come after `checkpointBytes` while rows are small, and up to eight times that while they are large", () => {
    const options = { queueMessagesMax: 100_000, inFlightMax: 65_535 };
    const rowLimits = { subscriptions: 64, queued: Infinity, queuedInPart: 4_096 };
    const server = new DurableServer(options, { checkpointBytes: 1_000, rowLimits });
    const s = server.harness.connect("s", lasting());
    subscribe(s, { topicFilter: "t", qos: 1 });
    s.cut();
    const p = server.harness.connect("p");
    const found = gaps(server, p, 4_000);
    const first = found.slice(0, 3);
    const last = found.slice(-3);
    expect(Math.max(...first)).toBeLessThan(3_000);
    expect(Math.min(...last)).toBeGreaterThanOrEqual(8_000);
    expect(Math.max(...last)).toBeLessThan(10_000);
  });
});
