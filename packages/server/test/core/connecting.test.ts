import { describe, expect, it } from "vitest";
import {
  connectPacket,
  CoreHarness,
  lasting,
  Later,
  publishPacket,
} from "../support/core-harness.ts";
import type { CoreOptions } from "../../src/core/core-options.ts";

describe("the first packet", () => {
  it("[MQTT-3.1.0-1] must be CONNECT: anything else closes the connection without an answer", () => {
    const harness = new CoreHarness();
    for (const version of [4, 5] as const) {
      const peer = harness.open(version);
      peer.send({ type: "pingreq" });
      expect(peer.receive()).toEqual([]);
      expect(peer.isClosed).toBe(true);
    }
    expect(harness.core.statistics.protocolErrors).toBe(2);
  });

  it("must have come after connectTimeoutMs", () => {
    const harness = new CoreHarness({ connectTimeoutMs: 5_000 });
    const peer = harness.open();
    harness.advance(4_999);
    expect(peer.isClosed).toBe(false);
    harness.advance(1);
    expect(peer.isClosed).toBe(true);
    expect(harness.core.deadlines.size).toBe(0);
  });

  it("may come byte by byte", () => {
    const harness = new CoreHarness();
    const peer = harness.open();
    const bytes = peer.encode(connectPacket({ clientId: "slow" }));
    peer.sendInChunks(
      bytes,
      Array.from(bytes, () => 1),
    );
    expect(peer.receiveOne("connack").reasonCode).toBe(0);
  });

  it.each([
    ["0 of MQTT", "10 0d 0004 4d515454 00 02 003c 0001 61"],
    ["3 of MQTT", "10 0d 0004 4d515454 03 02 003c 0001 61"],
    ["6 of MQTT, as 5.0 is written", "10 0e 0004 4d515454 06 02 003c 00 0001 61"],
    ["133 of MQTT", "10 0e 0004 4d515454 85 02 003c 00 0001 61"],
    ["255 of MQTT", "10 0d 0004 4d515454 ff 02 003c 0001 61"],
    ["5 of MQIsdp", "10 0f 0006 4d5149736470 05 02 003c 0001 61"],
  ])("[MQTT-3.1.2-2] of Protocol Version %s is refused by Return Code 1", (_name, connect) => {
    const harness = new CoreHarness();
    const peer = harness.open();
    peer.send(connect.replaceAll(" ", ""));
    expect(Buffer.concat(peer.wire.arrived).toString("hex")).toBe("20020001");
    expect(peer.isClosed).toBe(true);
  });

  it("and what follows may have bits set that MQTT 3.1 does not use", () => {
    const harness = new CoreHarness();
    const peer = harness.open(3);
    peer.send("1f0f00064d51497364700303003c000161");
    expect(peer.receiveOne("connack").reasonCode).toBe(0);
    peer.send("8b0600010001" + "74" + "fd");
    expect(peer.receiveOne("suback").reasonCodes).toEqual([1]);
    peer.send("3a05000174" + "0007", "3805000174" + "6869", "c600");
    expect(peer.receive().map(({ type }) => type)).toEqual([
      "publish",
      "puback",
      "publish",
      "pingresp",
    ]);
    peer.send("4f020001", "ef00");
    expect(peer.isClosed).toBe(true);
    expect(harness.core.statistics.protocolErrors).toBe(0);
  });

  it("is refused when it is larger than connectSizeMax", () => {
    const harness = new CoreHarness({ connectSizeMax: 100 });
    const peer = harness.connecting("c", { userName: "u".repeat(200) });
    expect(peer.isClosed).toBe(true);
    expect(harness.core.sessions.size).toBe(0);
  });
});

describe("CONNACK", () => {
  it("[MQTT-3.1.4-5] [MQTT-3.2.0-1] answers with Reason Code 0 in every version", () => {
    const harness = new CoreHarness();
    for (const protocolVersion of [3, 4, 5] as const) {
      const clientId = `c${protocolVersion}`;
      const { connack } = harness.connectWith(clientId, { protocolVersion });
      expect(connack).toMatchObject({ reasonCode: 0, sessionPresent: false });
    }
  });

  it("states of its limits only those that its absence would not", () => {
    const stated = (options: Partial<CoreOptions>) =>
      new CoreHarness(options).connectWith("c").connack.properties;
    expect(Object.keys(stated({}) ?? {})).toEqual(["topicAliasMaximum", "maximumPacketSize"]);
    expect(stated({ topicAliasMaximum: 0, maximumPacketSize: 268_435_460 })).toBe(undefined);
    expect(stated({ receiveMaximum: 65_534 })).toMatchObject({ receiveMaximum: 65_534 });
  });

  it("[MQTT-3.2.2-16] tells a client without identifier the one it was given", () => {
    const harness = new CoreHarness();
    const { connack } = harness.connectWith("");
    expect(connack.properties?.assignedClientId).toBe("assigned-1");
    expect(harness.core.sessions.get("assigned-1")).toBeDefined();
  });

  it("[MQTT-3.1.3-8] refuses an empty identifier of 3.1.1 without Clean Session with code 2", () => {
    const harness = new CoreHarness();
    const peer = harness.connecting("", { protocolVersion: 4, cleanStart: false });
    expect(peer.receiveOne("connack").reasonCode).toBe(0x85);
    expect(peer.isClosed).toBe(true);
  });

  it("[MQTT-3.2.2-21] tells the Keep Alive that the server demands", () => {
    const harness = new CoreHarness({ keepAliveMaxSeconds: 60 });
    const long = harness.connectWith("long", { keepAliveSeconds: 600 });
    const none = harness.connectWith("none", { keepAliveSeconds: 0 });
    const short = harness.connectWith("short", { keepAliveSeconds: 30 });
    expect(long.connack.properties?.serverKeepAliveSeconds).toBe(60);
    expect(none.connack.properties?.serverKeepAliveSeconds).toBe(60);
    expect(short.connack.properties?.serverKeepAliveSeconds).toBeUndefined();
  });

  it("tells which Session Expiry Interval was granted if it is not the one asked for", () => {
    const harness = new CoreHarness({ sessionExpiryMaxSeconds: 100 });
    const { connack } = harness.connectWith("c", lasting(200));
    expect(connack.properties?.sessionExpiryIntervalSeconds).toBe(100);
    expect(harness.core.sessions.get("c")?.expiryIntervalSeconds).toBe(100);
  });

  it("[MQTT-3.2.2-19] leaves out what would make it larger than the client takes", () => {
    const hooks = {
      validatingConnection: (args: { reasonCode: number; reasonString?: string }) => {
        args.reasonCode = 0x87;
        args.reasonString = "r".repeat(500);
        return undefined;
      },
    };
    const harness = new CoreHarness({}, hooks);
    const peer = harness.connecting("c", { properties: { maximumPacketSize: 100 } });
    const connack = peer.receiveOne("connack");
    expect(connack.reasonCode).toBe(0x87);
    expect(connack.properties?.reasonString).toBeUndefined();
  });

  it("refuses one session more than sessionsMax, but not the return to a session", () => {
    const harness = new CoreHarness({ sessionsMax: 1 });
    harness.connect("first", lasting());
    expect(harness.connecting("second").receiveOne("connack").reasonCode).toBe(0x97);
    harness.connect("first", lasting());
  });
});

describe("after CONNACK", () => {
  it("[MQTT-3.1.0-2] a second CONNECT is a Protocol Error", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("c");
    peer.send(connectPacket({ clientId: "c" }));
    expect(peer.receiveOne("disconnect").reasonCode).toBe(0x82);
    expect(peer.isClosed).toBe(true);
  });

  it("a second CONNECT does not change who the first was, even if packets are intercepted", () => {
    const gone: string[] = [];
    const harness = new CoreHarness(
      {},
      {
        interceptingInboundPacket: () => undefined,
        clientDisconnected: ({ clientId }) => {
          gone.push(clientId);
          return undefined;
        },
      },
    );
    const peer = harness.connect("c");
    peer.send(connectPacket({ clientId: "other", protocolVersion: 4 }));
    expect(peer.receiveOne("disconnect").reasonCode).toBe(0x82);
    expect(gone).toEqual(["c"]);
  });

  it("packets that came in one chunk with CONNECT are handled after it", () => {
    const harness = new CoreHarness();
    const subscriber = harness.connect("s");
    subscriber.send({
      type: "subscribe",
      packetIdentifier: 1,
      subscriptions: [
        { topicFilter: "a", qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
    });
    subscriber.receive();
    const peer = harness.open();
    peer.send(connectPacket({ clientId: "p" }), publishPacket("a", "early"), { type: "pingreq" });
    expect(peer.receive().map(({ type }) => type)).toEqual(["connack", "pingresp"]);
    expect(subscriber.receiveTexts()).toEqual(["early"]);
  });

  it("[MQTT-3.12.4-1] PINGREQ is answered by PINGRESP", () => {
    const peer = new CoreHarness().connect("c", { protocolVersion: 4 });
    peer.send({ type: "pingreq" }, { type: "pingreq" });
    expect(peer.receive()).toEqual([{ type: "pingresp" }, { type: "pingresp" }]);
  });

  it("what only servers send is a Protocol Error", () => {
    const harness = new CoreHarness();
    for (const bytes of ["d000", "20020000", "90030001 00".replace(" ", "")]) {
      const peer = harness.connect("c", { protocolVersion: 4 });
      peer.send(bytes);
      expect(peer.isClosed).toBe(true);
    }
    expect(harness.core.statistics.protocolErrors).toBe(3);
  });
});

describe("a client that waits to be let in", () => {
  it("is seen to go: it is read until it sends more", () => {
    const later = new Later();
    let isAwaited: (() => boolean) | undefined;
    const harness = new CoreHarness(
      {},
      {
        validatingConnection: (event) => {
          ({ isAwaited } = event);
          return later;
        },
      },
    );
    const peer = harness.connecting("c");
    expect(peer.wire.isPaused).toBe(false);
    expect(isAwaited?.()).toBe(true);
    harness.core.ended(peer.connection);
    expect(isAwaited?.()).toBe(false);

    const talkative = harness.connecting("d");
    talkative.send({ type: "pingreq" });
    expect(talkative.wire.isPaused).toBe(true);
    later.settle();
    harness.settle();
    expect(talkative.receive().map(({ type }) => type)).toEqual(["connack", "pingresp"]);
  });
});
