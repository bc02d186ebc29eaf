import { describe, expect, it } from "vitest";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import {
  acknowledgement,
  lasting,
  Later,
  publishPacket,
  subscribe,
} from "../support/core-harness.ts";
import { DurableServer } from "../support/durable-server.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

const text = (payload: Uint8Array): string => new TextDecoder().decode(payload);

/** A durable subscriber "s" of "t" and a publisher "p". */
function subscribed(server: DurableServer, qos: 1 | 2 = 2): void {
  const s = server.harness.connect("s", lasting());
  subscribe(s, { topicFilter: "t", qos });
}

describe("an acknowledgement waits for its commit", () => {
  it("PUBACK of a message for a durable session leaves when the message is stored", () => {
    const server = new DurableServer();
    subscribed(server);
    const p = server.harness.connect("p");
    server.isCommitting = false;
    p.send(publishPacket("t", "1", { qos: 1, packetIdentifier: 7 }));
    expect(p.receive()).toEqual([]);
    server.commit();
    expect(p.receive()).toMatchObject([{ type: "puback", packetIdentifier: 7 }]);
  });

  it("PUBACK of a message that only sessions without a future get leaves at once", () => {
    const server = new DurableServer();
    const s = server.harness.connect("s");
    subscribe(s, "t");
    const p = server.harness.connect("p");
    server.isCommitting = false;
    p.send(publishPacket("t", "1", { qos: 1, packetIdentifier: 7 }));
    expect(p.receive()).toHaveLength(1);
    expect(s.receive()).toHaveLength(1);
  });

  it("a PUBLISH to a durable session waits, QoS 0 does not", () => {
    const server = new DurableServer();
    const s = server.harness.connect("s", lasting());
    subscribe(s, { topicFilter: "t", qos: 2 });
    const p = server.harness.connect("p");
    server.isCommitting = false;
    p.send(publishPacket("t", "1", { qos: 1, packetIdentifier: 7 }), publishPacket("t", "0"));
    expect(s.receive()).toMatchObject([{ type: "publish", qos: 0 }]);
    server.commit();
    expect(s.receive()).toMatchObject([{ type: "publish", qos: 1 }]);
  });

  it("[MQTT-4.6.0-2] acknowledgements keep their order though only the first depends on a commit", () => {
    const server = new DurableServer();
    subscribed(server);
    const p = server.harness.connect("p");
    server.isCommitting = false;
    p.send(
      publishPacket("t", "1", { qos: 1, packetIdentifier: 1 }),
      publishPacket("u", "2", { qos: 1, packetIdentifier: 2 }),
    );
    expect(p.receive()).toEqual([]);
    server.commit();
    expect(p.receive()).toMatchObject([{ packetIdentifier: 1 }, { packetIdentifier: 2 }]);
  });

  it("CONNACK and SUBACK of a durable session wait, those of others do not", () => {
    const server = new DurableServer();
    server.isCommitting = false;
    const s = server.harness.connecting("s", lasting());
    expect(s.receive()).toEqual([]);
    expect(server.harness.connecting("e").receive()).toHaveLength(1);
    server.commit();
    expect(s.receive()).toMatchObject([{ type: "connack" }]);
  });
});

describe("packets that an interceptor holds up", () => {
  /** A server with an outbound interceptor that answers when `release` is called. */
  function interceptedServer(): { server: DurableServer; release: () => void } {
    let held: Later[] = [];
    const hooks: Hooks = {};
    const server = new DurableServer({}, {}, hooks);
    subscribed(server);
    hooks.interceptingOutboundPacket = () => {
      const later = new Later();
      held.push(later);
      return later;
    };
    const release = (): void => {
      while (held.length > 0) {
        const now = held;
        held = [];
        for (const later of now) later.settle();
      }
      server.harness.settle();
    };
    return { server, release };
  }

  it("an acknowledgement leaves though its position was committed meanwhile", () => {
    const { server, release } = interceptedServer();
    const p = server.harness.connecting("p");
    release();
    p.receive();
    p.send(publishPacket("t", "1", { qos: 1, packetIdentifier: 7 }));
    server.commit();
    release();
    expect(p.receive()).toMatchObject([{ type: "puback", packetIdentifier: 7 }]);
  });

  it("an acknowledgement waits for a commit that comes after the interceptor", () => {
    const { server, release } = interceptedServer();
    const p = server.harness.connecting("p");
    release();
    p.receive();
    server.isCommitting = false;
    p.send(publishPacket("t", "1", { qos: 1, packetIdentifier: 7 }));
    release();
    expect(p.receive()).toEqual([]);
    server.commit();
    expect(p.receive()).toMatchObject([{ type: "puback", packetIdentifier: 7 }]);
  });
});

describe("after a crash", () => {
  it("a queued message is delivered, in order, to the session that was subscribed", () => {
    const server = new DurableServer();
    const s = server.harness.connect("s", lasting());
    subscribe(s, "t");
    s.cut();
    const p = server.harness.connect("p");
    for (const one of ["1", "2", "3"])
      p.send(publishPacket("t", one, { qos: 1, packetIdentifier: Number(one) }));
    const { peer, connack } = server.crash().connectWith("s", lasting());
    expect(connack.sessionPresent).toBe(true);
    expect(
      peer.receive().map((packet) => packet.type === "publish" && text(packet.payload)),
    ).toEqual(["1", "2", "3"]);
  });

  it.each([4, 5] as const)("what is read from the store comes whole, version %i", (version) => {
    const server = new DurableServer({}, { residentBytesMax: 0 });
    const s = server.harness.connect("s", lasting());
    subscribe(s, "plants/#");
    s.cut();
    const p = server.harness.connect("p");
    const payloads = [10, 1_000, 5_000, 100_000].map((size) => "x".repeat(size));
    for (const [index, payload] of payloads.entries())
      p.send(publishPacket(`plants/${index}`, payload, { qos: 1, packetIdentifier: index + 1 }));
    server.commit();
    const resumed = server.harness.connect("s", { ...lasting(), protocolVersion: version });
    const got = resumed.receive().map((packet) => {
      if (packet.type !== "publish") return packet.type;
      return [packet.topic, text(packet.payload)];
    });
    expect(got).toEqual(payloads.map((payload, index) => [`plants/${index}`, payload]));
  });

  it("[MQTT-4.4.0-1] an unacknowledged PUBLISH comes again under its identifier, with DUP", () => {
    const server = new DurableServer();
    subscribed(server, 1);
    const p = server.harness.connect("p");
    p.send(publishPacket("t", "1", { qos: 1, packetIdentifier: 7 }));
    const s = server.crash().connect("s", lasting());
    expect(s.receive()).toMatchObject([{ type: "publish", packetIdentifier: 1, duplicate: true }]);
    s.send(acknowledgement("puback", 1));
    const again = server.crash().connect("s", lasting());
    expect(again.receive()).toEqual([]);
  });

  it("[MQTT-4.3.3-6] after PUBREC only PUBREL is sent again", () => {
    const server = new DurableServer();
    const s = server.harness.connect("s", lasting());
    subscribe(s, "t");
    const p = server.harness.connect("p");
    p.send(publishPacket("t", "1", { qos: 2, packetIdentifier: 7 }));
    expect(s.receive()).toMatchObject([{ type: "publish", packetIdentifier: 1 }]);
    s.send(acknowledgement("pubrec", 1));
    const again = server.crash().connect("s", lasting());
    expect(again.receive()).toMatchObject([{ type: "pubrel", packetIdentifier: 1 }]);
    again.send(acknowledgement("pubcomp", 1));
    expect(server.crash().connect("s", lasting()).receive()).toEqual([]);
  });

  it("[MQTT-4.3.3-10] a QoS 2 PUBLISH that was taken is not delivered twice", () => {
    const server = new DurableServer();
    const p = server.harness.connect("p", lasting());
    subscribed(server);
    p.send(publishPacket("t", "1", { qos: 2, packetIdentifier: 7 }));
    const harness = server.crash();
    const again = harness.connect("p", lasting());
    again.send(publishPacket("t", "1", { qos: 2, packetIdentifier: 7, duplicate: true }));
    expect(again.receive()).toMatchObject([{ type: "pubrec", packetIdentifier: 7 }]);
    const s = harness.connect("s", lasting());
    expect(s.receive().filter((packet) => packet.type === "publish")).toHaveLength(1);
  });

  it("retained messages and their removal are as they were", () => {
    const server = new DurableServer();
    const p = server.harness.connect("p");
    p.send(publishPacket("a", "1", { qos: 1, packetIdentifier: 1, retain: true }));
    p.send(publishPacket("b", "2", { qos: 1, packetIdentifier: 2, retain: true }));
    p.send(publishPacket("a", "", { qos: 1, packetIdentifier: 3, retain: true }));
    const s = server.crash().connect("s");
    subscribe(s, "#");
    expect(s.receive()).toMatchObject([{ topic: "b", retain: true }]);
  });

  it("a session that expired while the server was down is gone", () => {
    const server = new DurableServer();
    server.harness.connect("s", lasting(10)).cut();
    expect(server.crash(11_000).connectWith("s", lasting()).connack.sessionPresent).toBe(false);
  });

  it("the Will of a connection that the crash has cut is published", () => {
    const server = new DurableServer();
    subscribed(server);
    const will = { topic: "t", payload: new Uint8Array([49]), qos: 1, retain: false } as const;
    server.harness.connect("w", { ...lasting(), will });
    const s = server.crash().connect("s", lasting());
    expect(s.receive()).toMatchObject([{ type: "publish", topic: "t" }]);
  });

  describe("the Will of a client whose session ends with its connection", () => {
    const will = { topic: "t", payload: new Uint8Array([49]), qos: 1, retain: false } as const;
    const wills = (server: DurableServer): number =>
      server.crash().connect("s", lasting()).receiveTexts().length;

    it("is published, once", () => {
      const server = new DurableServer();
      subscribed(server);
      server.harness.connect("w", { will });
      const s = server.crash().connect("s", lasting());
      expect(s.receiveTexts()).toEqual(["1"]);
      s.send(acknowledgement("puback", 1));
      expect(wills(server)).toBe(0);
    });

    it("is published if it was given up by a checkpoint before", () => {
      const server = new DurableServer();
      subscribed(server);
      server.harness.connect("w", { will });
      server.checkpoint();
      expect(wills(server)).toBe(1);
    });

    it("is not published after DISCONNECT, nor a second time if it was before", () => {
      const server = new DurableServer();
      subscribed(server);
      server.harness.connect("w", { will }).send({ type: "disconnect", reasonCode: 0 });
      expect(wills(server)).toBe(0);
      server.harness.connect("w", { will }).cut();
      expect(wills(server)).toBe(1);
    });

    it("is that of its last connection where it came again", () => {
      const server = new DurableServer();
      subscribed(server);
      server.harness.connect("w", { will }).send({ type: "disconnect", reasonCode: 0 });
      server.harness.connect("w", { will: { ...will, payload: new Uint8Array([50]) } });
      const s = server.crash().connect("s", lasting());
      expect(s.receiveTexts()).toEqual(["2"]);
    });

    it("lets its client in only when it is stored", () => {
      const server = new DurableServer();
      server.isCommitting = false;
      const peer = server.harness.connecting("w", { will });
      expect(peer.receive()).toEqual([]);
      server.commit();
      server.harness.settle();
      expect(peer.receive()).toMatchObject([{ type: "connack", reasonCode: 0 }]);
    });

    it("is lost with storeWills false", () => {
      const server = new DurableServer({ storeWills: false });
      subscribed(server);
      server.harness.connect("w", { will });
      expect(wills(server)).toBe(0);
    });
  });

  it("what was not committed is gone, and nobody was told otherwise", () => {
    const server = new DurableServer();
    subscribed(server);
    const p = server.harness.connect("p");
    server.isCommitting = false;
    p.send(publishPacket("t", "1", { qos: 1, packetIdentifier: 7 }));
    expect(p.receive()).toEqual([]);
    server.isCommitting = true;
    expect(server.crash().connect("s", lasting()).receive()).toEqual([]);
  });
});

describe("messages that let go of their bytes", () => {
  it("stay retained when nobody is owed them any more and their batch is gone", () => {
    const server = new DurableServer({}, { residentBytesMax: 0 });
    subscribed(server, 1);
    const p = server.harness.connect("p");
    p.send(publishPacket("t", "kept", { qos: 1, packetIdentifier: 1, retain: true }));
    let s = server.crash().connect("s", lasting());
    s.send(acknowledgement("puback", 1));
    server.checkpoint();
    expect(server.journalBytes).toBe(0);
    for (const clientId of ["r1", "r2"]) {
      s = server.harness.connect(clientId);
      subscribe(s, "t");
      expect(s.receiveTexts()).toEqual(["kept"]);
    }
  });

  it("stay retained without a crash between", () => {
    const server = new DurableServer({}, { residentBytesMax: 0 });
    const s = server.harness.connect("s", lasting());
    subscribe(s, { topicFilter: "t", qos: 1 });
    const p = server.harness.connect("p");
    p.send(publishPacket("t", "kept", { qos: 1, packetIdentifier: 1, retain: true }));
    s.send(acknowledgement("puback", 1));
    server.checkpoint();
    const late = server.harness.connect("late");
    subscribe(late, "t");
    expect(late.receiveTexts()).toEqual(["kept"]);
  });
});

describe("a checkpoint", () => {
  it("changes nothing that a crash would show, and gives the journal's space back", () => {
    const server = new DurableServer({ inFlightDefault: 50 });
    const subscriber = server.harness.connect("s", lasting());
    subscribe(subscriber, "t");
    subscriber.cut();
    const p = server.harness.connect("p");
    for (let one = 1; one <= 50; one += 1)
      p.send(publishPacket("t", String(one), { qos: 1, packetIdentifier: one }));
    server.checkpoint();
    let s = server.crash().connect("s", lasting());
    expect(s.receive()).toHaveLength(50);
    for (let one = 1; one <= 50; one += 1) s.send(acknowledgement("puback", one));
    server.checkpoint();
    expect(server.journalBytes).toBe(0);
    s = server.crash().connect("s", lasting());
    expect(s.receive()).toEqual([]);
  });
});

describe("a retained message that is also queued", () => {
  /** Retained, delivered from a queue that lives on disk, and then in nobody's debt any more. */
  function delivered(): DurableServer {
    const server = new DurableServer({}, { residentBytesMax: 0 });
    const away = server.harness.connect("s", lasting());
    subscribe(away, "t");
    away.cut();
    const p = server.harness.connect("p");
    p.send(publishPacket("t", "kept", { qos: 1, packetIdentifier: 1, retain: true }));
    const s = server.harness.connect("s", lasting());
    s.send(acknowledgement("puback", 1));
    server.checkpoint();
    expect(server.journalBytes).toBe(0);
    return server;
  }

  it("is there when its batch is gone", () => {
    const server = delivered();
    const n = server.harness.connect("n");
    subscribe(n, "t");
    expect(n.receive()).toMatchObject([{ topic: "t", retain: true }]);
  });

  it("is there after a crash, when its batch goes after that", () => {
    const server = new DurableServer({}, { residentBytesMax: 0 });
    const away = server.harness.connect("s", lasting());
    subscribe(away, "t");
    away.cut();
    const p = server.harness.connect("p");
    p.send(publishPacket("t", "kept", { qos: 1, packetIdentifier: 1, retain: true }));
    const s = server.crash().connect("s", lasting());
    s.send(acknowledgement("puback", 1));
    server.checkpoint();
    expect(server.journalBytes).toBe(0);
    const n = server.harness.connect("n");
    subscribe(n, "t");
    expect(n.receive()).toMatchObject([{ topic: "t", retain: true }]);
  });
});

describe("a message that sessions of both kinds are owed", () => {
  /** "d" is away and its session lasts; "e" takes one message at a time and its session ends with its connection. */
  function publishedToBoth(): { server: DurableServer; e: ScriptedPeer } {
    const server = new DurableServer({}, { residentBytesMax: 0 });
    const d = server.harness.connect("d", lasting());
    subscribe(d, "t");
    d.cut();
    const e = server.harness.connect("e", { properties: { receiveMaximum: 1 } });
    subscribe(e, "t");
    const p = server.harness.connect("p");
    for (const one of ["1", "2", "3"])
      p.send(publishPacket("t", one, { qos: 1, packetIdentifier: Number(one) }));
    expect(p.receive()).toHaveLength(3);
    return { server, e };
  }

  const texts = (peer: ScriptedPeer): unknown[] =>
    peer.receive().map((packet) => packet.type === "publish" && text(packet.payload));

  it("stays for the one whose session lasts when the other ends", () => {
    const { server, e } = publishedToBoth();
    e.cut();
    server.checkpoint();
    expect(texts(server.harness.connect("d", lasting()))).toEqual(["1", "2", "3"]);
    expect(texts(server.crash().connect("d", lasting()))).toEqual(["1", "2", "3"]);
  });

  it("comes to the one whose session does not last after the other has it", () => {
    const { server, e } = publishedToBoth();
    const d = server.harness.connect("d", lasting());
    for (const packet of d.receive())
      if (packet.type === "publish")
        d.send(acknowledgement("puback", packet.packetIdentifier ?? 0));
    server.checkpoint();
    const got: unknown[] = [];
    for (let round = 0; round < 3; round += 1) {
      got.push(...texts(e));
      e.send(acknowledgement("puback", round + 1));
    }
    expect(got).toEqual(["1", "2", "3"]);
  });
});
