import { describe, expect, it } from "vitest";
import type { Packet } from "@anax/protocol";
import type { HookArguments } from "../../src/core/hooks/hooks.ts";
import {
  acknowledgement,
  CoreHarness,
  lasting,
  publishPacket,
  subscribe,
  subscribePacket,
} from "../support/core-harness.ts";
import { textOf } from "../support/scripted-peer.ts";
import { Waiting } from "../support/waiting.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("interceptingPublish that waits", () => {
  it("keeps the publisher's packets in order, and lets others go on", () => {
    const waiting = new Waiting();
    const harness = new CoreHarness(
      {},
      {
        interceptingPublish: ({ clientId }) => (clientId === "slow" ? waiting.next() : undefined),
      },
    );
    const watcher = harness.connect("s");
    subscribe(watcher, "#");
    const slow = harness.connect("slow");
    const quick = harness.connect("quick");
    slow.send(
      publishPacket("a", "1", { qos: 1, packetIdentifier: 1 }),
      publishPacket("a", "2"),
      subscribePacket("b"),
    );
    quick.send(publishPacket("a", "other"));
    expect(watcher.receiveTexts()).toEqual(["other"]);
    expect(slow.receive()).toEqual([]);
    waiting.settle(harness, 0);
    expect(watcher.receiveTexts()).toEqual(["1"]);
    expect(slow.receiveOne("puback").packetIdentifier).toBe(1);
    waiting.settle(harness, 1);
    expect(watcher.receiveTexts()).toEqual(["2"]);
    slow.receiveOne("suback");
  });

  it("a connection that ends meanwhile gets no acknowledgement, and the message goes its way", () => {
    for (const end of ["cut", "take over"] as const) {
      const waiting = new Waiting();
      const harness = new CoreHarness({}, { interceptingPublish: () => waiting.next() });
      const watcher = harness.connect("s");
      subscribe(watcher, "#");
      const publisher = harness.connect("p", lasting());
      publisher.send(
        publishPacket("a", "1", { qos: 1, packetIdentifier: 1 }),
        publishPacket("a", "never"),
      );
      if (end === "cut") publisher.cut();
      else harness.connect("p", lasting());
      waiting.settle(harness, 0);
      expect(watcher.receiveTexts()).toEqual(["1"]);
      expect(waiting.calls).toHaveLength(1);
      expect(publisher.receive().map(({ type }) => type)).toEqual(
        end === "cut" ? [] : ["disconnect"],
      );
    }
  });

  it("a silent client that the server keeps waiting is not closed for that", () => {
    const waiting = new Waiting();
    const harness = new CoreHarness({}, { interceptingPublish: () => waiting.next() });
    const peer = harness.connect("p", { keepAliveSeconds: 1 });
    peer.send(publishPacket("a", "1"));
    harness.advance(10_000);
    expect(peer.isClosed).toBe(false);
    waiting.settle(harness, 0);
    harness.advance(3_000);
    expect(peer.isClosed).toBe(true);
  });

  it("a packet that breaks the protocol ends the connection once it is its turn", () => {
    const waiting = new Waiting();
    const harness = new CoreHarness({}, { interceptingPublish: () => waiting.next() });
    const watcher = harness.connect("s");
    subscribe(watcher, "#");
    const peer = harness.connect("p");
    peer.send(publishPacket("a", "1"), "0000");
    expect(peer.isClosed).toBe(false);
    waiting.settle(harness, 0);
    expect(watcher.receiveTexts()).toEqual(["1"]);
    expect(peer.receiveOne("disconnect").reasonCode).toBe(0x81);
  });
});

describe("interceptingPublish", () => {
  function publishing(decide: (args: HookArguments["interceptingPublish"]) => void): {
    answer: Packet[];
    texts: string[];
  } {
    const harness = new CoreHarness(
      {},
      {
        interceptingPublish: (args) => {
          decide(args);
          return undefined;
        },
      },
    );
    const watcher = harness.connect("s");
    subscribe(watcher, "#");
    const publisher = harness.connect("p");
    publisher.send(publishPacket("a", "text", { qos: 2, packetIdentifier: 1 }));
    return { answer: publisher.receive(), texts: watcher.receiveTexts() };
  }

  it("may replace the message", () => {
    const { answer, texts } = publishing((args) => {
      args.applicationMessage = { topic: "b", payload: bytesOf("other"), qos: 0, retain: false };
    });
    expect(texts).toEqual(["other"]);
    expect(answer).toMatchObject([{ type: "pubrec", reasonCode: 0 }]);
  });

  it("may refuse it with a code, a reason and user properties [MQTT-3.5.2-1]", () => {
    const { answer, texts } = publishing((args) => {
      args.processPublish = false;
      Object.assign(args.response, {
        reasonCode: 0x87,
        reasonString: "no",
        userProperties: [["k", "v"]],
      });
    });
    expect(texts).toEqual([]);
    const properties = { reasonString: "no", userProperties: [["k", "v"]] };
    expect(answer).toEqual([{ type: "pubrec", packetIdentifier: 1, reasonCode: 0x87, properties }]);
  });

  it("may drop it silently", () => {
    const { answer, texts } = publishing((args) => {
      args.applicationMessage = undefined;
    });
    expect(texts).toEqual([]);
    expect(answer).toMatchObject([{ type: "pubrec", reasonCode: 0 }]);
  });

  it("may end the connection", () => {
    const { answer, texts } = publishing((args) => {
      args.closeConnection = true;
      args.response.reasonCode = 0x99;
    });
    expect(texts).toEqual([]);
    expect(answer).toEqual([{ type: "disconnect", reasonCode: 0x99 }]);
  });
});

describe("interceptingClientEnqueue", () => {
  it("decides for each receiver, also where it waits", () => {
    const waiting = new Waiting();
    const harness = new CoreHarness(
      {},
      {
        interceptingClientEnqueue: (args) => {
          if (args.receiverClientId === "one") args.acceptEnqueue = false;
          return waiting.next();
        },
      },
    );
    const [one, two] = ["one", "two"].map((name) => harness.connect(name));
    for (const peer of [one, two]) peer?.send(subscribePacket("a"));
    const publisher = harness.connect("p");
    publisher.send(publishPacket("a", "x", { qos: 1, packetIdentifier: 1 }));
    waiting.settle(harness, 0);
    expect(publisher.receive()).toEqual([]);
    waiting.settle(harness, 1);
    expect(publisher.receiveOne("puback").reasonCode).toBe(0);
    expect(one?.receive().map(({ type }) => type)).toEqual(["suback"]);
    expect(two?.receive().map(({ type }) => type)).toEqual(["suback", "publish"]);
  });

  it("a receiver whose session ends meanwhile leaves nothing behind", () => {
    const waiting = new Waiting();
    const harness = new CoreHarness({}, { interceptingClientEnqueue: () => waiting.next() });
    const receiver = harness.connect("s");
    subscribe(receiver, "a");
    harness.connect("p").send(publishPacket("a", "x", { qos: 1, packetIdentifier: 1 }));
    receiver.cut();
    waiting.settle(harness, 0);
    expect(harness.core.statistics.queuedMessagesCurrent).toBe(0);
    expect(harness.core.statistics.queuedBytesCurrent).toBe(0);
  });

  it("may end the sender's connection", () => {
    const harness = new CoreHarness(
      {},
      {
        interceptingClientEnqueue: (args) => {
          args.closeSenderConnection = true;
          return undefined;
        },
      },
    );
    subscribe(harness.connect("s"), "a");
    const publisher = harness.connect("p");
    publisher.send(publishPacket("a", "x"));
    expect(publisher.receiveOne("disconnect").reasonCode).toBe(0x80);
  });

  it("is asked for retained messages too", () => {
    const harness = new CoreHarness(
      {},
      {
        interceptingClientEnqueue: (args) => {
          args.acceptEnqueue = args.applicationMessage.topic !== "secret";
          return undefined;
        },
      },
    );
    for (const topic of ["secret", "open"])
      harness.inject({ topic, retain: true, payload: bytesOf(topic) });
    const peer = harness.connect("s");
    subscribe(peer, "#");
    expect(peer.receiveTexts()).toEqual(["open"]);
  });
});

describe("interceptingSubscription that waits", () => {
  it("SUBACK has the codes in the order of the filters [MQTT-3.9.3-1]", () => {
    const waiting = new Waiting();
    const harness = new CoreHarness(
      {},
      {
        interceptingSubscription: (args) => {
          if (args.topicFilter.topicFilter === "b") args.response.reasonCode = 0x87;
          return waiting.next();
        },
      },
    );
    const peer = harness.connect("c");
    peer.send(
      subscribePacket("a", "b", { topicFilter: "c", qos: 1 }),
      publishPacket("x", "", { qos: 1, packetIdentifier: 1 }),
    );
    for (const index of [0, 1, 2]) {
      expect(peer.receive()).toEqual([]);
      waiting.settle(harness, index);
    }
    expect(peer.receive()).toMatchObject([
      { type: "suback", reasonCodes: [2, 0x87, 1] },
      { type: "puback" },
    ]);
    expect(harness.inject({ topic: "b" }).matched).toBe(0);
  });

  it("a session that ends meanwhile gets no subscription", () => {
    const waiting = new Waiting();
    const harness = new CoreHarness({}, { interceptingSubscription: () => waiting.next() });
    const peer = harness.connect("c");
    peer.send(subscribePacket("a"));
    peer.cut();
    waiting.settle(harness, 0);
    expect(harness.inject({ topic: "a" }).matched).toBe(0);
    expect(harness.core.statistics.subscriptionsCurrent).toBe(0);
  });
});

describe("validatingConnection that waits", () => {
  it("packets behind CONNECT wait, and the link may break meanwhile", () => {
    const waiting = new Waiting();
    const harness = new CoreHarness({}, { validatingConnection: () => waiting.next() });
    const peer = harness.connecting("c");
    peer.send({ type: "pingreq" });
    const gone = harness.connecting("gone");
    gone.cut();
    waiting.settle(harness, 1);
    expect(harness.core.sessions.size).toBe(0);
    waiting.settle(harness, 0);
    expect(peer.receive().map(({ type }) => type)).toEqual(["connack", "pingresp"]);
  });

  it("may take longer than CONNECT may", () => {
    const waiting = new Waiting();
    const harness = new CoreHarness(
      { connectTimeoutMs: 1_000 },
      { validatingConnection: () => waiting.next() },
    );
    const peer = harness.connecting("c");
    harness.advance(5_000);
    waiting.settle(harness, 0);
    expect(peer.receiveOne("connack").reasonCode).toBe(0);
  });

  it("of two connections with one Client Identifier the later one is left", () => {
    const waiting = new Waiting();
    const harness = new CoreHarness({}, { validatingConnection: () => waiting.next() });
    const peers = [harness.connecting("c"), harness.connecting("c")];
    waiting.settle(harness, 1);
    waiting.settle(harness, 0);
    expect(peers.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    expect(harness.core.sessions.size).toBe(1);
  });
});

describe("preparingSession", () => {
  it("fills a new session with subscriptions and messages", () => {
    const harness = new CoreHarness(
      {},
      {
        preparingSession: (args) => {
          args.subscriptions = [
            { topicFilter: "a", qos: 1 },
            { topicFilter: "not/#/valid", qos: 1 },
          ];
          args.messages = [{ topic: "kept", payload: bytesOf("kept"), qos: 1, retain: false }];
          return undefined;
        },
      },
    );
    const { peer, connack } = harness.connectWith("c", lasting());
    expect(connack.sessionPresent).toBe(true);
    harness.inject({ topic: "a", qos: 2, payload: bytesOf("live") });
    const publishes = peer.receivePublishes();
    expect(publishes.map(({ payload, qos }) => [textOf(payload), qos])).toEqual([
      ["kept", 1],
      ["live", 1],
    ]);
  });
});

describe("events that tell", () => {
  it("clientConnected, clientDisconnected and sessionDeleted come in this order, once each", () => {
    const seen: string[] = [];
    const tell = (event: string) => (): undefined => {
      seen.push(event);
      return undefined;
    };
    const harness = new CoreHarness(
      {},
      {
        clientConnected: tell("connected"),
        clientDisconnected: (args) => tell(`disconnected ${args.disconnectType}`)(),
        sessionDeleted: (args) => tell(`deleted ${args.cause}`)(),
      },
    );
    harness.connect("c").send({ type: "disconnect", reasonCode: 0 });
    expect(seen.splice(0).toSorted()).toEqual([
      "connected",
      "deleted disconnected",
      "disconnected clean",
    ]);
    harness.connect("c", lasting());
    harness.connect("c", lasting());
    expect(seen.splice(0)).toEqual(["connected", "disconnected takeover", "connected"]);
    harness.connect("c", lasting(5)).cut();
    harness.advance(5_000);
    expect(seen.splice(0)).toEqual([
      "disconnected takeover",
      "connected",
      "disconnected notClean",
      "deleted expired",
    ]);
  });

  it("clientAcknowledgedPublishPacket shows the message at the end of its exchange", () => {
    const seen: string[] = [];
    const harness = new CoreHarness(
      {},
      {
        clientAcknowledgedPublishPacket: ({ acknowledgePacket, applicationMessage }) => {
          seen.push(`${acknowledgePacket.type} ${textOf(applicationMessage.payload)}`);
          return undefined;
        },
      },
    );
    const peer = harness.connect("c");
    subscribe(peer, "a");
    const publisher = harness.connect("p");
    publisher.send(publishPacket("a", "warm"));
    peer.receive();
    publisher.send(publishPacket("a", "one", { qos: 1, packetIdentifier: 1 }));
    peer.send(acknowledgement("puback", peer.receiveOne("publish").packetIdentifier));
    publisher.send(publishPacket("a", "two", { qos: 2, packetIdentifier: 2 }));
    const { packetIdentifier } = peer.receiveOne("publish");
    peer.send(
      acknowledgement("pubrec", packetIdentifier),
      acknowledgement("pubcomp", packetIdentifier),
    );
    expect(seen).toEqual(["puback one", "pubcomp two"]);
  });

  it("retainedMessageChanged and applicationMessageNotConsumed", () => {
    const seen: unknown[] = [];
    const harness = new CoreHarness(
      {},
      {
        retainedMessageChanged: ({ topic, changedRetainedMessage }) => {
          seen.push([topic, changedRetainedMessage && textOf(changedRetainedMessage.payload)]);
          return undefined;
        },
        applicationMessageNotConsumed: ({ applicationMessage }) => {
          seen.push(`nobody took ${applicationMessage.topic}`);
          return undefined;
        },
      },
    );
    harness.inject({ topic: "a", retain: true, payload: bytesOf("1") });
    harness.inject({ topic: "a", retain: true });
    harness.inject({ topic: "a", retain: true });
    expect(seen).toEqual([
      ["a", "1"],
      "nobody took a",
      ["a", undefined],
      "nobody took a",
      "nobody took a",
    ]);
  });
});
