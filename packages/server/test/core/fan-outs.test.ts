import type { Packet, QoS } from "@anax/protocol";
import { describe, expect, it } from "vitest";
import type { CoreOptions } from "../../src/core/core-options.ts";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import {
  CoreHarness,
  Later,
  lasting,
  publishPacket,
  subscribe,
  subscribePacket,
} from "../support/core-harness.ts";
import { DurableServer } from "../support/durable-server.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

/** A turn gives a message to about a hundred receivers, and goes over some hundred nodes. */
const TIGHT = { ms: Infinity, steps: 1, receivers: 10, nodes: 10 };
const MANY = 300;

/** What takes the way of runs, and what does not. */
const WAYS = [
  ["of a run", {}],
  ["that is retained", { retain: true }],
] as const;

function withMany(options: Partial<CoreOptions> = {}, hooks: Hooks = {}): Crowd {
  return new Crowd(new CoreHarness(options, hooks, undefined, { budget: TIGHT }));
}

class Crowd {
  readonly harness: CoreHarness;
  readonly receivers: readonly ScriptedPeer[];

  constructor(harness: CoreHarness) {
    this.harness = harness;
    this.receivers = Array.from({ length: MANY }, (_, index) => harness.connect(`r${index}`));
    for (const receiver of this.receivers) subscribe(receiver, "fan/#");
    harness.settle();
  }

  /** Receivers that have got something. */
  get reached(): number {
    return this.receivers.filter(({ wire }) => wire.arrived.length > 0).length;
  }

  get texts(): string[] {
    return Array.from(new Set(this.receivers.map((receiver) => receiver.receiveTexts().join(" "))));
  }

  get sent(): number {
    return this.harness.core.statistics.publishesSent;
  }
}

function publish(text: string, qos: QoS, fields: object = {}): Packet {
  return publishPacket("fan/1", text, { qos, ...(qos > 0 && { packetIdentifier: 1 }), ...fields });
}

describe("one message to many receivers", () => {
  for (const [what, fields] of WAYS) {
    it(`${what} is given to them over several turns, and others go on in between`, () => {
      const crowd = withMany();
      const { harness } = crowd;
      const quiet = harness.connect("quiet");
      const { statistics } = harness.core;
      const subscriptions = statistics.subscriptionsCurrent;
      const parts: number[] = [];
      let partsBeforeOther = Infinity;
      let last = crowd.sent;
      const all = last + MANY;
      const look = (): void => {
        if (crowd.sent > last) parts.push(crowd.sent - last);
        last = crowd.sent;
        if (statistics.subscriptionsCurrent > subscriptions)
          partsBeforeOther = Math.min(partsBeforeOther, parts.length);
      };
      harness.connect("p").sendChunk(publish("x", 1, fields));
      look();
      quiet.sendChunk(subscribePacket("quiet"));
      for (let turns = 0; crowd.sent < all; turns += 1) {
        expect(turns).toBeLessThan(MANY);
        look();
        harness.turn();
        look();
      }
      expect(parts.length).toBeGreaterThan(2);
      expect(Math.max(...parts)).toBeLessThan(MANY / 2);
      expect(partsBeforeOther).toBeLessThan(parts.length);
      // What is written comes in parts, too.
      while (quiet.wire.arrived.length === 0 && crowd.reached < MANY) harness.turn();
      expect(crowd.reached).toBeLessThan(MANY);
      harness.settle();
      expect(crowd.texts).toEqual(["x"]);
    });

    for (const qos of [0, 1, 2] as const)
      it(`${what} is acknowledged after the last of them, QoS ${qos}, and what follows comes behind it`, () => {
        const crowd = withMany();
        const { harness } = crowd;
        const publisher = harness.connect("p");
        publisher.sendChunk(
          publish("x", qos, fields),
          publish("y", qos, { ...fields, ...(qos > 0 && { packetIdentifier: 2 }) }),
        );
        harness.turn();
        expect(crowd.reached).toBeLessThan(MANY);
        expect(publisher.receive()).toEqual([]);
        harness.settle();
        expect(publisher.receive()).toHaveLength(qos === 0 ? 0 : 2);
        expect(crowd.texts).toEqual(["x y"]);
        expect(harness.core.works.count).toBe(0);
      });

    it(`${what} reaches all though its publisher goes, whose Will comes behind it`, () => {
      const crowd = withMany();
      const { harness } = crowd;
      const payload = new TextEncoder().encode("will");
      const will = { topic: "fan/1", payload, qos: 1, retain: false } as const;
      const publisher = harness.connect("p", { will });
      publisher.sendChunk(publish("x", 1, fields));
      harness.core.closed(publisher.connection);
      expect(crowd.reached).toBeLessThan(MANY);
      harness.settle();
      expect(crowd.texts).toEqual(["x will"]);
      expect(harness.core.sessions.get("p")).toBeUndefined();
    });

    it(`${what} reaches all before what its publisher sends on its next connection`, () => {
      const crowd = withMany();
      const { harness } = crowd;
      const fields5 = lasting();
      harness.connect("p", fields5).sendChunk(publish("x", 1, fields));
      const next = harness.open();
      next.sendChunk(
        {
          type: "connect",
          protocolVersion: 5,
          clientId: "p",
          cleanStart: false,
          keepAliveSeconds: 0,
        },
        publish("y", 1, { ...fields, packetIdentifier: 2 }),
      );
      harness.settle();
      expect(crowd.texts).toEqual(["x y"]);
      expect(next.receive().map(({ type }) => type)).toEqual(["connack", "puback"]);
    });
  }

  it("of several publishers are given one after the other, to all in one order", () => {
    const crowd = withMany();
    const { harness } = crowd;
    const names = ["a", "b", "c", "d"];
    const publishers = names.map((name) => harness.connect(name));
    for (const [index, publisher] of publishers.entries()) {
      const text = names[index] ?? "";
      const kinds = index % 2 === 0 ? {} : { retain: true };
      publisher.sendChunk(publish(`${text}1`, 1, kinds), publish(`${text}2`, 0, kinds));
    }
    harness.settle();
    const [order, ...others] = crowd.texts;
    expect(others).toEqual([]);
    expect(order?.split(" ").toSorted()).toEqual(["a1", "a2", "b1", "b2", "c1", "c2", "d1", "d2"]);
    for (const publisher of publishers) expect(publisher.receiveOne("puback").reasonCode).toBe(0);
  });

  it("is sent to nobody who has unsubscribed or gone meanwhile", () => {
    const crowd = withMany();
    const { harness, receivers } = crowd;
    const [last, beforeLast] = [receivers[MANY - 1], receivers[MANY - 2]];
    // Found by two filters.
    const other = receivers[MANY - 3];
    if (other !== undefined) subscribe(other, "fan/+");
    harness.connect("p").sendChunk(publish("x", 1));
    last?.sendChunk({ type: "unsubscribe", packetIdentifier: 7, topicFilters: ["fan/#"] });
    other?.sendChunk({ type: "unsubscribe", packetIdentifier: 7, topicFilters: ["fan/#"] });
    beforeLast?.sendChunk({ type: "disconnect", reasonCode: 0 });
    harness.settle();
    expect(last?.receiveOne("unsuback").type).toBe("unsuback");
    expect(beforeLast?.receive()).toEqual([]);
    expect(other?.receive().map(({ type }) => type)).toEqual(["unsuback", "publish"]);
  });

  it("is seen by who subscribes meanwhile, where it is retained and waits for another", () => {
    const crowd = withMany();
    const { harness } = crowd;
    harness.connect("p").sendChunk(publish("x", 1));
    harness.connecting("q");
    const [second, late] = [harness.connect("s"), harness.connect("l")];
    harness.connect("p2").sendChunk(publish("w", 0));
    second.sendChunk(publish("y", 1, { retain: true }));
    late.sendChunk(subscribePacket("fan/1"));
    harness.settle();
    const texts = late.receive().flatMap((packet) => (packet.type === "publish" ? [packet] : []));
    expect(texts.map(({ payload }) => new TextDecoder().decode(payload)).at(-1)).toBe("y");
  });

  it("comes from the program and from Wills in the same way", () => {
    const crowd = withMany();
    const { harness } = crowd;
    const payload = new TextEncoder().encode("will");
    const will = { topic: "fan/w", payload, qos: 2, retain: false } as const;
    const willing = harness.connect("w", { will });
    let result: object | undefined;
    harness.core.inject(
      { topic: "fan/i", payload: new TextEncoder().encode("inject"), qos: 1, retain: false },
      {},
      (published) => (result = published),
      () => expect.fail("it cannot be published"),
    );
    harness.core.closed(willing.connection);
    expect(result).toBeUndefined();
    harness.settle();
    expect(result).toMatchObject({ matched: MANY, queued: MANY, dropped: 0 });
    expect(crowd.texts).toEqual(["inject will"]);
  });

  it("goes on after handlers were asked about each of them", () => {
    const laters: Later[] = [];
    const hooks: Hooks = {
      interceptingClientEnqueue: () => {
        if (laters.length > 0) return undefined;
        const later = new Later();
        laters.push(later);
        return later;
      },
    };
    const crowd = withMany({}, hooks);
    crowd.harness.connect("p").sendChunk(publish("x", 2));
    crowd.harness.settle();
    expect(crowd.reached).toBe(0);
    laters[0]?.settle();
    crowd.harness.settle();
    expect(crowd.texts).toEqual(["x"]);
  });

  it.each([
    ["at once", false],
    ["later", true],
  ])(
    "that waits for another such message reaches who subscribes meanwhile, though handlers of each receiver answer %s",
    (_when, isLate) => {
      const asked: string[] = [];
      const laters: Later[] = [];
      const hooks: Hooks = {
        interceptingClientEnqueue: ({ receiverClientId }) => {
          asked.push(receiverClientId);
          if (!isLate || receiverClientId !== "late" || laters.length > 0) return undefined;
          laters.push(new Later());
          return laters[0];
        },
      };
      const crowd = withMany({}, hooks);
      const { harness } = crowd;
      const [one, other] = [harness.connect("p"), harness.connect("q")];
      const late = harness.connect("late");
      one.sendChunk(publish("x", 1));
      other.sendChunk(publish("y", 1));
      while (asked.length < 2 * MANY) harness.turn();
      late.sendChunk(subscribePacket("fan/#"));
      harness.settle();
      laters[0]?.settle();
      harness.settle();
      // It has subscribed before the second was given to anybody.
      expect(asked.filter((clientId) => clientId === "late")).toHaveLength(1);
      const texts = late.receive().flatMap((packet) => (packet.type === "publish" ? ["y"] : []));
      expect(texts).toEqual(["y"]);
      expect(crowd.texts).toEqual(["x y"]);
      expect(harness.core.works.count).toBe(0);
      expect(other.receiveOne("puback").reasonCode).toBe(0);
    },
  );

  it("to hundreds of shared subscriptions goes to a member of each, over several turns", () => {
    const harness = new CoreHarness({}, {}, undefined, { budget: TIGHT });
    const members = [harness.connect("a"), harness.connect("b")];
    const filters = Array.from({ length: 500 }, (_, index) => `$share/g${index}/fan`);
    for (const member of members) subscribe(member, ...filters);
    const { statistics } = harness.core;
    statistics.publishesSent = 0;
    harness.connect("p").sendChunk(publishPacket("fan", "1"), publishPacket("fan", "2"));
    harness.turn();
    expect(statistics.publishesSent).toBeLessThan(600);
    harness.settle();
    const texts = members.flatMap((member) => member.receiveTexts());
    expect(texts.filter((text) => text === "1")).toHaveLength(500);
    expect(texts.filter((text) => text === "2")).toHaveLength(500);
  });
});

describe("one message to many sessions that are stored", () => {
  function stored(): { server: DurableServer; harness: CoreHarness; publisher: ScriptedPeer } {
    const server = new DurableServer({}, {}, {}, TIGHT);
    const { harness } = server;
    for (let index = 0; index < 300; index += 1) {
      const peer = harness.connect(`r${index}`, lasting());
      subscribe(peer, "fan/#");
      if (index % 2 === 0) peer.cut();
    }
    return { server, harness, publisher: harness.connect("p", lasting()) };
  }

  function owed(harness: CoreHarness): number[] {
    return Array.from(
      new Set(
        Array.from(harness.core.sessions)
          .filter(({ clientId }) => clientId.startsWith("r"))
          .map((session) => session.queue.length + session.inFlight),
      ),
    );
  }

  for (const [what, fields] of WAYS)
    it(`${what} is in one commit, and is received by nobody if the server dies before`, () => {
      const { server, harness, publisher } = stored();
      server.isCommitting = false;
      publisher.sendChunk(publish("x", 2, fields));
      harness.turn();
      // Something else is to be committed meanwhile.
      harness.connecting("other", lasting());
      publisher.sendChunk(publish("y", 2, { ...fields, packetIdentifier: 2 }));
      const early = server.take();
      expect(early?.batch).toBeUndefined();
      server.isCommitting = true;
      const restarted = server.crash();
      expect(owed(restarted)).toEqual([0]);
      const again = restarted.connect("p", lasting());
      again.send(publish("x", 2, { ...fields, duplicate: true }));
      expect(again.receiveOne("pubrec").reasonCode).toBe(0);
      expect(owed(server.crash())).toEqual([1]);
    });

  it("lets a commit in before the next", () => {
    const { server, harness, publisher } = stored();
    const other = harness.connect("o");
    publisher.sendChunk(publish("x", 1));
    harness.turn();
    expect(server.take()).toBeUndefined();
    other.sendChunk(publish("y", 1));
    harness.settle();
    expect(publisher.receiveOne("puback").type).toBe("puback");
    expect(other.receiveOne("puback").type).toBe("puback");
    expect(owed(harness)).toEqual([2]);
  });

  it("goes on when the store has failed while a commit was due", () => {
    const { server, harness, publisher } = stored();
    publisher.sendChunk(publish("x", 1));
    harness.turn();
    expect(server.take()).toBeUndefined();
    harness.core.commitFailed("failed");
    server.isCommitting = false;
    harness.settle();
    const live = harness.connect("l");
    subscribe(live, "fan/#");
    harness.connect("q").send(publish("z", 0));
    expect(live.receiveTexts()).toEqual(["z"]);
  });
});

describe("a topic that takes long to match", () => {
  /** Filters of which hundreds fit each topic level by level. */
  function deep(harness: CoreHarness): ScriptedPeer {
    const peer = harness.connect("s");
    const filters = Array.from({ length: 1_024 }, (_, index) =>
      Array.from({ length: 10 }, (_level, bit) => ((index >> bit) & 1 ? "a" : "+")).join("/"),
    );
    subscribe(peer, ...filters.map((filter) => `${filter}/end`));
    return peer;
  }
  const topic = `${"a/".repeat(10)}end`;

  it("is matched over several turns, once for all that ask, and others go on in between", () => {
    const harness = new CoreHarness({}, {}, undefined, { budget: TIGHT });
    const receiver = deep(harness);
    const publisher = harness.connect("p");
    const quiet = harness.connect("quiet");
    const { router, statistics } = harness.core;
    publisher.sendChunk(publishPacket(topic, "x", { qos: 1, packetIdentifier: 1 }));
    let most = 0;
    let turns = 0;
    for (let last = router.steps; statistics.publishesSent === 0; turns += 1) {
      if (turns === 0) quiet.sendChunk({ type: "pingreq" });
      harness.turn();
      most = Math.max(most, router.steps - last);
      last = router.steps;
    }
    expect(turns).toBeGreaterThan(3);
    expect(most).toBeLessThan(600);
    expect(quiet.receiveOne("pingresp").type).toBe("pingresp");
    harness.settle();
    expect(receiver.receiveTexts()).toEqual(["x"]);
    expect(publisher.receiveOne("puback").reasonCode).toBe(0);
  });

  it("goes to who has subscribed while it was matched, and not to who has unsubscribed", () => {
    const harness = new CoreHarness({}, {}, undefined, { budget: TIGHT });
    const receiver = deep(harness);
    const [late, exact, gone] = ["late", "exact", "gone"].map((name) => harness.connect(name));
    if (late === undefined || exact === undefined || gone === undefined)
      throw new Error("no clients");
    subscribe(gone, topic);
    harness
      .connect("p")
      .sendChunk(publishPacket(topic, "x", { retain: true, qos: 1, packetIdentifier: 1 }));
    expect(harness.core.statistics.publishesSent).toBe(0);
    late.sendChunk(subscribePacket("a/#"));
    exact.sendChunk(subscribePacket({ topicFilter: topic, retainHandling: 2 }, "other"));
    gone.sendChunk({ type: "unsubscribe", packetIdentifier: 1, topicFilters: [topic] });
    harness.settle();
    expect(receiver.receiveTexts()).toEqual(["x"]);
    for (const one of [late, exact])
      expect(one.receive().map(({ type }) => type)).toEqual(["suback", "publish"]);
    expect(gone.receive().map(({ type }) => type)).toEqual(["unsuback"]);
  });
});
