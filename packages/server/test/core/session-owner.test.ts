import { describe, expect, it } from "vitest";
import type { CoreOptions } from "../../src/core/core-options.ts";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import { CoreHarness, lasting, publishPacket, subscribe } from "../support/core-harness.ts";
import { DurableServer } from "../support/durable-server.ts";

/** Somebody is asked who clients are, and lets all in. */
const ASKING: Hooks = { validatingConnection: () => undefined };

/** A harness where ann has a session "device" with a message and a Will, connected or not. */
function withAnn(options: Partial<CoreOptions> = {}, isAway = true): CoreHarness {
  const harness = new CoreHarness(options, ASKING);
  const will = { topic: "will", payload: new Uint8Array([1]), qos: 0, retain: true } as const;
  const ann = harness.connect("device", {
    ...lasting(),
    userName: "ann",
    will: { ...will, properties: { willDelayIntervalSeconds: 60 } },
  });
  subscribe(ann, "t");
  if (isAway) ann.cut();
  const p = harness.connect("p", { userName: "p" });
  p.send(publishPacket("t", "for ann", { qos: 1, packetIdentifier: 1 }));
  return harness;
}

const STRANGERS = [
  ["another user", { userName: "bob" }],
  ["nobody", {}],
] as const;

describe.each(STRANGERS)("the session of a user is not that of %s", (_name, fields) => {
  it.each([true, false])("[5.4.2] in MQTT 5.0, with Clean Start %s: 0x85", (cleanStart) => {
    const harness = withAnn();
    const bob = harness.connecting("device", { ...lasting(), ...fields, cleanStart });
    const reasonString = "the session of this Client Identifier belongs to another user";
    expect(bob.receive()).toMatchObject([
      { type: "connack", reasonCode: 0x85, properties: { reasonString } },
    ]);
    expect(harness.core.retained.count).toBe(0);
    const { peer, connack } = harness.connectWith("device", { ...lasting(), userName: "ann" });
    expect(connack.sessionPresent).toBe(true);
    expect(peer.receive()).toMatchObject([{ type: "publish", topic: "t" }]);
  });

  it.each([3, 4] as const)("in version %i: code 5", (protocolVersion) => {
    const harness = withAnn();
    const bob = harness.connecting("device", { protocolVersion, cleanStart: true, ...fields });
    expect(bob.wire.arrived.map((bytes) => Array.from(bytes))).toEqual([[0x20, 2, 0, 5]]);
    expect(harness.core.sessions.get("device")?.userName).toBe("ann");
  });

  it("while it is connected: its connection stays", () => {
    const harness = withAnn({}, false);
    harness.connecting("device", fields);
    const session = harness.core.sessions.get("device");
    expect(session?.connection?.userName).toBe("ann");
  });
});

describe("a session belongs to its user", () => {
  it("after a restart of the server too, from the journal and from the tables", () => {
    for (const isCheckpointed of [false, true]) {
      const server = new DurableServer({}, {}, ASKING);
      server.harness.connect("device", { ...lasting(), userName: "ann" });
      if (isCheckpointed) server.checkpoint();
      const harness = server.crash();
      const [connack] = harness.connecting("device", { ...lasting(), userName: "bob" }).receive();
      expect(connack).toMatchObject({ reasonCode: 0x85 });
      harness.connect("device", { ...lasting(), userName: "ann" });
    }
  });

  it("from the next login on, if it was nobody's", () => {
    const harness = new CoreHarness({}, ASKING);
    harness.connect("device", lasting()).cut();
    const { connack } = harness.connectWith("device", { ...lasting(), userName: "ann" });
    expect(connack.sessionPresent).toBe(true);
    const [refusal] = harness.connecting("device", { ...lasting(), userName: "bob" }).receive();
    expect(refusal).toMatchObject({ reasonCode: 0x85 });
  });

  it("only where somebody is asked who clients are", () => {
    const harness = new CoreHarness();
    harness.connect("device", { ...lasting(), userName: "ann" }).cut();
    const { connack } = harness.connectWith("device", { ...lasting(), userName: "bob" });
    expect(connack.sessionPresent).toBe(true);
  });

  it("no longer than it lives", () => {
    const harness = new CoreHarness({}, ASKING);
    harness.connect("device", { userName: "bob" }).cut();
    harness.connect("device", { ...lasting(1), userName: "ann" }).cut();
    harness.advance(1_000);
    const { connack } = harness.connectWith("device", { ...lasting(), userName: "bob" });
    expect(connack.sessionPresent).toBe(false);
  });

  it("and no handler is told of another's session before it is refused", () => {
    const told: string[] = [];
    const harness = new CoreHarness(
      {},
      { ...ASKING, preparingSession: ({ clientId }) => void told.push(clientId) },
    );
    harness.connect("device", { ...lasting(), userName: "ann" });
    harness.connecting("device", { ...lasting(), userName: "bob" });
    expect(told).toEqual(["device"]);
  });
});

describe("users who share sessions", () => {
  it("may use each other's, and nobody else may", () => {
    const harness = withAnn({ sessionSharingUsers: ["ann", "bob"] });
    const [refusal] = harness.connecting("device", { ...lasting(), userName: "eve" }).receive();
    expect(refusal).toMatchObject({ reasonCode: 0x85 });
    const { connack } = harness.connectWith("device", { ...lasting(), userName: "bob" });
    expect(connack.sessionPresent).toBe(true);
    harness.connect("eve", { ...lasting(), userName: "eve" });
    const [other] = harness.connecting("eve", { ...lasting(), userName: "bob" }).receive();
    expect(other).toMatchObject({ reasonCode: 0x85 });
  });

  it('are all, with "all"', () => {
    const harness = withAnn({ sessionSharingUsers: "all" });
    const { connack } = harness.connectWith("device", { ...lasting(), userName: "eve" });
    expect(connack.sessionPresent).toBe(true);
  });
});
