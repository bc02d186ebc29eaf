/** Each way that a message can take to a client, with each right that can be missing. */
import type { ConnectPacket, PublishPacket } from "@anax/protocol";
import { describe, expect, it } from "vitest";
import type { AccessRules } from "../../src/access/access-rules.ts";
import { CoreHarness, lasting, publishPacket, subscribePacket } from "../support/core-harness.ts";
import { textOf } from "../support/scripted-peer.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";
import { allBut, RuledCore } from "./ruled-core.ts";

const ALL = allBut();
const NO_PUBLISHING = allBut({ deny: "publish", topics: "secret", user: "p" });
const NO_SUBSCRIBING = allBut({ deny: "subscribe", topics: "secret", user: "s" });

/** The texts that a subscriber gets; `change` is called where the rules may change on the way. */
type Path = (world: RuledCore, change: () => void) => string[];

const secret = (fields: Partial<PublishPacket> = {}): PublishPacket =>
  publishPacket("secret", "text", fields);

function subscriber(
  world: RuledCore,
  filter = "secret",
  fields: Partial<ConnectPacket> = {},
): ScriptedPeer {
  const peer = world.come("s", fields);
  peer.send(subscribePacket(filter));
  return peer;
}

function texts(peer: ScriptedPeer): string[] {
  return peer
    .receive()
    .flatMap((packet) => (packet.type === "publish" ? [textOf(packet.payload)] : []));
}

const WILL = {
  topic: "secret",
  payload: new TextEncoder().encode("text"),
  qos: 0,
  retain: false,
} as const;

const PATHS: Readonly<Record<string, Path>> = {
  live(world, change) {
    const s = subscriber(world);
    const p = world.come("p");
    change();
    p.send(secret());
    return texts(s);
  },
  "live in a run"(world, change) {
    const s = subscriber(world);
    const p = world.come("p");
    p.send(publishPacket("open", "1"), publishPacket("open", "2"));
    change();
    p.send(secret(), secret(), secret());
    return [...new Set(texts(s))];
  },
  "QoS 2"(world, change) {
    const s = subscriber(world);
    const p = world.come("p");
    change();
    p.send(secret({ qos: 2, packetIdentifier: 1 }));
    return texts(s);
  },
  retained(world, change) {
    world.come("p").send(secret({ retain: true }));
    change();
    return texts(subscriber(world));
  },
  "retained, on its way"(world, change) {
    world.come("p").send(secret({ retain: true, qos: 1, packetIdentifier: 1 }));
    const s = subscriber(world, "secret", { properties: { receiveMaximum: 1 } });
    const before = texts(s);
    if (before.length === 0) return before;
    s.send({ type: "puback", packetIdentifier: 1, reasonCode: 0 });
    change();
    s.send({ type: "unsubscribe", packetIdentifier: 2, topicFilters: ["secret"] });
    s.send(subscribePacket("secret"));
    return texts(s);
  },
  "queued before the rule"(world, change) {
    subscriber(world, "secret", lasting()).cut();
    world.come("p").send(secret({ qos: 1, packetIdentifier: 1 }));
    change();
    return texts(world.come("s", lasting()));
  },
  "queued while connected"(world, change) {
    const p = world.come("p");
    const s = world.come("s", { properties: { receiveMaximum: 1 } });
    s.send(subscribePacket("open", "secret"));
    p.send(publishPacket("open", "open", { qos: 1, packetIdentifier: 1 }));
    p.send(secret({ qos: 1, packetIdentifier: 2 }));
    texts(s);
    change();
    s.send({ type: "puback", packetIdentifier: 1, reasonCode: 0 });
    return texts(s);
  },
  will(world, change) {
    const s = subscriber(world);
    const p = world.come("p", { will: WILL });
    change();
    p.cut();
    return texts(s);
  },
  "delayed Will"(world, change) {
    const s = subscriber(world);
    const will = { ...WILL, properties: { willDelayIntervalSeconds: 5 } };
    world.come("p", { ...lasting(), will }).cut();
    change();
    world.harness.advance(10_000);
    return texts(s);
  },
  shared(world, change) {
    const s = subscriber(world, "$share/g/secret");
    const p = world.come("p");
    change();
    p.send(secret());
    return texts(s);
  },
  "shared, queued"(world, change) {
    subscriber(world, "$share/g/secret", lasting()).cut();
    world.come("p").send(secret({ qos: 1, packetIdentifier: 1 }));
    change();
    return texts(world.come("s", lasting()));
  },
  "resumed session"(world, change) {
    subscriber(world, "secret", lasting()).cut();
    change();
    const s = world.come("s", lasting());
    world.come("p").send(secret());
    return texts(s);
  },
  "Topic Alias"(world, change) {
    const s = subscriber(world);
    const p = world.come("p");
    p.send(secret({ properties: { topicAlias: 1 } }));
    texts(s);
    change();
    p.send(publishPacket("", "text", { properties: { topicAlias: 1 } }));
    return texts(s);
  },
  "a bridge at each end"(world, change) {
    const [far, near] = [new CoreHarness(), new CoreHarness()];
    const source = far.connect("bridge");
    source.send(subscribePacket("secret"));
    const sink = near.connect("bridge");
    const reader = near.connect("reader");
    reader.send(subscribePacket("secret"));
    const s = subscriber(world);
    const p = world.come("p");
    change();
    far.connect("writer").send(secret());
    carry(source, p);
    carry(s, sink);
    return texts(reader);
  },
};

/** What a bridge does: it publishes at one server what it gets from another. */
function carry(from: ScriptedPeer, to: ScriptedPeer): void {
  for (const text of texts(from)) to.send(publishPacket("secret", text));
}

function result(
  path: Path,
  before: AccessRules,
  after = before,
): { texts: string[]; world: RuledCore } {
  const world = new RuledCore(before);
  const received = path(world, () => world.change(after));
  expect(world.harness.reports).toEqual([]);
  return { texts: received, world };
}

describe.each(Object.entries(PATHS))("%s", (_name, path) => {
  it("comes where the rules allow it", () => {
    expect(result(path, ALL).texts).toEqual(["text"]);
  });

  it("does not come if the publisher may not publish", () => {
    const { texts: received, world } = result(path, NO_PUBLISHING);
    expect(received).toEqual([]);
    expect(world.statistics.publishesDenied).toBeGreaterThan(0);
  });

  it("does not come if the subscriber may not subscribe", () => {
    const { texts: received, world } = result(path, NO_SUBSCRIBING);
    expect(received).toEqual([]);
    expect(world.statistics.subscriptionsDenied).toBeGreaterThan(0);
  });

  it("does not come if the subscriber has lost its right on the way", () => {
    expect(result(path, ALL, NO_SUBSCRIBING).texts).toEqual([]);
  });
});

/** Those where the publisher acts, or its Will comes due, behind the change. */
const LATER = [
  "live",
  "live in a run",
  "QoS 2",
  "will",
  "delayed Will",
  "shared",
  "resumed session",
  "Topic Alias",
  "a bridge at each end",
];

describe.each(LATER)("%s", (name) => {
  it("does not come if the publisher has lost its right on the way", () => {
    const path = PATHS[name];
    const { texts: received, world } = result(path ?? (() => ["no path"]), ALL, NO_PUBLISHING);
    expect(received).toEqual([]);
    expect(world.statistics.publishesDenied).toBeGreaterThan(0);
  });
});

describe("a message of the program", () => {
  function injected(world: RuledCore, isJudged: boolean): { reasonCode: number; texts: string[] } {
    const s = subscriber(world);
    let reasonCode = -1;
    const message = { topic: "secret", payload: WILL.payload, qos: 0, retain: false } as const;
    const sender = { clientId: "p", userName: "p", isJudged };
    world.harness.core.inject(
      message,
      sender,
      (published) => (reasonCode = published.reasonCode),
      (error) => {
        throw error;
      },
    );
    world.harness.settle();
    return { reasonCode, texts: texts(s) };
  }

  it("is trusted", () => {
    expect(injected(new RuledCore(NO_PUBLISHING), false)).toEqual({
      reasonCode: 0,
      texts: ["text"],
    });
  });

  it("is judged where the program asks for it", () => {
    expect(injected(new RuledCore(NO_PUBLISHING), true)).toEqual({ reasonCode: 0x87, texts: [] });
    expect(injected(new RuledCore(ALL), true)).toEqual({ reasonCode: 0, texts: ["text"] });
  });

  it("is not sent any more for a sender that has lost its right", () => {
    const world = new RuledCore(ALL);
    expect(injected(world, true).reasonCode).toBe(0);
    world.change(NO_PUBLISHING);
    expect(injected(world, true)).toEqual({ reasonCode: 0x87, texts: [] });
  });

  it("goes to nobody who may not subscribe", () => {
    expect(injected(new RuledCore(NO_SUBSCRIBING), false).texts).toEqual([]);
  });

  it("goes to nobody who has lost the right", () => {
    const world = new RuledCore(ALL);
    const s = subscriber(world);
    world.change(NO_SUBSCRIBING);
    world.harness.inject({ topic: "secret" });
    expect(texts(s)).toEqual([]);
  });
});
