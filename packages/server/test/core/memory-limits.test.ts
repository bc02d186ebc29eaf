import { describe, expect, it } from "vitest";
import { acknowledgement, CoreHarness, lasting, subscribe } from "../support/core-harness.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

const KB = 1_024;

/** Publishes so many messages of so many bytes. */
function inject(harness: CoreHarness, count: number, bytes: number, topic = "t"): void {
  for (let number = 0; number < count; number += 1)
    harness.inject({ topic, qos: 1, payload: new Uint8Array(bytes) });
}

function keeping(harness: CoreHarness, clientId: string, topic = "t"): ScriptedPeer {
  const peer = harness.connect(clientId, lasting());
  subscribe(peer, topic);
  return peer;
}

describe("bytes in flight to one session that lasts", () => {
  it("are limited: what is beyond waits, and follows an acknowledgement", () => {
    const harness = new CoreHarness({ inFlightBytesMax: 10 * KB });
    const peer = keeping(harness, "s");
    inject(harness, 8, 4 * KB);
    // The third passes the limit and is the last.
    const publishes = peer.receivePublishes();
    expect(publishes).toHaveLength(3);
    expect(harness.core.sessions.get("s")?.queue.length).toBe(5);
    peer.send(acknowledgement("puback", publishes[0]?.packetIdentifier));
    expect(peer.receivePublishes()).toHaveLength(1);
  });

  it("let one message of any size through", () => {
    const harness = new CoreHarness({ inFlightBytesMax: KB });
    const peer = keeping(harness, "s");
    inject(harness, 1, 100 * KB);
    expect(peer.receivePublishes()).toHaveLength(1);
  });

  it("end with PUBREC, which says that the client has the message", () => {
    const harness = new CoreHarness({ inFlightBytesMax: KB });
    const peer = keeping(harness, "s");
    for (let number = 0; number < 2; number += 1)
      harness.inject({ topic: "t", qos: 2, payload: new Uint8Array(4 * KB) });
    const [first] = peer.receivePublishes();
    peer.send(acknowledgement("pubrec", first?.packetIdentifier));
    expect(peer.receive().map(({ type }) => type)).toEqual(["pubrel", "publish"]);
    expect(harness.core.inFlight.bytes).toBeLessThan(5 * KB);
  });

  it("are given back when the session ends", () => {
    const harness = new CoreHarness();
    const peer = keeping(harness, "s");
    inject(harness, 8, 4 * KB);
    expect(harness.core.inFlight.bytes).toBeGreaterThan(32 * KB);
    peer.cut();
    expect(harness.core.inFlight.bytes).toBeGreaterThan(32 * KB);
    harness.connect("s", { cleanStart: true });
    expect(harness.core.inFlight.bytes).toBe(0);
  });

  it("are none where nothing is kept: the session ends with its connection", () => {
    const harness = new CoreHarness({ inFlightBytesMax: KB });
    const peer = harness.connect("s");
    subscribe(peer, "t");
    inject(harness, 8, 4 * KB);
    expect(peer.receivePublishes()).toHaveLength(8);
    expect(harness.core.inFlight.bytes).toBe(0);
  });
});

describe("bytes in flight to all sessions", () => {
  it("are limited: beyond, each has its share, and small messages go on", () => {
    const harness = new CoreHarness({ inFlightBytesTotalMax: 300 * KB });
    const greedy = [1, 2, 3].map((number) => keeping(harness, `greedy ${number}`, "large"));
    const small = keeping(harness, "small", "small");
    inject(harness, 10, 40 * KB, "large");
    inject(harness, 10, KB, "small");
    const received = greedy.map((peer) => peer.receivePublishes().length);
    expect(Math.min(...received)).toBe(2);
    expect(harness.core.inFlight.bytes).toBeLessThan(400 * KB);
    expect(small.receivePublishes()).toHaveLength(10);
  });
});

describe("unfinished packets of clients that are not let in", () => {
  /** A CONNECT that says it has 10 000 bytes, of which so many come. */
  function begun(harness: CoreHarness, bytes: number): ScriptedPeer {
    const peer = harness.open();
    peer.send(Uint8Array.from([0x10, 0x90, 0x4e, ...new Uint8Array(bytes)]));
    return peer;
  }

  it("hold so many bytes together: beyond, those that began first are closed", () => {
    const harness = new CoreHarness({ unfinishedConnectBytesMax: 10 * KB });
    const peers = Array.from({ length: 15 }, () => begun(harness, KB));
    expect(peers.map(({ isEnded }) => isEnded).lastIndexOf(true)).toBe(5);
    expect(peers.filter(({ isEnded }) => isEnded)).toHaveLength(6);
    expect(harness.core.statistics.unfinishedConnectsClosed).toBe(6);
  });

  it("count also where they are in the wire, which gathers messages of its own", () => {
    const harness = new CoreHarness({ unfinishedConnectBytesMax: 10 * KB });
    const peers = Array.from({ length: 15 }, () => {
      const peer = begun(harness, 100);
      peer.wire.gathered = KB - 100;
      harness.core.gathered(peer.connection);
      return peer;
    });
    expect(peers.filter(({ isEnded }) => isEnded)).toHaveLength(6);
  });

  it("count no more once the client is let in, or has gone", () => {
    const harness = new CoreHarness({ unfinishedConnectBytesMax: 10 * KB });
    for (let number = 0; number < 30; number += 1) begun(harness, KB).cut();
    const waiting = begun(harness, 5 * KB);
    for (let number = 0; number < 30; number += 1) {
      const peer = harness.open();
      const connect = peer.encode({
        type: "connect",
        protocolVersion: 5,
        clientId: `c${number}`.padEnd(900, "x"),
        cleanStart: true,
        keepAliveSeconds: 0,
      });
      peer.sendInChunks(connect, [800]);
      expect(peer.receiveOne("connack").reasonCode).toBe(0);
    }
    expect(waiting.isEnded).toBe(false);
  });
});
