import { describe, expect, it } from "vitest";
import type { ConnectPacket, Will } from "@anax/protocol";
import { CoreHarness, lasting, subscribe } from "../support/core-harness.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

function withWill(
  will: Partial<Will> = {},
  fields: Partial<ConnectPacket> = {},
): Partial<ConnectPacket> {
  const payload = new TextEncoder().encode("gone");
  return { ...fields, will: { topic: "will", payload, qos: 1, retain: false, ...will } };
}

function delayed(seconds: number, expirySeconds = 3_600): Partial<ConnectPacket> {
  const will = { properties: { willDelayIntervalSeconds: seconds } };
  return withWill(will, lasting(expirySeconds));
}

function watched(): { harness: CoreHarness; watcher: ScriptedPeer } {
  const harness = new CoreHarness();
  const watcher = harness.connect("watcher");
  subscribe(watcher, "will");
  return { harness, watcher };
}

describe("the Will", () => {
  it("[MQTT-3.1.2-8] is published when the link breaks", () => {
    const { harness, watcher } = watched();
    harness.connect("c", withWill()).cut();
    expect(watcher.receiveTexts()).toEqual(["gone"]);
  });

  it("is published when Keep Alive is over", () => {
    const { harness, watcher } = watched();
    harness.connect("c", withWill({}, { keepAliveSeconds: 1 }));
    harness.advance(1_500);
    expect(watcher.receiveTexts()).toEqual(["gone"]);
  });

  it("is published when the client breaks the protocol", () => {
    const { harness, watcher } = watched();
    harness.connect("c", withWill()).send("0000");
    expect(watcher.receiveTexts()).toEqual(["gone"]);
  });

  it.each([4, 5] as const)(
    "[MQTT-3.14.4-3] [MQTT-3.1.2-10] version %i: is not published after DISCONNECT 0x00",
    (protocolVersion) => {
      const { harness, watcher } = watched();
      const peer = harness.connect("c", withWill({}, { protocolVersion }));
      peer.send({ type: "disconnect", reasonCode: 0 });
      peer.cut();
      expect(peer.isClosed).toBe(true);
      expect(watcher.receive()).toEqual([]);
    },
  );

  it("is published after DISCONNECT 0x04", () => {
    const { harness, watcher } = watched();
    harness.connect("c", withWill()).send({ type: "disconnect", reasonCode: 4 });
    expect(watcher.receiveTexts()).toEqual(["gone"]);
  });

  it("[MQTT-3.1.2-15] is retained if it says so, with its properties but not its delay", () => {
    const { harness } = watched();
    const properties = { contentType: "text/plain", messageExpiryIntervalSeconds: 9 };
    harness.connect("c", withWill({ retain: true, properties })).cut();
    const late = harness.connect("late");
    subscribe(late, "will");
    const publish = late.receiveOne("publish");
    expect(publish.retain).toBe(true);
    expect(publish.properties).toEqual(properties);
  });

  it("of a refused client is never published", () => {
    const { harness, watcher } = watched();
    harness.core.hooks.validatingConnection = (args) => {
      args.reasonCode = 0x87;
      return undefined;
    };
    harness.connecting("c", withWill());
    expect(watcher.receive()).toEqual([]);
  });

  it("is gone once it was published [MQTT-3.1.2-10]", () => {
    const { harness, watcher } = watched();
    harness.connect("c", withWill({}, lasting())).cut();
    expect(watcher.receiveTexts()).toEqual(["gone"]);
    harness.connect("c", lasting()).cut();
    expect(watcher.receive()).toEqual([]);
  });
});

describe("the Will Delay Interval", () => {
  it("[MQTT-3.1.3-9] puts the Will off; a client that is back before gets none published", () => {
    const { harness, watcher } = watched();
    harness.connect("c", delayed(10)).cut();
    harness.advance(9_999);
    expect(watcher.receive()).toEqual([]);
    harness.connect("c", lasting());
    harness.advance(10_000);
    expect(watcher.receive()).toEqual([]);
  });

  it("publishes the Will when it is over", () => {
    const { harness, watcher } = watched();
    harness.connect("c", delayed(10)).cut();
    harness.advance(10_000);
    expect(watcher.receiveTexts()).toEqual(["gone"]);
  });

  it("is cut short by the end of the session", () => {
    const { harness, watcher } = watched();
    harness.connect("c", delayed(10, 5)).cut();
    harness.advance(5_000);
    expect(watcher.receiveTexts()).toEqual(["gone"]);
    harness.advance(10_000);
    expect(watcher.receive()).toEqual([]);
  });

  it("is of no effect where the session ends with the connection", () => {
    const { harness, watcher } = watched();
    const will = { properties: { willDelayIntervalSeconds: 10 } };
    harness.connect("c", withWill(will)).cut();
    expect(watcher.receiveTexts()).toEqual(["gone"]);
  });

  it("is cut short by a Clean Start", () => {
    const { harness, watcher } = watched();
    harness.connect("c", delayed(10)).cut();
    harness.connect("c");
    expect(watcher.receiveTexts()).toEqual(["gone"]);
  });
});

describe("a take over", () => {
  it.each([
    { delay: 0, cleanStart: false, isPublished: true },
    { delay: 0, cleanStart: true, isPublished: true },
    { delay: 10, cleanStart: false, isPublished: false },
    { delay: 10, cleanStart: true, isPublished: true },
  ])(
    "[MQTT-3.1.4-3] with delay $delay and Clean Start $cleanStart publishes the Will: $isPublished",
    (row) => {
      const { harness, watcher } = watched();
      harness.connect("c", delayed(row.delay));
      harness.connect("c", { ...lasting(), cleanStart: row.cleanStart });
      expect(watcher.receiveTexts()).toEqual(row.isPublished ? ["gone"] : []);
      harness.advance(20_000);
      expect(watcher.receive()).toEqual([]);
    },
  );
});
