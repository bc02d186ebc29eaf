import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type {
  ClientConnected,
  ClientDisconnected,
} from "../../src/core/hooks/connection-events.ts";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import {
  CoreHarness,
  lasting,
  publishPacket,
  subscribe,
  subscribePacket,
} from "../support/core-harness.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";
import { Waiting } from "../support/waiting.ts";

const CLIENTS = 50;

function living(peers: readonly ScriptedPeer[]): ScriptedPeer[] {
  return peers.filter(({ isClosed }) => !isClosed);
}

/** The answer that each has got to its CONNECT, and the Reason Code of its DISCONNECT. */
function answers(peers: readonly ScriptedPeer[]): number[][] {
  return peers.map((peer) =>
    peer
      .receive()
      .flatMap((packet) =>
        packet.type === "connack" || packet.type === "disconnect" ? (packet.reasonCode ?? 0) : [],
      ),
  );
}

describe("fifty connects at once with one Client Identifier", () => {
  for (const [name, fields] of [
    ["without a session", {}],
    ["with a session", lasting()],
  ] as const) {
    it(`${name} leave only the newest alive, while others publish and subscribe`, () => {
      const waiting = new Waiting();
      const harness = new CoreHarness({}, { validatingConnection: () => waiting.next() });
      const publisher = harness.connecting("publisher");
      waiting.settle(harness, 0);
      const peers = Array.from({ length: CLIENTS }, () => harness.connecting("same", fields));
      // The handlers answer in an order that is not that of their coming.
      const order = Array.from({ length: CLIENTS }, (_, index) => 1 + ((index * 17) % CLIENTS));
      for (const index of order) {
        waiting.settle(harness, index);
        peers[index - 1]?.send(subscribePacket("a/#", `b/${index}`));
        publisher.send(publishPacket("a/1", String(index), { qos: 1, packetIdentifier: 1 }));
      }
      const [survivor, ...others] = living(peers);
      expect(others).toEqual([]);
      // Whichever was validated last, the CONNECT that came last wins.
      expect(peers.findIndex((peer) => peer === survivor)).toBe(CLIENTS - 1);
      // Whoever was validated before all that are newer was let in, until the next of them was.
      const wasLetIn = (came: number): boolean =>
        order.slice(0, order.indexOf(came)).every((earlier) => earlier < came);
      const expected = Array.from({ length: CLIENTS - 1 }, (_, index) =>
        wasLetIn(index + 1) ? [0x00, 0x8e] : [0x80],
      );
      expect(answers(peers)).toEqual([...expected, [0x00]]);
      expect(harness.core.statistics).toMatchObject({
        connectionsCurrent: 2,
        sessionsCurrent: 2,
      });
      publisher.send(publishPacket("a/2", "last"));
      expect(survivor?.receiveTexts()).toEqual(["last"]);
      expect(harness.reports).toEqual([]);
    });
  }

  it("in one turn of the loop do so too", () => {
    const harness = new CoreHarness();
    const peers = Array.from({ length: CLIENTS }, () => harness.open());
    for (const peer of peers) {
      const connect = { type: "connect", protocolVersion: 5, clientId: "same" } as const;
      peer.sendChunk({ ...connect, cleanStart: false, keepAliveSeconds: 0 }, subscribePacket("a"));
    }
    harness.settle();
    expect(living(peers)).toEqual([peers.at(-1)]);
    expect(harness.inject({ topic: "a" })).toMatchObject({ matched: 1, queued: 1 });
  });
});

describe("a take-over during a handler of CONNECT", () => {
  const events: readonly (keyof Hooks)[] = [
    "validatingConnection",
    "preparingSession",
    "clientConnected",
    "interceptingInboundPacket",
  ];
  for (const event of events) {
    it(`${event} leaves the one whose turn comes last, and what the other sent is not done`, () => {
      const waiting = new Waiting();
      const harness = new CoreHarness({}, { [event]: () => waiting.next() });
      const first = harness.connecting("same", lasting());
      const second = harness.connecting("same", lasting());
      first.send(subscribePacket("of/the/first"));
      waiting.settle(harness, 1);
      waiting.settle(harness, 0);
      for (let index = 2; index < 6; index += 1) waiting.settle(harness, index);
      expect(living([first, second])).toHaveLength(1);
      expect(harness.core.sessions.size).toBe(1);
      expect(harness.core.statistics.connectionsCurrent).toBe(1);
      expect(harness.reports).toEqual([]);
    });
  }

  it("a QoS 2 message that both bring is delivered once", () => {
    const harness = new CoreHarness();
    const reader = harness.connect("reader");
    subscribe(reader, "a");
    const message = publishPacket("a", "once", { qos: 2, packetIdentifier: 7 });
    const peers = [1, 2, 3].map(() => {
      const peer = harness.connect("same", lasting());
      peer.send(message);
      return peer;
    });
    expect(reader.receiveTexts()).toEqual(["once"]);
    expect(living(peers)).toEqual([peers[2]]);
  });
});

/** One step of somebody who wants the counters to drift. */
type Step =
  | { readonly type: "open" | "garbage" | "disconnect" | "cut" | "ping"; readonly who: number }
  | { readonly type: "connect"; readonly who: number; readonly id: number; readonly lasts: boolean }
  | { readonly type: "settle" | "advance" | "dismissAll" };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      type: fc.constantFrom("open", "garbage", "disconnect", "cut", "ping"),
      who: fc.nat(7),
    }),
    fc.record({
      type: fc.constant("connect" as const),
      who: fc.nat(7),
      id: fc.nat(2),
      lasts: fc.boolean(),
    }),
    fc.record({ type: fc.constantFrom("settle", "advance", "dismissAll") }),
  ) as fc.Arbitrary<Step>,
  { maxLength: 60 },
);

describe("whatever eight peers with three identifiers do", () => {
  it("the counters say what there is, and each clientConnected has one clientDisconnected", () => {
    fc.assert(
      fc.property(steps, (todo) => {
        const world = new World();
        for (const step of todo) {
          world.take(step);
          world.check();
        }
        world.end();
      }),
      { numRuns: 150 },
    );
  });
});

class World {
  readonly waiting: Waiting = new Waiting();
  readonly harness: CoreHarness;
  readonly peers: (ScriptedPeer | undefined)[] = [];
  readonly announced: Map<string, number> = new Map();
  #settled = 0;

  constructor() {
    const add = (count: number) => (event: ClientConnected | ClientDisconnected) => {
      this.announced.set(event.clientId, (this.announced.get(event.clientId) ?? 0) + count);
      return undefined;
    };
    this.harness = new CoreHarness(
      {},
      {
        // Every third answer is late.
        validatingConnection: () =>
          this.waiting.calls.length % 3 === 0 ? this.waiting.next() : undefined,
        clientConnected: add(1),
        clientDisconnected: add(-1),
      },
    );
  }

  take(step: Step): void {
    switch (step.type) {
      case "settle":
        return this.#settle();
      case "advance":
        return this.harness.advance(2_000);
      case "dismissAll":
        this.harness.core.disconnectAll({ reasonCode: 0x98 });
        return this.harness.settle();
      case "connect":
        return this.#connect(step);
      default:
        return this.#act(step.type, step.who);
    }
  }

  #settle(): void {
    if (this.#settled >= this.waiting.calls.length) return;
    this.waiting.settle(this.harness, this.#settled);
    this.#settled += 1;
  }

  #connect({ who, id, lasts }: { who: number; id: number; lasts: boolean }): void {
    const fields = lasts ? lasting(5) : {};
    this.peers[who] ??= this.harness.open();
    this.peers[who]?.send({
      type: "connect",
      protocolVersion: 5,
      clientId: `id${id}`,
      cleanStart: !lasts,
      keepAliveSeconds: 1,
      ...fields,
    });
    this.#forgetClosed(who);
  }

  #act(
    type: Exclude<Step["type"], "connect" | "settle" | "advance" | "dismissAll">,
    who: number,
  ): void {
    if (type === "open") this.peers[who] ??= this.harness.open();
    const peer = this.peers[who];
    if (type === "garbage") peer?.send("ff00");
    if (type === "disconnect") peer?.send({ type: "disconnect", reasonCode: 0 });
    if (type === "ping") peer?.send({ type: "pingreq" });
    if (type === "cut") peer?.cut();
    this.#forgetClosed(who);
  }

  #forgetClosed(who: number): void {
    if (this.peers[who]?.isClosed === true) this.peers[who] = undefined;
  }

  check(): void {
    const { statistics, connections, sessions } = this.harness.core;
    const connected = Array.from(connections).filter(({ isAnnounced }) => isAnnounced);
    expect(statistics.connectionsCurrent).toBe(connected.length);
    expect(statistics.sessionsCurrent).toBe(sessions.size);
    const identifiers = connected.map(({ clientId }) => clientId);
    expect(new Set(identifiers).size).toBe(identifiers.length);
    for (const [clientId, count] of this.announced)
      expect([clientId, count]).toEqual([clientId, identifiers.includes(clientId) ? 1 : 0]);
  }

  end(): void {
    for (const peer of this.peers) peer?.cut();
    while (this.#settled < this.waiting.calls.length) this.#settle();
    this.harness.advance(60_000);
    const { core, reports } = this.harness;
    expect(core.statistics).toMatchObject({ connectionsCurrent: 0, sessionsCurrent: 0 });
    expect(core.connections.size).toBe(0);
    expect(core.deadlines.size).toBe(0);
    expect(reports).toEqual([]);
  }
}
