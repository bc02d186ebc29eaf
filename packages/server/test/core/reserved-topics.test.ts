import { describe, expect, it } from "vitest";
import { CoreHarness, publishPacket, subscribe } from "../support/core-harness.ts";

const STATE = "$SYS/broker/connection/hall.bridge/state";

describe("the topic where a bridge tells its state", () => {
  it.each([4, 5] as const)("is open to its Will, in protocol version %i", (protocolVersion) => {
    const harness = new CoreHarness();
    const watcher = harness.connect("watcher");
    subscribe(watcher, "$SYS/broker/connection/#");
    const will = { topic: STATE, payload: Uint8Array.of(0x30), qos: 1, retain: true } as const;
    const bridge = harness.connect("bridge", { protocolVersion, will });
    bridge.cut();
    expect(watcher.receiveOne("publish")).toMatchObject({ topic: STATE, payload: will.payload });
  });

  it("is open to its PUBLISH", () => {
    const harness = new CoreHarness();
    const watcher = harness.connect("watcher");
    subscribe(watcher, "$SYS/broker/connection/#");
    const bridge = harness.connect("bridge");
    bridge.send(publishPacket(STATE, "1", { qos: 1, packetIdentifier: 1, retain: true }));
    expect(bridge.receiveOne("puback").reasonCode).toBe(0);
    expect(watcher.receiveOne("publish").topic).toBe(STATE);
  });

  it("is the only one", () => {
    const bridge = new CoreHarness().connect("bridge");
    for (const topic of ["$SYS/broker/connection/state", "$SYS/broker/connection", `x${STATE}`]) {
      bridge.send(publishPacket(topic, "1", { qos: 1, packetIdentifier: 1 }));
      const { reasonCode } = bridge.receiveOne("puback");
      expect(reasonCode).toBe(topic.startsWith("$") ? 0x87 : 0x10);
    }
  });
});
