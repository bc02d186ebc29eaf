import { describe, expect, it } from "vitest";
import type { CoreOptions } from "../../src/core/core-options.ts";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import { CoreHarness, lasting, publishPacket, subscribe } from "../support/core-harness.ts";
import { networkOf } from "../../src/core/network-of.ts";
import { DurableServer } from "../support/durable-server.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

const ASKING: Hooks = { validatingConnection: () => undefined };
const FOREVER = lasting(0xffff_ffff);

function code(harness: CoreHarness, clientId: string, fields = {}): number {
  return harness.connecting(clientId, fields).receiveOne("connack").reasonCode;
}

/** Sessions with a subscription, whose clients are away. */
function fill(harness: CoreHarness, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const peer = harness.connect(`filler ${index}`, FOREVER);
    subscribe(peer, "t");
    peer.cut();
  }
}

describe("a full table of sessions", () => {
  it("refuses those that are to outlive their connection first", () => {
    const harness = new CoreHarness({ sessionsMax: 20 });
    fill(harness, 18);
    expect(code(harness, "lasting", FOREVER)).toBe(0x97);
    expect(code(harness, "old", { protocolVersion: 4, cleanStart: false })).toBe(0x88);
    expect(code(harness, "clean 1")).toBe(0);
    expect(code(harness, "clean 2")).toBe(0);
    expect(code(harness, "clean 3")).toBe(0x97);
    expect(code(harness, "filler 3", FOREVER)).toBe(0);
  });

  it("makes room by sessions without subscription and message, longest away first", () => {
    const ended: string[] = [];
    const harness = new CoreHarness(
      { sessionsMax: 5, queueQos0: true },
      { sessionDeleted: ({ clientId, cause }) => void ended.push(`${clientId} ${cause}`) },
    );
    const third = harness.connect("third", FOREVER);
    harness.connect("first", FOREVER).cut();
    harness.connect("second", FOREVER).cut();
    third.cut();
    const subscribed = harness.connect("subscribed", FOREVER);
    subscribe(subscribed, "t");
    subscribed.cut();
    harness.connect("there", FOREVER);
    harness.connect("first", FOREVER).cut();
    for (const clientId of ["a", "b", "c"]) expect(code(harness, clientId, FOREVER)).toBe(0);
    expect(ended).toEqual(["second evicted", "third evicted", "first evicted"]);
    expect(code(harness, "d", FOREVER)).toBe(0x97);
    expect(code(harness, "e")).toBe(0x97);
    expect(harness.core.statistics).toMatchObject({ sessionsEvicted: 3, sessionsCurrent: 5 });
  });

  it("keeps what has a message that waits, is on its way, or awaits PUBREL", () => {
    const harness = new CoreHarness({ sessionsMax: 4 });
    const publisher = harness.connect("q2", FOREVER);
    publisher.send(publishPacket("x", "", { qos: 2, packetIdentifier: 1 }));
    publisher.cut();
    const sent = harness.connect("sent", FOREVER);
    subscribe(sent, "t");
    const queued = harness.connect("queued", FOREVER);
    subscribe(queued, "t");
    queued.cut();
    harness.inject({ topic: "t", qos: 1 });
    for (const clientId of ["sent", "queued"]) {
      const session = harness.core.sessions.get(clientId);
      for (const { filter } of session?.subscriptions.values() ?? [])
        session?.deleteSubscription(filter);
    }
    sent.cut();
    harness
      .connect("queued", { ...FOREVER, properties: { receiveMaximum: 1, ...FOREVER.properties } })
      .cut();
    harness.connect("there");
    expect(code(harness, "new")).toBe(0x97);
  });

  it("evicts nobody for a client that is not let in", () => {
    const harness = new CoreHarness(
      { sessionsMax: 1 },
      {
        validatingConnection: (args) => {
          if (args.userName === "bad") args.reasonCode = 0x86;
          return undefined;
        },
      },
    );
    harness.connect("bare", { ...FOREVER, userName: "ann" }).cut();
    expect(code(harness, "stranger", { userName: "bad" })).toBe(0x86);
    expect(harness.core.sessions.get("bare")).toBeDefined();
    expect(code(harness, "good", { userName: "good" })).toBe(0);
    expect(harness.core.sessions.get("bare")).toBeUndefined();
  });

  it("is warned of once a minute", () => {
    const harness = new CoreHarness({ sessionsMax: 2 });
    fill(harness, 2);
    for (let index = 0; index < 5; index += 1) code(harness, `${index}`);
    expect(harness.warnings).toMatchObject([{ sessions: 2, sessionsMax: 2 }]);
    harness.advance(60_000);
    for (let index = 0; index < 5; index += 1) code(harness, `${index}`);
    expect(harness.warnings).toHaveLength(2);
  });

  it("knows after a restart who is away the longest, and strikes out of the store who is evicted", () => {
    const server = new DurableServer({ sessionsMax: 2 });
    const late = server.harness.connect("late", FOREVER);
    server.harness.advance(1_000);
    server.harness.connect("early", FOREVER).cut();
    server.harness.advance(1_000);
    late.cut();
    const harness = server.crash();
    expect(code(harness, "new", FOREVER)).toBe(0);
    const again = server.crash();
    expect(again.core.sessions.get("early")).toBeUndefined();
    expect(again.core.sessions.get("late")).toBeDefined();
  });
});

describe("clients that nobody has authenticated", () => {
  const WEEK = 604_800;

  it.each([
    ["anonymous", {}, WEEK],
    ["a user", { userName: "ann" }, 0xffff_ffff],
  ])("leave sessions for a week at most: %s", (_name, fields, seconds) => {
    const harness = new CoreHarness({}, ASKING);
    const { connack, peer } = harness.connectWith("c", { ...FOREVER, ...fields });
    const told = seconds === WEEK ? WEEK : undefined;
    expect(connack.properties?.sessionExpiryIntervalSeconds).toBe(told);
    peer.send({
      type: "disconnect",
      reasonCode: 0,
      properties: { sessionExpiryIntervalSeconds: 0xffff_fffe },
    });
    const expiry = harness.core.sessions.get("c")?.expiryIntervalSeconds;
    expect(expiry).toBe(seconds === WEEK ? WEEK : 0xffff_fffe);
  });

  it("are all where nobody is asked, of older versions too", () => {
    const harness = new CoreHarness();
    const old = { protocolVersion: 4, cleanStart: false, userName: "ann" } as const;
    harness.connect("c", old).cut();
    harness.advance(WEEK * 1_000 - 1);
    expect(harness.core.sessions.get("c")).toBeDefined();
    harness.advance(1);
    expect(harness.core.sessions.get("c")).toBeUndefined();
  });

  it("get longer where the option or a handler says so", () => {
    const longer = new CoreHarness({ anonymousSessionExpiryMaxSeconds: 0xffff_ffff });
    longer.connect("c", FOREVER);
    expect(longer.core.sessions.get("c")?.expiryIntervalSeconds).toBe(0xffff_ffff);
    const granted = new CoreHarness(
      {},
      {
        validatingConnection: (args) => {
          args.grantedSessionExpiryIntervalSeconds = WEEK * 2;
          return undefined;
        },
      },
    );
    granted.connect("c", FOREVER);
    expect(granted.core.sessions.get("c")?.expiryIntervalSeconds).toBe(WEEK * 2);
  });
});

describe.each([
  ["version 5", 5, 1],
  ["version 5", 5, 0],
  ["version 3.1.1", 4, 1],
  ["version 3.1.1", 4, 2],
  ["version 3.1.1", 4, 0],
] as const)("a full store of retained messages, %s (%i), QoS %i", (_name, protocolVersion, qos) => {
  const fields = { protocolVersion, cleanStart: true } as const;

  function retained(peer: ScriptedPeer, topic: string, text = "x", packetIdentifier = 1): void {
    const identifier = qos === 0 ? {} : { packetIdentifier };
    peer.send(publishPacket(topic, text, { qos, retain: true, ...identifier }));
  }

  function full(options: Partial<CoreOptions> = {}): { harness: CoreHarness; p: ScriptedPeer } {
    const harness = new CoreHarness({ retainedMessagesMax: 2, ...options });
    const p = harness.connect("p", fields);
    retained(p, "a", "a", 1);
    retained(p, "b", "b", 2);
    p.receive();
    return { harness, p };
  }

  it("delivers to those who are there, retains nothing, and keeps the connection", () => {
    const { harness, p } = full();
    const s = harness.connect("s");
    subscribe(s, "c");
    retained(p, "c", "live", 3);
    expect(s.receive()).toMatchObject([{ type: "publish", topic: "c", retain: false }]);
    expect(p.isClosed).toBe(false);
    expect(harness.core.retained.count).toBe(2);
    expect(harness.core.statistics.messagesNotRetained).toBe(1);
    const [answer] = p.receive();
    if (qos === 0) expect(answer).toBeUndefined();
    else expect(answer).toMatchObject({ reasonCode: 0 });
    const reasonString =
      "delivered, but not retained: all clients may have 2 messages and 1073741824 bytes";
    if (qos > 0 && protocolVersion === 5)
      expect(answer).toMatchObject({ properties: { reasonString } });
  });

  it("takes another message in place of one, and removes what is no longer true", () => {
    const { harness, p } = full({ retainedBytesMax: 20 });
    retained(p, "a", "a2", 3);
    expect(harness.core.retained.count).toBe(2);
    retained(p, "a", "a".repeat(50), 4);
    expect(harness.core.retained.count).toBe(1);
    const s = harness.connect("s");
    subscribe(s, "#");
    expect(s.receive()).toMatchObject([{ topic: "b" }]);
  });

  it("is warned of once a minute", () => {
    const { harness, p } = full();
    for (let index = 0; index < 9; index += 1) retained(p, `more ${index}`, "x", 10 + index);
    expect(harness.warnings).toMatchObject([{ clientId: "p", messages: 2 }]);
    harness.advance(60_000);
    retained(p, "more", "x", 30);
    expect(harness.warnings).toHaveLength(2);
  });
});

describe("the share of one publisher in the store of retained messages", () => {
  function retain(peer: ScriptedPeer, topics: readonly string[], text = "x"): void {
    for (const topic of topics) peer.send(publishPacket(topic, text, { retain: true }));
  }

  function topics(harness: CoreHarness): string[] {
    const { retained } = harness.core;
    return Array.from(retained.rows(), (row) => retained.message(row).topic).toSorted();
  }

  it("is a half for each user, whatever Client Identifiers it takes; others have room", () => {
    const harness = new CoreHarness({ retainedMessagesMax: 8 }, ASKING);
    for (const clientId of ["m1", "m2", "m3"])
      retain(harness.connect(clientId, { userName: "mallory" }), [
        `${clientId}/1`,
        `${clientId}/2`,
      ]);
    expect(topics(harness)).toEqual(["m1/1", "m1/2", "m2/1", "m2/2"]);
    retain(harness.connect("ann", { userName: "ann" }), ["a/1", "a/2", "a/3"]);
    expect(topics(harness)).toHaveLength(7);
  });

  it("is freed by what is removed, replaced by others, or has expired", () => {
    const harness = new CoreHarness({ retainedMessagesMax: 8 }, ASKING);
    const mallory = harness.connect("m", { userName: "mallory" });
    const ann = harness.connect("a", { userName: "ann" });
    retain(mallory, ["1", "2", "3", "4", "5"]);
    retain(mallory, ["1"], "");
    retain(ann, ["2"]);
    retain(mallory, ["6", "7", "8"]);
    expect(topics(harness)).toEqual(["2", "3", "4", "6", "7"]);
    harness.core.clear();
    expect(harness.core.retained.shares.size).toBe(0);
    mallory.send(
      publishPacket("e", "x", { retain: true, properties: { messageExpiryIntervalSeconds: 1 } }),
    );
    expect(harness.core.retained.shares.size).toBe(1);
    harness.advance(1_000);
    expect(harness.core.retained.shares.size).toBe(0);
  });

  it("counts bytes too", () => {
    const harness = new CoreHarness({ retainedBytesMax: 1_000 }, ASKING);
    const mallory = harness.connect("m", { userName: "mallory" });
    retain(mallory, ["1", "2", "3"], "x".repeat(200));
    expect(topics(harness)).toEqual(["1", "2"]);
    retain(mallory, ["2"], "x".repeat(220));
    expect(topics(harness)).toEqual(["1", "2"]);
  });

  it("is that of the address where nobody has said who it is", () => {
    const harness = new CoreHarness({ retainedMessagesMax: 4 });
    const from = (remoteAddress: string, clientId: string): ScriptedPeer => {
      const peer = harness.open(5, { remoteAddress });
      peer.send({
        type: "connect",
        protocolVersion: 5,
        clientId,
        cleanStart: true,
        keepAliveSeconds: 0,
      });
      peer.receive();
      return peer;
    };
    for (const clientId of ["1", "2"]) retain(from("10.0.0.1", clientId), ["a", "b", "c"]);
    retain(from("10.0.0.2", "3"), ["d"]);
    expect(topics(harness)).toEqual(["a", "b", "d"]);
  });

  it.each([
    ["10.0.0.1", "10.0.0.1"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::6", "2001:db8:1:2::/64"],
    ["2001:db8::6", "2001:db8:0:0::/64"],
    ["1::2:3:4:5:6:7", "1:0:2:3::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ])("is that of the whole network, where a stranger has one: %s", (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it("is no concern of the program's own messages, which are told what became of them", () => {
    const harness = new CoreHarness({ retainedMessagesMax: 2 });
    for (const topic of ["a", "b"])
      harness.inject({ topic, retain: true, payload: new Uint8Array(1) });
    expect(topics(harness)).toEqual(["a", "b"]);
    const s = harness.connect("s");
    subscribe(s, "c");
    const published = harness.inject({ topic: "c", retain: true, payload: new Uint8Array(1) });
    expect(published).toMatchObject({ reasonCode: 0x97, queued: 1, isRetained: false });
    expect(s.receive()).toHaveLength(1);
  });

  it("in the store: what is no longer true is struck out there, too", () => {
    const server = new DurableServer({ retainedMessagesMax: 1 });
    const p = server.harness.connect("p");
    p.send(publishPacket("a", "x", { qos: 1, packetIdentifier: 1, retain: true }));
    const small = { retainedBytesMax: 30 };
    expect(server.crash().core.retained.count).toBe(1);
    Object.assign(server.harness.core.options, small);
    const q = server.harness.connect("q");
    q.send(publishPacket("a", "x".repeat(90), { qos: 1, packetIdentifier: 1, retain: true }));
    expect(server.crash().core.retained.count).toBe(0);
  });
});
