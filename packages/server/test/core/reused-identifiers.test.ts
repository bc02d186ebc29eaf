import { encodeUtf8 } from "@anax/protocol";
import type { PublishPacket } from "@anax/protocol";
import { describe, expect, it } from "vitest";
import { contentDigest, topicDigest } from "../../src/core/message/content-digest.ts";
import {
  acknowledgement,
  CoreHarness,
  lasting,
  publishPacket,
  subscribe,
} from "../support/core-harness.ts";
import { DurableServer } from "../support/durable-server.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";
import { Waiting } from "../support/waiting.ts";

const RESUMED = { 5: lasting(), 4: { protocolVersion: 4, cleanStart: false } } as const;

function listener(harness: CoreHarness): ScriptedPeer {
  const peer = harness.connect("listener");
  subscribe(peer, { topicFilter: "#", qos: 0 });
  return peer;
}

function texts(peer: ScriptedPeer): string[] {
  return peer
    .receive()
    .map((packet) => (packet.type === "publish" ? new TextDecoder().decode(packet.payload) : ""));
}

/** A QoS 2 PUBLISH with identifier 1. */
function publish(peer: ScriptedPeer, text: string, fields = {}, topic = "t"): void {
  peer.send(publishPacket(topic, text, { qos: 2, packetIdentifier: 1, ...fields }));
}

describe.each([5, 4] as const)(
  "a QoS 2 identifier that awaits PUBREL, of version %i",
  (version) => {
    const isWarned = (harness: CoreHarness): number => harness.warnings.length;

    it("is that of a new message on a later connection, if DUP is 0 and the payload another", () => {
      const harness = new CoreHarness();
      const all = listener(harness);
      const before = harness.connect("p", RESUMED[version]);
      publish(before, "first");
      before.cut();
      const p = harness.connect("p", RESUMED[version]);
      p.receive();
      publish(p, "second");
      expect(p.receive()).toMatchObject([{ type: "pubrec", packetIdentifier: 1, reasonCode: 0 }]);
      p.send(acknowledgement("pubrel", 1));
      expect(p.receive()).toMatchObject([{ type: "pubcomp", reasonCode: 0 }]);
      expect(texts(all)).toEqual(["first", "second"]);
    });

    it("is that of a new message on a later connection, if DUP is 0 and the topic another", () => {
      const harness = new CoreHarness();
      const all = listener(harness);
      const before = harness.connect("p", RESUMED[version]);
      publish(before, "x");
      before.cut();
      publish(harness.connect("p", RESUMED[version]), "x", {}, "u");
      expect(texts(all)).toEqual(["x", "x"]);
    });

    it.each([
      ["DUP is 1, whatever the content", "second", { duplicate: true }],
      ["the content is the same", "first", {}],
      ["the content is the same, with DUP", "first", { duplicate: true }],
    ])("[MQTT-4.3.3-10] is that of a repetition, if %s", (_name, text, fields) => {
      const harness = new CoreHarness();
      const all = listener(harness);
      const before = harness.connect("p", RESUMED[version]);
      publish(before, "first");
      before.cut();
      const p = harness.connect("p", RESUMED[version]);
      publish(p, text, fields);
      expect(p.receive()).toMatchObject([{ type: "pubrec", reasonCode: 0 }]);
      expect(texts(all)).toEqual(["first"]);
      expect(isWarned(harness)).toBe(0);
    });

    it("is warned of once for each connection, with who it is", () => {
      const harness = new CoreHarness();
      let p = harness.connect("p", RESUMED[version]);
      for (const packetIdentifier of [1, 2]) publish(p, "first", { packetIdentifier });
      for (const text of ["second", "third"]) {
        p.cut();
        p = harness.connect("p", RESUMED[version]);
        for (const packetIdentifier of [1, 2]) publish(p, text, { packetIdentifier });
      }
      expect(harness.warnings).toMatchObject([
        { clientId: "p", packetIdentifier: 1 },
        { clientId: "p", packetIdentifier: 1 },
      ]);
    });

    it("is known after a restart of the server, from the journal and from the tables", () => {
      for (const isCheckpointed of [false, true]) {
        const server = new DurableServer();
        const before = server.harness.connect("p", RESUMED[version]);
        for (const packetIdentifier of [1, 2, 3, 7]) publish(before, "first", { packetIdentifier });
        if (isCheckpointed) server.checkpoint();
        const harness = server.crash();
        const all = listener(harness);
        const p = harness.connect("p", RESUMED[version]);
        publish(p, "first", { packetIdentifier: 2 });
        publish(p, "second", { packetIdentifier: 3 });
        publish(p, "first", { packetIdentifier: 7 });
        expect(texts(all)).toEqual(["second"]);
        const later = server.crash();
        const again = listener(later);
        const q = later.connect("p", RESUMED[version]);
        publish(q, "second", { packetIdentifier: 3 });
        publish(q, "third", { packetIdentifier: 1 });
        expect(texts(again)).toEqual(["third"]);
      }
    });

    it("tells a run of messages from the same ones with DUP 0, and from others, byte by byte", () => {
      const harness = new CoreHarness();
      const all = listener(harness);
      const before = harness.connect("p", RESUMED[version]);
      const run = (text: string): PublishPacket[] =>
        [1, 2, 3, 4].map((packetIdentifier) =>
          publishPacket("t", `${text}${packetIdentifier}`, { qos: 2, packetIdentifier }),
        );
      before.send(publishPacket("t", "route"));
      before.send(...run("a"));
      before.cut();
      expect(texts(all)).toEqual(["route", "a1", "a2", "a3", "a4"]);
      const p = harness.connect("p", RESUMED[version]);
      p.send(...run("a"));
      expect(texts(all)).toEqual([]);
      p.cut();
      harness.connect("p", RESUMED[version]).send(...run("b"));
      expect(texts(all)).toEqual(["b1", "b2", "b3", "b4"]);
    });
  },
);

describe("a QoS 2 identifier that is used again on the same connection, for another message", () => {
  it("[MQTT-2.2.1-3] is refused with 0x91 to a client of 5.0, and stays that of the first", () => {
    const harness = new CoreHarness();
    const all = listener(harness);
    const p = harness.connect("p", lasting());
    publish(p, "first");
    publish(p, "second");
    publish(p, "first", { duplicate: true });
    p.send(acknowledgement("pubrel", 1));
    expect(p.receive()).toMatchObject([
      { type: "pubrec", reasonCode: 0 },
      { type: "pubrec", reasonCode: 0x91, properties: { reasonString: /identifier 1 /i } },
      { type: "pubrec", reasonCode: 0 },
      { type: "pubcomp", reasonCode: 0 },
    ]);
    publish(p, "third");
    expect(texts(all)).toEqual(["first", "third"]);
    expect(harness.warnings).toHaveLength(1);
  });

  it("is refused also where it was taken anew on this connection", () => {
    const harness = new CoreHarness();
    const before = harness.connect("p", lasting());
    publish(before, "first");
    before.cut();
    const p = harness.connect("p", lasting());
    publish(p, "second");
    publish(p, "third");
    expect(p.receive()).toMatchObject([{ reasonCode: 0x10 }, { reasonCode: 0x91 }]);
  });

  it("is taken as new from a client before 5.0, which cannot be told", () => {
    const harness = new CoreHarness();
    const all = listener(harness);
    const p = harness.connect("p", RESUMED[4]);
    publish(p, "first");
    publish(p, "second");
    expect(p.receive()).toMatchObject([{ type: "pubrec" }, { type: "pubrec" }]);
    expect(texts(all)).toEqual(["first", "second"]);
  });
});

describe("an alias in place of the topic", () => {
  it("does not make another message of it", () => {
    const harness = new CoreHarness();
    const all = listener(harness);
    const before = harness.connect("p", lasting());
    publish(before, "x", { properties: { topicAlias: 1 } });
    before.cut();
    const p = harness.connect("p", lasting());
    p.send(publishPacket("t", "", { properties: { topicAlias: 9 } }));
    publish(p, "x", { properties: { topicAlias: 9, messageExpiryIntervalSeconds: 4 } }, "");
    expect(texts(all)).toEqual(["x", ""]);
  });
});

describe("the digest of a message", () => {
  const digest = (topic: string, payload: string): number => {
    const bytes = new TextEncoder().encode(payload);
    return contentDigest(
      topicDigest(encodeUtf8(topic), 0, encodeUtf8(topic).length),
      bytes,
      0,
      bytes.length,
    );
  };

  it("never changes, for it is stored", () => {
    expect([digest("t", ""), digest("t", "first"), digest("a/b", "x".repeat(100))]).toEqual([
      2_535_508_785, 1_923_451_609, 3_671_996_868,
    ]);
  });

  it("tells payloads and topics apart that differ in one place or in length", () => {
    const all = new Set<number>();
    let count = 0;
    for (const topic of ["t", "u", "tt", "t/", "topic"])
      for (const payload of [
        "",
        "\0",
        "\0\0",
        "\0\0\0",
        "\0\0\0\0",
        "a",
        "b",
        "aaaa",
        "aaab",
        "baaa",
        "aaaaa",
      ]) {
        all.add(digest(topic, payload));
        count += 1;
      }
    expect(all.size).toBe(count);
  });
});

describe("an identifier whose message still waits for handlers", () => {
  /** A message "one" of an earlier connection waits, and what is sent then on a later one. */
  function afterOne(sent: PublishPacket): {
    readonly texts: readonly string[];
    readonly asked: number;
    readonly answers: readonly string[];
  } {
    const waiting = new Waiting();
    let asked = 0;
    const interceptingPublish = (): ReturnType<Waiting["next"]> => {
      asked += 1;
      return waiting.next();
    };
    const harness = new CoreHarness({}, { interceptingPublish });
    const subscriber = listener(harness);
    const older = harness.connect("c", lasting());
    older.send(publishPacket("t", "one", { qos: 2, packetIdentifier: 7 }));
    older.cut();
    const newer = harness.connect("c", lasting());
    newer.send(sent);
    waiting.settle(harness, 0);
    if (asked > 1) waiting.settle(harness, 1);
    const answers = newer.receive().map(({ type }) => type);
    return { texts: texts(subscriber), asked, answers };
  }

  it("joins what repeats it, with DUP or without", () => {
    for (const duplicate of [true, false]) {
      const sent = publishPacket("t", "one", { qos: 2, packetIdentifier: 7, duplicate });
      expect(afterOne(sent)).toEqual({ texts: ["one"], asked: 1, answers: ["pubrec"] });
    }
  });

  it("is that of a new message, if DUP is 0 and topic or payload another", () => {
    for (const [topic, text] of [
      ["t", "two"],
      ["u", "one"],
    ] as const) {
      const sent = publishPacket(topic, text, { qos: 2, packetIdentifier: 7 });
      const { texts: came, asked, answers } = afterOne(sent);
      expect({ came, asked, answers }).toEqual({
        came: ["one", text],
        asked: 2,
        answers: ["pubrec"],
      });
    }
  });
});

it("of a message that was decided on after its client came back is free for another one", () => {
  const waiting = new Waiting();
  const harness = new CoreHarness({}, { interceptingPublish: () => waiting.next() });
  const subscriber = listener(harness);
  const older = harness.connect("c", lasting());
  older.send(publishPacket("t", "one", { qos: 2, packetIdentifier: 7 }));
  older.cut();
  const newer = harness.connect("c", lasting());
  waiting.settle(harness, 0);
  newer.send(publishPacket("t", "two", { qos: 2, packetIdentifier: 7 }));
  waiting.settle(harness, 1);
  expect(newer.receiveOne("pubrec")).toMatchObject({ packetIdentifier: 7, reasonCode: 0 });
  expect(texts(subscriber)).toEqual(["one", "two"]);
});
