/** What is well formed, but more than the server takes: each is answered, and costs no connection. */
import type { UserProperties } from "@anax/protocol";
import { describe, expect, it } from "vitest";
import {
  acknowledgement,
  CoreHarness,
  publishPacket,
  subscribe,
  subscribePacket,
} from "../support/core-harness.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

const userProperties: UserProperties = Array.from({ length: 65 }, () => ["name", "value"]);
const MANY = { properties: { userProperties } };

function watched(): { harness: CoreHarness; peer: ScriptedPeer; watcher: ScriptedPeer } {
  const harness = new CoreHarness();
  const watcher = harness.connect("w");
  subscribe(watcher, "#");
  return { harness, watcher, peer: harness.connect("c") };
}

describe("65 User Properties", () => {
  it.each([
    [1, "puback"],
    [2, "pubrec"],
  ] as const)("of PUBLISH with QoS %i are answered by %s 0x97", (qos, type) => {
    const { peer, watcher } = watched();
    // The second is one that the first has made known the topic of.
    for (const packetIdentifier of [1, 2]) {
      peer.send(publishPacket("a", "fine", { qos, packetIdentifier: 9 }));
      peer.receive();
      if (qos === 2) peer.send(acknowledgement("pubrel", 9));
      peer.receive();
      expect(watcher.receivePublishes()).toHaveLength(1);
      peer.send(publishPacket("a", "x", { qos, packetIdentifier, ...MANY }));
      expect(peer.receiveOne(type)).toMatchObject({ packetIdentifier, reasonCode: 0x97 });
      expect(watcher.receive()).toEqual([]);
    }
    expect(peer.isClosed).toBe(false);
  });

  it("of PUBLISH with QoS 0 drop it, and its Topic Alias holds", () => {
    const { peer, watcher } = watched();
    const topicAlias = 1;
    peer.send(publishPacket("a", "x", { properties: { userProperties, topicAlias } }));
    peer.send(publishPacket("", "y", { properties: { topicAlias } }));
    expect(watcher.receiveTexts()).toEqual(["y"]);
  });

  it("of SUBSCRIBE are answered by SUBACK 0x97 for each filter, of UNSUBSCRIBE by 0x83", () => {
    const { peer } = watched();
    peer.send({ ...subscribePacket("a", "b"), ...MANY });
    expect(peer.receiveOne("suback").reasonCodes).toEqual([0x97, 0x97]);
    subscribe(peer, "a");
    peer.send({ type: "unsubscribe", packetIdentifier: 2, topicFilters: ["a"], ...MANY });
    expect(peer.receiveOne("unsuback").reasonCodes).toEqual([0x83]);
    expect(peer.isClosed).toBe(false);
  });

  it("of an acknowledgement or a DISCONNECT are left out", () => {
    const { harness, watcher, peer } = watched();
    peer.send(publishPacket("a", "x", { qos: 1, packetIdentifier: 1 }));
    const [{ packetIdentifier = 0 } = { packetIdentifier: 0 }] = watcher.receivePublishes();
    watcher.send({ type: "puback", packetIdentifier, reasonCode: 0, ...MANY });
    expect(watcher.isClosed).toBe(false);
    expect(harness.core.sessions.get("w")?.inFlight).toBe(0);
    watcher.send({ type: "disconnect", reasonCode: 0, ...MANY });
    expect(harness.core.statistics.protocolErrors).toBe(0);
  });

  it("of CONNECT are refused by CONNACK 0x97", () => {
    const peer = new CoreHarness().connecting("c", MANY);
    expect(peer.receiveOne("connack").reasonCode).toBe(0x97);
  });
});

describe("a large CONNECT", () => {
  const will = { topic: "w", payload: new Uint8Array(65_535), qos: 0, retain: false } as const;

  it("of over 64 KB is let in, in every version", () => {
    for (const protocolVersion of [3, 4, 5] as const) {
      const peer = new CoreHarness().connecting("c", { protocolVersion, will });
      expect(peer.receiveOne("connack").reasonCode).toBe(0);
    }
  });

  it("[MQTT-3.2.2-15] beyond the packet limit is refused: 5.0 with CONNACK 0x95, 3.1.1 without a word", () => {
    for (const protocolVersion of [4, 5] as const) {
      const harness = new CoreHarness({ maximumPacketSize: 60_000 });
      const peer = harness.connecting("c", { protocolVersion, will });
      if (protocolVersion === 5) expect(peer.receiveOne("connack").reasonCode).toBe(0x95);
      else expect(peer.receive()).toEqual([]);
      expect(peer.isClosed).toBe(true);
      expect(harness.core.statistics.protocolErrors).toBe(1);
    }
  });
});
