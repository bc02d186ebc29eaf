import { describe, expect, it } from "vitest";
import {
  acknowledgement,
  CoreHarness,
  lasting,
  publishPacket,
  subscribe,
} from "../support/core-harness.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

type Acknowledgement = "puback" | "pubrec" | "pubcomp";

/** A subscriber that has got one message, and how far it has come with it. */
function subscriber(
  version: 3 | 4 | 5,
  state: "awaiting PUBACK" | "awaiting PUBREC" | "awaiting PUBCOMP",
): { harness: CoreHarness; peer: ScriptedPeer; packetIdentifier: number } {
  const harness = new CoreHarness();
  const peer = harness.connect("s", { protocolVersion: version });
  subscribe(peer, "a");
  harness.inject({ topic: "a", qos: state === "awaiting PUBACK" ? 1 : 2 });
  const [{ packetIdentifier = 0 } = { packetIdentifier: 0 }] = peer.receivePublishes();
  if (state === "awaiting PUBCOMP") {
    peer.send(acknowledgement("pubrec", packetIdentifier));
    peer.receiveOne("pubrel");
  }
  return { harness, peer, packetIdentifier };
}

const WRONG = [
  ["pubrec", "awaiting PUBACK"],
  ["pubcomp", "awaiting PUBACK"],
  ["puback", "awaiting PUBREC"],
  ["pubcomp", "awaiting PUBREC"],
  ["puback", "awaiting PUBCOMP"],
] as const;

describe("an acknowledgement of the wrong kind", () => {
  for (const version of [3, 4, 5] as const) {
    it.each(WRONG)(
      `[MQTT-4.13.1-1] %s while %s ends the connection, version ${version}`,
      (type, state) => {
        const { harness, peer, packetIdentifier } = subscriber(version, state);
        peer.send(acknowledgement(type, packetIdentifier));
        if (version === 5) expect(peer.receiveOne("disconnect").reasonCode).toBe(0x82);
        else expect(peer.receive()).toEqual([]);
        expect(peer.isClosed).toBe(true);
        expect(harness.core.statistics.protocolErrors).toBe(1);
        expect(harness.reports).toEqual([]);
      },
    );
  }

  it("with a Reason Code too", () => {
    const { peer, packetIdentifier } = subscriber(5, "awaiting PUBREC");
    peer.send(acknowledgement("puback", packetIdentifier, 0x80));
    expect(peer.receiveOne("disconnect").reasonCode).toBe(0x82);
  });

  it("leaves the message in the session, to be sent again", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("s", lasting());
    subscribe(peer, "a");
    harness.inject({ topic: "a", qos: 1 });
    const [first] = peer.receivePublishes();
    peer.send(acknowledgement("pubrec", first?.packetIdentifier));
    expect(peer.isClosed).toBe(true);
    const again = harness.connect("s", lasting());
    expect(again.receivePublishes()).toMatchObject([{ duplicate: true, qos: 1 }]);
  });
});

describe("PUBREL for an identifier that is free", () => {
  const publish = publishPacket("a", "x", { qos: 2, packetIdentifier: 7 });
  const pubrel = acknowledgement("pubrel", 7);

  it("is told 0x92 in a session that is new", () => {
    const peer = new CoreHarness().connect("p", lasting());
    peer.send(pubrel);
    expect(peer.receiveOne("pubcomp").reasonCode).toBe(0x92);
  });

  it("[MQTT-4.3.3-11] is told success where the session goes on: it repeats one whose answer was lost", () => {
    const harness = new CoreHarness();
    const first = harness.connect("p", lasting());
    first.send(publish);
    first.send(pubrel);
    first.cut();
    const again = harness.connect("p", lasting());
    again.send(pubrel, pubrel);
    expect(again.receive()).toMatchObject([
      { type: "pubcomp", reasonCode: 0 },
      { type: "pubcomp", reasonCode: 0 },
    ]);
  });

  it("is told success after a PUBREC that refused the message, once", () => {
    const harness = new CoreHarness(
      {},
      {
        interceptingPublish: (event) => {
          event.response.reasonCode = 0x87;
          event.processPublish = false;
          return undefined;
        },
      },
    );
    const peer = harness.connect("p");
    peer.send(publish);
    expect(peer.receiveOne("pubrec").reasonCode).toBe(0x87);
    peer.send(pubrel);
    expect(peer.receiveOne("pubcomp").reasonCode).toBe(0);
    peer.send(pubrel);
    expect(peer.receiveOne("pubcomp").reasonCode).toBe(0x92);
  });

  it("of refused messages, the last thousand are known", () => {
    const peer = new CoreHarness().connect("p");
    for (let packetIdentifier = 1; packetIdentifier <= 1_001; packetIdentifier += 1)
      peer.send(publishPacket("$no", "x", { qos: 2, packetIdentifier }));
    peer.receive();
    peer.send(acknowledgement("pubrel", 1), acknowledgement("pubrel", 2));
    expect(peer.receive()).toMatchObject([{ reasonCode: 0x92 }, { reasonCode: 0 }]);
  });
});

describe("an acknowledgement that is not needed", () => {
  it.each(["puback", "pubcomp"] as const)("%s of an unknown identifier is ignored", (type) => {
    const { harness, peer } = subscriber(5, "awaiting PUBACK");
    peer.send(acknowledgement(type satisfies Acknowledgement, 77));
    expect(peer.receive()).toEqual([]);
    expect(peer.isClosed).toBe(false);
    expect(harness.core.statistics.unknownAcknowledgements).toBe(1);
  });

  it("PUBREC again is answered by PUBREL again, and a refusal after it means nothing", () => {
    const { peer, packetIdentifier } = subscriber(5, "awaiting PUBCOMP");
    peer.send(acknowledgement("pubrec", packetIdentifier));
    expect(peer.receiveOne("pubrel").reasonCode).toBe(0);
    peer.send(acknowledgement("pubrec", packetIdentifier, 0x80));
    expect(peer.receive()).toEqual([]);
    peer.send(acknowledgement("pubcomp", packetIdentifier));
    expect(peer.isClosed).toBe(false);
  });
});
