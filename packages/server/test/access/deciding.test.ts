/** What is asked of an authorizer, how often, and what clients are told. */
import { describe, expect, it } from "vitest";
import type { AccessClient, Authorizer } from "../../src/core/access/authorizer.ts";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import type { Identity } from "../../src/core/hooks/identity.ts";
import {
  acknowledgement,
  CoreHarness,
  Later,
  lasting,
  publishPacket,
  subscribe,
  subscribePacket,
} from "../support/core-harness.ts";
import { DurableServer } from "../support/durable-server.ts";
import { allBut, askingAtOnce, RuledCore } from "./ruled-core.ts";

const NOTHING = { rules: [] };
const QOS_1 = { qos: 1, packetIdentifier: 1 } as const;

describe("a refusal", () => {
  it("of a PUBLISH is told to MQTT 5.0 clients, and costs them neither connection nor identifier", () => {
    const world = new RuledCore(NOTHING);
    const peer = world.come("p");
    peer.receive();
    peer.send(publishPacket("a", "x", QOS_1));
    expect(peer.receiveOne("puback")).toMatchObject({
      reasonCode: 0x87,
      properties: { reasonString: 'not allowed to publish to "a"' },
    });
    peer.send(publishPacket("a", "x", { qos: 2, packetIdentifier: 2 }));
    expect(peer.receiveOne("pubrec")).toMatchObject({ packetIdentifier: 2, reasonCode: 0x87 });
    peer.send(publishPacket("a", "x", { qos: 2, packetIdentifier: 2 }));
    expect(peer.receiveOne("pubrec")).toMatchObject({ packetIdentifier: 2, reasonCode: 0x87 });
    peer.send(publishPacket("a", "x"));
    expect(peer.receive()).toEqual([]);
    expect(peer.isEnded).toBe(false);
    expect(world.statistics.publishesDenied).toBe(4);
    expect(world.denied).toContainEqual({
      action: "publish",
      clientId: "p",
      userName: "p",
      topic: "a",
    });
  });

  it.each([3, 4] as const)("of a PUBLISH of version %i is acknowledged, and dropped", (version) => {
    const world = new RuledCore(allBut({ deny: "publish", topics: "a" }));
    const s = world.come("s");
    s.send(subscribePacket("#"));
    s.receive();
    const peer = world.come("p", { protocolVersion: version });
    peer.receive();
    peer.send(publishPacket("a", "x", QOS_1));
    expect(peer.receiveOne("puback")).toMatchObject({ packetIdentifier: 1 });
    peer.send(publishPacket("a", "x", { qos: 2, packetIdentifier: 2 }));
    expect(peer.receiveOne("pubrec")).toMatchObject({ packetIdentifier: 2 });
    peer.send(acknowledgement("pubrel", 2));
    expect(peer.receiveOne("pubcomp")).toMatchObject({ packetIdentifier: 2 });
    expect(s.receive()).toEqual([]);
    expect(peer.isEnded).toBe(false);
  });

  it("of a filter is told for that filter", () => {
    const world = new RuledCore({ rules: [{ allow: "subscribe", topics: "a/#", maximumQos: 1 }] });
    const five = world.come("five");
    five.receive();
    expect(subscribe(five, "a/b", "b", "#").reasonCodes).toEqual([1, 0x87, 0x87]);
    const four = world.come("four", { protocolVersion: 4 });
    four.receive();
    expect(subscribe(four, "a/b", "b").reasonCodes).toEqual([1, 0x80]);
  });

  it("of a Will keeps the client out", () => {
    const world = new RuledCore(allBut({ deny: "publish", topics: "gone" }));
    const will = { topic: "gone", payload: new Uint8Array(0), qos: 0, retain: false } as const;
    expect(world.come("five", { will }).receiveOne("connack").reasonCode).toBe(0x87);
    const four = world.come("four", { will, protocolVersion: 4 });
    expect(four.receiveOne("connack").reasonCode).toBe(0x87);
    expect(world.statistics.sessionsCurrent).toBe(0);
  });

  it("is one of QoS or RETAIN where a rule limits those", () => {
    const rules = [{ allow: "publish", topics: "a", maximumQos: 1, retain: false } as const];
    const world = new RuledCore({ rules });
    const peer = world.come("p");
    peer.receive();
    peer.send(publishPacket("a", "x", QOS_1));
    expect(peer.receiveOne("puback").reasonCode).toBe(0x10);
    peer.send(publishPacket("a", "x", { qos: 2, packetIdentifier: 2 }));
    expect(peer.receiveOne("pubrec").reasonCode).toBe(0x87);
    peer.send(publishPacket("a", "x", { ...QOS_1, retain: true }));
    expect(peer.receiveOne("puback").reasonCode).toBe(0x87);
    peer.send(publishPacket("a", "x", { retain: true }));
    expect(world.statistics.retainedMessagesCurrent).toBe(0);
  });
});

/** A core with an authorizer of the test's own. */
function coreWith(authorizer: Partial<Authorizer>, hooks = {}): CoreHarness {
  const asked = askingAtOnce({ mayPublish: () => true, maySubscribe: () => true, ...authorizer });
  return new CoreHarness({}, hooks, undefined, { authorizer: asked });
}

describe("an authorizer", () => {
  it("is asked once for each publisher and topic, and each subscription", () => {
    const asked: string[] = [];
    const harness = coreWith({
      mayPublish: ({ clientId }, topic) => asked.push(`${clientId} ${topic}`) > 0,
      maySubscribe: ({ clientId }, filter) => asked.push(`${clientId} ${filter}`) > 0,
    });
    const peer = harness.connect("p");
    const other = harness.connect("o");
    subscribe(other, "a/#");
    for (let round = 0; round < 50; round += 1)
      for (const topic of ["a/1", "a/2"]) peer.send(publishPacket(topic, "x"));
    other.send(publishPacket("a/1", "x"));
    expect(asked).toEqual(["o a/#", "p a/1", "p a/2", "o a/1"]);
    expect(other.receiveTexts()).toHaveLength(101);
  });

  it("is not asked about topics of a filter that it has allowed", () => {
    const asked: string[] = [];
    const harness = coreWith({
      isImmediate: true,
      mayPublish: (_client, topic) => (
        asked.push(topic),
        { topicFilter: topic === "ab" ? topic : "a/#" }
      ),
    });
    const peer = harness.connect("p");
    for (const topic of ["a/1", "a/2", "a", "ab", "a/1/2"]) peer.send(publishPacket(topic, "x"));
    expect(asked).toEqual(["a/1", "ab"]);
  });

  it.each(["b/#", "a/#/b", "", 7])("has said no with topicFilter %j about a/1", (topicFilter) => {
    const harness = coreWith({ mayPublish: () => ({ topicFilter }) as never });
    const peer = harness.connect("p");
    peer.send(publishPacket("a/1", "x", QOS_1));
    expect(peer.receiveOne("puback").reasonCode).toBe(0x87);
  });

  it.each([
    [
      "throws",
      (): never => {
        throw new Error("broken");
      },
    ],
    ["answers nothing", (): never => undefined as never],
    ["answers what is no answer", (): never => ({ maximumQos: 7 }) as never],
  ])("that %s has said no", (_what, answer) => {
    const harness = coreWith({ mayPublish: answer, maySubscribe: answer });
    const peer = harness.connect("p");
    peer.send(publishPacket("a", "x", QOS_1));
    expect(peer.receiveOne("puback").reasonCode).toBe(0x87);
    expect(subscribe(peer, "a").reasonCodes).toEqual([0x87]);
  });

  it("is asked about the filter that a handler puts in place of the client's", () => {
    const interceptingSubscription = (event: { topicFilter: object }): undefined => {
      event.topicFilter = { ...event.topicFilter, topicFilter: "secret" };
    };
    const harness = coreWith(
      { maySubscribe: (_client, filter) => filter !== "secret" },
      { interceptingSubscription },
    );
    expect(subscribe(harness.connect("p"), "open").reasonCodes).toEqual([0x87]);
  });

  it("may answer later: the PUBLISH waits, and what follows it", () => {
    const later = new Later();
    const harness = new CoreHarness({}, {}, undefined, {
      authorizer: {
        isOpen: false,
        publish: (question) => {
          question.permission = {
            isAllowed: question.topic !== "b",
            maximumQos: 2,
            mayRetain: true,
          };
          return later;
        },
        publishAtOnce: () => undefined,
        subscribe: (question) => {
          question.permission = { isAllowed: true, maximumQos: 2, isNarrowed: false };
          return undefined;
        },
        receive: () => false,
      },
    });
    const peer = harness.connect("p");
    subscribe(peer, "#");
    peer.send(publishPacket("a", "1"), publishPacket("b", "2"), publishPacket("a", "3"));
    expect(peer.receive()).toEqual([]);
    later.settle();
    harness.settle();
    later.settle();
    harness.settle();
    expect(peer.receiveTexts()).toEqual(["1", "3"]);
  });
});

describe("a narrowed subscription", () => {
  const NARROW = {
    subscriptions: "narrow",
    rules: [
      { deny: "subscribe", topics: ["secret/#", "+/secret"], user: "s" },
      { allow: "both", topics: "#" },
    ],
  } as const;

  it("gets what is allowed, live, retained and queued", () => {
    const world = new RuledCore(NARROW);
    const p = world.come("p");
    for (const topic of ["secret/1", "open/1", "open/secret"])
      p.send(publishPacket(topic, `retained ${topic}`, { retain: true }));
    const s = world.come("s", lasting());
    s.receive();
    expect(subscribe(s, "#").reasonCodes).toEqual([2]);
    expect(s.receiveTexts()).toEqual(["retained open/1"]);
    p.send(publishPacket("secret/1", "no"), publishPacket("open/2", "live"));
    p.send(publishPacket("open/2", "run"), publishPacket("open/2", "run"));
    p.send(publishPacket("secret", "no"), publishPacket("open/3", "one", QOS_1));
    const received = s.receive().flatMap((one) => (one.type === "publish" ? [one.topic] : []));
    expect(received).toEqual(["open/2", "open/2", "open/2", "open/3"]);
    s.cut();
    p.send(publishPacket("secret", "no", { qos: 1, packetIdentifier: 2 }));
    p.send(publishPacket("open/4", "queued", { qos: 1, packetIdentifier: 3 }));
    const again = world.come("s", lasting());
    const texts = again
      .receive()
      .flatMap((one) => (one.type === "publish" && !one.duplicate ? [one.topic] : []));
    expect(texts).toEqual(["open/4"]);
    expect(world.statistics.deliveriesDenied).toBeGreaterThan(4);
  });

  it("becomes a whole one, or ends, when the rules change", () => {
    const world = new RuledCore(NARROW);
    const s = world.come("s");
    s.send(subscribePacket("#"));
    const p = world.come("p");
    world.change({ ...allBut(), subscriptions: "narrow" });
    s.receive();
    p.send(publishPacket("secret/1", "now"), publishPacket("secret/1", "now"));
    expect(s.receiveTexts()).toEqual(["now", "now"]);
    world.change({ rules: [{ allow: "publish", topics: "#" }], subscriptions: "narrow" });
    p.send(publishPacket("open", "gone"));
    expect(s.receive()).toEqual([]);
    expect(world.statistics.subscriptionsRevoked).toBe(1);
  });

  it("is refused where it is shared", () => {
    const world = new RuledCore(NARROW);
    const s = world.come("s");
    s.receive();
    expect(subscribe(s, "$share/g/#", "$share/g/open/1").reasonCodes).toEqual([0x87, 2]);
  });

  it("leaves what waits to another member of a shared subscription", () => {
    const world = new RuledCore(allBut());
    for (const name of ["s", "t"]) {
      const peer = world.come(name, lasting());
      peer.send(subscribePacket("$share/g/secret"));
      peer.cut();
    }
    const p = world.come("p");
    for (const packetIdentifier of [1, 2, 3, 4])
      p.send(publishPacket("secret", `${packetIdentifier}`, { qos: 1, packetIdentifier }));
    world.change(allBut({ deny: "subscribe", topics: "secret", user: "s" }));
    world.come("s", lasting());
    const t = world.come("t", lasting());
    const texts = t.receive().flatMap((one) => (one.type === "publish" ? [one.payload] : []));
    expect(texts).toHaveLength(4);
  });
});

describe("a subscription that is not allowed any more", () => {
  it("is told to the program as one that its client has given up", () => {
    const told: string[] = [];
    const clientUnsubscribedTopic = (event: { clientId: string; topic: string }): undefined => {
      told.push(`${event.clientId} ${event.topic}`);
    };
    const world = new RuledCore(allBut(), {}, { clientUnsubscribedTopic });
    world.come("s", lasting()).send(subscribePacket("$share/g/a", "b", "c"));
    world.come("s", lasting()).cut();
    world.change(allBut({ deny: "subscribe", topics: ["a", "b"] }));
    expect(told).toEqual(["s $share/g/a", "s b"]);
  });
});

describe("an identity", () => {
  function identified(identities: Record<string, Identity>, clients: AccessClient[]): CoreHarness {
    const validatingConnection = (event: { clientId: string; identity?: Identity }): undefined => {
      const identity = identities[event.clientId];
      if (identity !== undefined) event.identity = identity;
    };
    return coreWith({ mayPublish: (client) => clients.push(client) > 0 }, { validatingConnection });
  }

  it("is what an authorizer is told, and what its permissions exclude is refused", () => {
    const clients: AccessClient[] = [];
    const permissions = { publish: ["mine/#"], subscribe: ["mine/+"] };
    const identity = { groups: ["g"], claims: { tenant: "acme" }, permissions };
    const harness = identified({ p: identity }, clients);
    const peer = harness.connect("p", { userName: "ann" });
    peer.send(publishPacket("mine/1", "x", QOS_1));
    expect(peer.receiveOne("puback").reasonCode).toBe(0x10);
    expect(clients[0]).toMatchObject({
      clientId: "p",
      userName: "ann",
      groups: ["g"],
      claims: { tenant: "acme" },
      listener: "memory",
    });
    peer.send(publishPacket("yours", "x", QOS_1));
    expect(peer.receiveOne("puback").reasonCode).toBe(0x87);
    expect(subscribe(peer, "mine/1", "mine/#").reasonCodes).toEqual([2, 0x87]);
  });

  it("ends subscriptions of a session that another one resumes", () => {
    const identities: Record<string, Identity> = {};
    const harness = identified(identities, []);
    const first = harness.connect("p", lasting());
    subscribe(first, "a", "b");
    first.cut();
    harness.inject({ topic: "b", qos: 1 });
    identities["p"] = { permissions: { subscribe: ["a"] } };
    const second = harness.connect("p", lasting());
    harness.inject({ topic: "b" });
    harness.inject({ topic: "a" });
    expect(second.receivePublishes().map(({ topic }) => topic)).toEqual(["a"]);
  });
});

describe("a Will that was stored", () => {
  it.each([
    [true, 1],
    [false, 0],
  ])("is judged when it is due, behind a restart: allowed %s", (isAllowed, count) => {
    let isNowAllowed = true;
    const authorizer = askingAtOnce({ mayPublish: () => isNowAllowed, maySubscribe: () => true });
    const server = new DurableServer({}, {}, {}, undefined, { authorizer });
    const payload = new TextEncoder().encode("gone");
    const properties = { willDelayIntervalSeconds: 60 };
    const will = { topic: "t", payload, qos: 1, retain: true, properties } as const;
    server.harness.connect("w", { ...lasting(), will }).cut();
    isNowAllowed = isAllowed;
    const harness = server.crash(1_000);
    harness.advance(100_000);
    expect(harness.core.statistics.retainedMessagesCurrent).toBe(count);
    expect(harness.core.statistics.publishesDenied).toBe(1 - count);
  });

  it("is judged by the whole identity of its client, behind each restart", () => {
    const asked: AccessClient[] = [];
    const authorizer = askingAtOnce({
      mayPublish: (client) => {
        asked.push(client);
        return client.groups.includes("sensors") && client.claims?.["site"] === "north";
      },
      maySubscribe: () => true,
    });
    const identity: Identity = {
      groups: ["sensors"],
      claims: { site: "north", levels: [1, { deep: true }] },
      permissions: { publish: ["t/#"] },
    };
    const hooks: Hooks = { validatingConnection: (event) => void (event.identity = identity) };
    const server = new DurableServer({}, {}, hooks, undefined, { authorizer });
    const payload = new TextEncoder().encode("gone");
    const properties = { willDelayIntervalSeconds: 60 };
    const will = { topic: "t/1", payload, qos: 1, retain: true, properties } as const;
    const fields = { ...lasting(), userName: "ann", will };
    server.harness.connect("w", fields).cut();
    const [before] = asked;
    asked.length = 0;
    server.crash(1_000);
    const harness = server.crash(1_000);
    harness.advance(100_000);
    expect(harness.core.statistics.retainedMessagesCurrent).toBe(1);
    expect(asked).toEqual([before]);
  });

  it("keeps what its client was limited to where claims of a program are no JSON", () => {
    const authorizer = askingAtOnce({ mayPublish: () => true, maySubscribe: () => true });
    const identity = { claims: { count: 1n }, permissions: { publish: ["t/#"] } };
    const hooks: Hooks = { validatingConnection: (event) => void (event.identity = identity) };
    const server = new DurableServer({}, {}, hooks, undefined, { authorizer });
    const properties = { willDelayIntervalSeconds: 60 };
    const payload = new TextEncoder().encode("gone");
    const will = { topic: "t/1", payload, qos: 1, retain: true, properties } as const;
    server.harness.connect("w", { ...lasting(), will }).cut();
    const harness = server.crash(1_000);
    const session = harness.core.sessions.get("w");
    expect(session?.will?.access?.client.permissions).toEqual(identity.permissions);
    harness.advance(100_000);
    expect(harness.core.statistics.retainedMessagesCurrent).toBe(1);
  });
});
