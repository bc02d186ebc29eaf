/**
 * Handlers of a PUBLISH that take their time: until they have answered nothing is acknowledged and nothing is stored, and a
 * repetition joins what the first copy began.
 */
import type { ConnectPacket, PublishPacket } from "@anax/protocol";
import { describe, expect, it } from "vitest";
import type { HookArguments, Hooks } from "../../src/core/hooks/hooks.ts";
import type { CoreHarness } from "../support/core-harness.ts";
import {
  acknowledgement,
  lasting,
  Later,
  publishPacket,
  subscribe,
} from "../support/core-harness.ts";
import { DurableServer } from "../support/durable-server.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";
import { textOf } from "../support/scripted-peer.ts";

type Asked = HookArguments["interceptingPublish"];
type Event = "interceptingPublish" | "interceptingClientEnqueue";

/** Handlers that answer when a test wants it, also those of a server that has died since. */
class Desk {
  readonly hooks: Hooks = {};
  /** Payloads of the messages that handlers were asked about, in order. */
  readonly asked: string[] = [];
  #waiting: { readonly event: Asked; readonly later: Later }[] = [];

  /** `event`: which handlers take their time. */
  constructor(event: Event = "interceptingPublish") {
    this.hooks[event] = (args: object) => this.#ask(args as Asked);
  }

  #ask(event: Asked): Later {
    const later = new Later();
    this.asked.push(textOf(event.applicationMessage?.payload ?? new Uint8Array(0)));
    this.#waiting.push({ event, later });
    return later;
  }

  /** The handler that has waited the longest answers. */
  answer(harness: CoreHarness, decide: (event: Asked) => void = () => undefined): void {
    const first = this.#waiting.shift();
    if (first === undefined) throw new Error("nothing was asked");
    decide(first.event);
    first.later.settle();
    harness.settle();
  }

  /** What waits was asked by a process that has died. */
  forget(): void {
    this.#waiting = [];
  }
}

const V4: Partial<ConnectPacket> = { protocolVersion: 4, cleanStart: false };

/** A server with a store; session "s" of client "s" has a subscription to everything, and its client is away. */
function started(desk: Desk): DurableServer {
  const server = new DurableServer({}, {}, desk.hooks);
  const s = server.harness.connect("s", lasting());
  subscribe(s, { topicFilter: "#", qos: 2 });
  s.cut();
  return server;
}

function message(
  text: string,
  packetIdentifier: number,
  fields: Partial<PublishPacket> = {},
): PublishPacket {
  return publishPacket("t", text, { qos: 2, packetIdentifier, ...fields });
}

/** What the session "s" has got in all, in order. */
function got(server: DurableServer): string[] {
  const s = server.harness.connect("s", lasting());
  const texts: string[] = [];
  for (let packets = s.receive(); packets.length > 0; packets = s.receive()) {
    for (const packet of packets) {
      if (packet.type === "publish") texts.push(textOf(packet.payload));
      if (packet.type === "publish" && packet.qos === 1)
        s.send(acknowledgement("puback", packet.packetIdentifier));
      if (packet.type === "publish" && packet.qos === 2)
        s.send(acknowledgement("pubrec", packet.packetIdentifier));
      if (packet.type === "pubrel") s.send(acknowledgement("pubcomp", packet.packetIdentifier));
    }
  }
  s.cut();
  return texts;
}

/** A publisher "p" whose session lasts. */
function publisher(server: DurableServer, fields: Partial<ConnectPacket> = {}): ScriptedPeer {
  return server.harness.connect("p", { ...lasting(), ...fields });
}

function crash(server: DurableServer, desk: Desk): void {
  desk.forget();
  server.crash();
}

describe.each<Event>(["interceptingPublish", "interceptingClientEnqueue"])(
  "[MQTT-4.3.3-8] a QoS 2 PUBLISH in a slow %s",
  (event) => {
    it("was never received when the server dies: its repetition is a new message", () => {
      const desk = new Desk(event);
      const server = started(desk);
      publisher(server).send(message("m", 7));
      server.commit();
      crash(server, desk);
      const p = publisher(server);
      p.send(message("m", 7, { duplicate: true }));
      expect(desk.asked).toEqual(["m", "m"]);
      expect(p.receive()).toEqual([]);
      desk.answer(server.harness);
      expect(p.receive()).toMatchObject([{ type: "pubrec", packetIdentifier: 7, reasonCode: 0 }]);
      expect(got(server)).toEqual(["m"]);
    });

    it("is stored with its identifier in one commit, which is made or is not", () => {
      for (const isMade of [true, false]) {
        const desk = new Desk(event);
        const server = started(desk);
        const p = publisher(server);
        server.commit();
        server.isCommitting = false;
        const before = server.harness.core.journal?.appended;
        p.send(message("m", 7));
        expect(server.harness.core.journal?.appended).toBe(before);
        desk.answer(server.harness);
        expect(p.receive()).toEqual([]);
        const commit = server.take();
        if (commit !== undefined && isMade) server.apply(commit);
        server.isCommitting = true;
        crash(server, desk);
        const again = publisher(server);
        again.send(message("m", 7, { duplicate: true }));
        expect(desk.asked).toHaveLength(isMade ? 1 : 2);
        if (!isMade) desk.answer(server.harness);
        expect(again.receive()).toMatchObject([{ type: "pubrec", reasonCode: 0 }]);
        expect(got(server)).toEqual(["m"]);
      }
    });

    it.each(["after the link broke", "at a takeover"])(
      "[MQTT-4.3.3-10] is joined by its repetition %s, which gets the one PUBREC",
      (how) => {
        const desk = new Desk(event);
        const server = started(desk);
        const before = publisher(server);
        before.send(message("m", 7));
        if (how === "after the link broke") before.cut();
        const p = publisher(server);
        p.send(message("m", 7, { duplicate: true }), message("m", 7, { duplicate: true }));
        p.send({ type: "pingreq" });
        expect(p.receive()).toEqual([{ type: "pingresp" }]);
        expect(desk.asked).toEqual(["m"]);
        desk.answer(server.harness);
        expect(p.receive()).toMatchObject([{ type: "pubrec", packetIdentifier: 7, reasonCode: 0 }]);
        p.send(acknowledgement("pubrel", 7));
        expect(p.receive()).toMatchObject([{ type: "pubcomp", reasonCode: 0 }]);
        expect(desk.asked).toEqual(["m"]);
        expect(got(server)).toEqual(["m"]);
      },
    );

    it("is not acknowledged to a connection that has not sent it", () => {
      const desk = new Desk(event);
      const server = started(desk);
      publisher(server).send(message("m", 7));
      const p = publisher(server);
      desk.answer(server.harness);
      expect(p.receive()).toEqual([]);
      p.send(message("m", 7, { duplicate: true }));
      expect(p.receive()).toMatchObject([{ type: "pubrec", packetIdentifier: 7, reasonCode: 0 }]);
      expect(got(server)).toEqual(["m"]);
    });

    it("[MQTT-4.6.0-6] goes before what the client sends on its next connection", () => {
      for (const isRepeated of [true, false]) {
        const desk = new Desk(event);
        const server = started(desk);
        publisher(server).send(message("m1", 7));
        const p = publisher(server);
        if (isRepeated) p.send(message("m1", 7, { duplicate: true }));
        p.send(message("m2", 8), message("m3", 9));
        expect(desk.asked).toEqual(["m1"]);
        desk.answer(server.harness);
        expect(desk.asked).toEqual(["m1", "m2"]);
        desk.answer(server.harness);
        desk.answer(server.harness);
        const identifiers = p
          .receive()
          .map((packet) => packet.type === "pubrec" && packet.packetIdentifier);
        expect(identifiers).toEqual(isRepeated ? [7, 8, 9] : [8, 9]);
        expect(got(server)).toEqual(["m1", "m2", "m3"]);
      }
    });

    it("goes on without identifier and acknowledgement when its session has ended", () => {
      const desk = new Desk(event);
      const server = started(desk);
      publisher(server).send(message("m1", 7));
      const p = publisher(server, { cleanStart: true });
      p.send(message("m2", 7));
      expect(desk.asked).toEqual(["m1"]);
      desk.answer(server.harness);
      expect(p.receive()).toEqual([]);
      desk.answer(server.harness);
      expect(p.receive()).toMatchObject([{ type: "pubrec", packetIdentifier: 7 }]);
      expect(got(server)).toEqual(["m1", "m2"]);
    });

    it("of a session that has ended leaves nothing behind", () => {
      const desk = new Desk(event);
      const server = started(desk);
      const p = publisher(server, { cleanStart: true, properties: {} });
      p.send(message("m", 7));
      p.cut();
      desk.answer(server.harness);
      expect(got(server)).toEqual(["m"]);
      expect(server.harness.core.works.count).toBe(0);
      const again = publisher(server);
      again.send(message("n", 7));
      desk.answer(server.harness);
      expect(got(server)).toEqual(["n"]);
    });

    it("PUBREL of its identifier is answered by 0x92, and the message goes on", () => {
      const desk = new Desk(event);
      const server = started(desk);
      publisher(server).send(message("m", 7));
      const p = publisher(server);
      p.send(acknowledgement("pubrel", 7));
      expect(p.receive()).toMatchObject([{ type: "pubcomp", reasonCode: 0x92 }]);
      desk.answer(server.harness);
      expect(got(server)).toEqual(["m"]);
    });

    it("is given up with the works of the server: nothing was changed, nothing is acknowledged", () => {
      const desk = new Desk(event);
      const server = started(desk);
      const p = publisher(server);
      server.commit();
      const before = server.harness.core.journal?.appended;
      p.send(message("m", 7));
      const [work, ...others] = server.harness.core.works.abandonAll();
      expect(work).toMatchObject({ owner: "p", what: "PUBLISH" });
      expect(others).toEqual([]);
      desk.answer(server.harness);
      expect(server.harness.core.journal?.appended).toBe(before);
      expect(p.receive()).toEqual([]);
      expect(server.harness.reports).toEqual([]);
    });
  },
);

describe("a QoS 2 PUBLISH that its handler decides against", () => {
  const refuse = (reasonCode: number) => (event: Asked) => {
    event.processPublish = false;
    event.response.reasonCode = reasonCode;
  };

  it("[MQTT-4.3.3-9] of 5.0 leaves nothing: its identifier is a new message's", () => {
    const desk = new Desk();
    const server = started(desk);
    publisher(server).send(message("m", 7));
    const p = publisher(server);
    p.send(message("m", 7, { duplicate: true }));
    desk.answer(server.harness, refuse(0x87));
    expect(p.receive()).toMatchObject([{ type: "pubrec", packetIdentifier: 7, reasonCode: 0x87 }]);
    crash(server, desk);
    const again = publisher(server);
    again.send(message("m", 7, { duplicate: true }));
    expect(desk.asked).toEqual(["m", "m"]);
    desk.answer(server.harness);
    expect(got(server)).toEqual(["m"]);
  });

  it("before 5.0 is received without a message, since it cannot be told", () => {
    const desk = new Desk();
    const server = started(desk);
    publisher(server, V4).send(message("m", 7));
    const p = publisher(server, V4);
    p.send(message("m", 7, { duplicate: true }));
    desk.answer(server.harness, refuse(0x87));
    expect(p.receive()).toMatchObject([{ type: "pubrec", packetIdentifier: 7 }]);
    crash(server, desk);
    const again = publisher(server, V4);
    again.send(message("m", 7, { duplicate: true }));
    expect(again.receive()).toMatchObject([{ type: "pubrec", packetIdentifier: 7 }]);
    expect(desk.asked).toEqual(["m"]);
    expect(got(server)).toEqual([]);
  });

  it.each([0x80, 0x83, 0x97])(
    "before 5.0 because it failed (%i) is not acknowledged: the connection closes, nothing is kept",
    (reasonCode) => {
      const desk = new Desk();
      const server = started(desk);
      publisher(server, V4).send(message("m", 7));
      const p = publisher(server, V4);
      p.send(message("m", 7, { duplicate: true }));
      desk.answer(server.harness, refuse(reasonCode));
      expect([p.receive(), p.isEnded]).toEqual([[], true]);
      const again = publisher(server, V4);
      again.send(message("m", 7, { duplicate: true }));
      expect(desk.asked).toEqual(["m", "m"]);
      desk.answer(server.harness);
      expect(again.receive()).toMatchObject([{ type: "pubrec", packetIdentifier: 7 }]);
      expect(got(server)).toEqual(["m"]);
    },
  );

  it("without a word of why is received: PUBREC 0, and no message", () => {
    const desk = new Desk();
    const server = started(desk);
    const p = publisher(server);
    p.send(message("m", 7));
    desk.answer(server.harness, (event) => {
      event.processPublish = false;
    });
    expect(p.receive()).toMatchObject([{ type: "pubrec", reasonCode: 0 }]);
    crash(server, desk);
    const again = publisher(server);
    again.send(message("m", 7, { duplicate: true }));
    expect(again.receive()).toMatchObject([{ type: "pubrec", reasonCode: 0 }]);
    expect(desk.asked).toEqual(["m"]);
    expect(got(server)).toEqual([]);
  });

  it("and ends the connection leaves nothing", () => {
    const desk = new Desk();
    const server = started(desk);
    const p = publisher(server);
    p.send(message("m", 7));
    desk.answer(server.harness, (event) => {
      event.closeConnection = true;
    });
    expect([p.receive(), p.isEnded]).toMatchObject([[{ type: "disconnect" }], true]);
    const again = publisher(server);
    again.send(message("m", 7, { duplicate: true }));
    expect(desk.asked).toEqual(["m", "m"]);
  });
});

describe("[MQTT-4.3.2-4] a QoS 1 PUBLISH in a slow handler", () => {
  it("is joined by its repetition, which gets the one PUBACK", () => {
    const desk = new Desk();
    const server = started(desk);
    publisher(server).send(message("m", 7, { qos: 1 }));
    const p = publisher(server);
    p.send(message("m", 7, { qos: 1, duplicate: true }));
    desk.answer(server.harness);
    expect(p.receive()).toMatchObject([{ type: "puback", packetIdentifier: 7 }]);
    expect(desk.asked).toEqual(["m"]);
    expect(got(server)).toEqual(["m"]);
  });

  it("is another message than one with its identifier and DUP 0, and acknowledges nothing then", () => {
    const desk = new Desk();
    const server = started(desk);
    publisher(server).send(message("m", 7, { qos: 1 }));
    const p = publisher(server);
    p.send(message("n", 7, { qos: 1 }));
    expect(desk.asked).toEqual(["m"]);
    desk.answer(server.harness);
    expect(p.receive()).toEqual([]);
    expect(desk.asked).toEqual(["m", "n"]);
    desk.answer(server.harness);
    expect(p.receive()).toMatchObject([{ type: "puback", packetIdentifier: 7 }]);
    expect(got(server)).toEqual(["m", "n"]);
  });

  it("is another message than one of another QoS with its identifier", () => {
    const desk = new Desk();
    const server = started(desk);
    publisher(server).send(message("m", 7, { qos: 1 }));
    const p = publisher(server);
    p.send(message("n", 7, { duplicate: true }));
    desk.answer(server.harness);
    expect(p.receive()).toEqual([]);
    desk.answer(server.harness);
    expect(p.receive()).toMatchObject([{ type: "pubrec", packetIdentifier: 7 }]);
    expect(got(server)).toEqual(["m", "n"]);
  });

  it("goes before QoS 0 of the next connection, and after QoS 0 of the one before", () => {
    const desk = new Desk();
    const server = started(desk);
    const s = server.harness.connect("w");
    subscribe(s, { topicFilter: "#", qos: 0 });
    publisher(server).send(publishPacket("t", "m0"));
    publisher(server).send(message("m1", 7, { qos: 1 }));
    publisher(server).send(publishPacket("t", "m2"));
    expect(desk.asked).toEqual(["m0"]);
    for (let left = 2; left > 0; left -= 1) desk.answer(server.harness);
    // The connection that sent m1 was taken over before it was m1's turn: it is sent again, or it was never sent.
    expect(s.receiveTexts()).toEqual(["m0", "m2"]);
    expect(server.harness.core.works.count).toBe(0);
  });
});

describe("between the question and the message", () => {
  it("a session that has subscribed meanwhile is asked about, and gets it; one that has not, not", () => {
    const desk = new Desk("interceptingClientEnqueue");
    const server = started(desk);
    const early = server.harness.connect("early");
    subscribe(early, "t");
    const p = publisher(server);
    p.send(message("m", 7));
    const late = server.harness.connect("late");
    subscribe(late, "t");
    early.send({ type: "unsubscribe", packetIdentifier: 3, topicFilters: ["t"] });
    early.receive();
    for (let left = 3; left > 0; left -= 1) desk.answer(server.harness);
    expect(late.receiveTexts()).toEqual(["m"]);
    expect(early.receive()).toEqual([]);
    expect(p.receive()).toMatchObject([{ type: "pubrec", reasonCode: 0 }]);
    expect(got(server)).toEqual(["m"]);
  });

  it("a member of a shared subscription that leaves is replaced by another", () => {
    const desk = new Desk("interceptingClientEnqueue");
    const server = started(desk);
    const members = ["a", "b"].map((name) => server.harness.connect(name));
    for (const member of members) subscribe(member, "$share/g/t");
    publisher(server).send(message("m", 7));
    desk.answer(server.harness);
    // Whichever of the two was chosen goes.
    members[0]?.cut();
    for (let left = server.harness.core.works.count; left > 0;) {
      desk.answer(server.harness);
      left = server.harness.core.works.count;
    }
    expect(members[1]?.receiveTexts()).toEqual(["m"]);
  });

  it("a message is retained, and given, only when all receivers were asked about", () => {
    const desk = new Desk("interceptingClientEnqueue");
    const server = started(desk);
    const watcher = server.harness.connect("watcher");
    subscribe(watcher, "t");
    publisher(server).send(message("m", 7, { retain: true }));
    desk.answer(server.harness);
    expect(watcher.receive()).toEqual([]);
    expect(server.harness.core.retained.count).toBe(0);
    desk.answer(server.harness);
    expect(watcher.receiveTexts()).toEqual(["m"]);
    expect(server.harness.core.retained.count).toBe(1);
  });
});

describe("[MQTT-3.3.4-7] the Receive Maximum", () => {
  it("does not count what an earlier connection left open, until it is sent again", () => {
    const server = new DurableServer({ receiveMaximum: 2 });
    const before = publisher(server);
    before.send(message("1", 1), message("2", 2));
    before.cut();
    const p = publisher(server);
    p.send(message("3", 3), message("4", 4));
    expect(p.receive()).toMatchObject([{ type: "pubrec" }, { type: "pubrec" }]);
    p.send(message("1", 1, { duplicate: true }));
    expect(p.receive()).toMatchObject([{ type: "pubrec" }]);
    p.send(acknowledgement("pubrel", 3));
    p.receive();
    p.send(message("5", 5));
    expect(p.receive()).toMatchObject([{ type: "disconnect", reasonCode: 0x93 }]);
  });
});

describe("what runs have not taken", () => {
  it("is not in the journal: a run is looked at without a change", () => {
    const desk = new Desk();
    const server = started(desk);
    const p = publisher(server);
    server.commit();
    const before = server.harness.core.journal?.appended;
    p.send(...Array.from({ length: 8 }, (_, index) => message(`${index}`, 10 + index)));
    expect(desk.asked).toEqual(["0"]);
    expect(server.harness.core.journal?.appended).toBe(before);
    for (let left = 8; left > 0; left -= 1) desk.answer(server.harness);
    expect(p.receive()).toHaveLength(8);
    expect(got(server)).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
  });
});
