import { describe, expect, it } from "vitest";
import type { ConnectPacket } from "@anax/protocol";
import type { CoreOptions } from "../../src/core/core-options.ts";
import { acknowledgement, CoreHarness, subscribe } from "../support/core-harness.ts";

/** How many of 2 000 QoS 1 messages come to a client that acknowledges nothing. */
function sentUnacknowledged(
  fields: Partial<ConnectPacket>,
  options?: Partial<CoreOptions>,
): number {
  const harness = new CoreHarness({ queueMessagesMax: 2_000, ...options });
  const peer = harness.connect("s", fields);
  subscribe(peer, "a");
  for (let count = 0; count < 2_000; count += 1) harness.inject({ topic: "a", qos: 1 });
  return peer.receivePublishes().length;
}

describe("messages in flight to one client", () => {
  it.each([3, 4, 5] as const)("are 20 where a client of level %i states no limit", (level) => {
    expect(sentUnacknowledged({ protocolVersion: level })).toBe(20);
  });

  it("[MQTT-3.3.4-9] are as many as a client states, up to the server's own limit", () => {
    const stating = (receiveMaximum: number): Partial<ConnectPacket> => ({
      properties: { receiveMaximum },
    });
    expect(sentUnacknowledged(stating(7))).toBe(7);
    expect(sentUnacknowledged(stating(100))).toBe(100);
    expect(sentUnacknowledged(stating(65_534))).toBe(1_000);
    expect(sentUnacknowledged(stating(65_534), { inFlightMax: 30 })).toBe(30);
  });

  it("are set by an option for clients that state no limit", () => {
    expect(sentUnacknowledged({ protocolVersion: 4 }, { inFlightDefault: 3 })).toBe(3);
    expect(sentUnacknowledged({}, { inFlightDefault: 300 })).toBe(300);
    expect(sentUnacknowledged({}, { inFlightDefault: 300, inFlightMax: 9 })).toBe(9);
  });

  it("leave room for the next one with each acknowledgement", () => {
    const harness = new CoreHarness();
    const peer = harness.connect("s", { protocolVersion: 4 });
    subscribe(peer, "a");
    for (let count = 0; count < 25; count += 1) harness.inject({ topic: "a", qos: 1 });
    const [first] = peer.receivePublishes();
    peer.send(acknowledgement("puback", first?.packetIdentifier));
    expect(peer.receivePublishes()).toHaveLength(1);
  });
});
