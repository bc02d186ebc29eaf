/** `publishBytesReceived` and `publishBytesSent` count payloads, as topics below $SYS of other servers do: by every way a message takes. */
import { describe, expect, it } from "vitest";
import type { ConnectPacket, PublishPacket, QoS } from "@anax/protocol";
import type { Hooks } from "../../src/core/hooks/hooks.ts";
import {
  acknowledgement,
  CoreHarness,
  lasting,
  publishPacket,
  subscribe,
} from "../support/core-harness.ts";
import { DurableServer } from "../support/durable-server.ts";
import type { ScriptedPeer } from "../support/scripted-peer.ts";

const PAYLOADS = [0, 1, 100, 130, 20_000];
const SUM = 20_231;
const GENERAL: Hooks = { interceptingClientEnqueue: () => undefined };
const OLDER: Partial<ConnectPacket> = { protocolVersion: 4 };

function packets(topic: string, fields: Partial<PublishPacket> = {}): PublishPacket[] {
  return PAYLOADS.map((bytes, index) =>
    publishPacket(topic, "x".repeat(bytes), {
      ...fields,
      ...((fields.qos ?? 0) > 0 && { packetIdentifier: index + 1 }),
    }),
  );
}

/** Takes PUBLISH packets and acknowledges them, until no more come. Gives the bytes of their payloads. */
function drain(peer: ScriptedPeer): number {
  let bytes = 0;
  for (let got = peer.receive(); got.length > 0; got = peer.receive()) {
    for (const packet of got) {
      if (packet.type === "pubrel") peer.send(acknowledgement("pubcomp", packet.packetIdentifier));
      if (packet.type !== "publish") continue;
      const { payload, qos, packetIdentifier } = packet;
      bytes += payload.length;
      if (qos > 0) peer.send(acknowledgement(qos === 1 ? "puback" : "pubrec", packetIdentifier));
    }
  }
  return bytes;
}

/** What a publisher and its receivers of both versions have been counted for. */
function counted(published: readonly PublishPacket[], hooks: Hooks, older = false): object {
  const harness = new CoreHarness({}, hooks);
  const receivers = [harness.connect("5"), harness.connect("4", OLDER)];
  for (const receiver of receivers) subscribe(receiver, "a/#");
  const publisher = harness.connect("p", older ? OLDER : {});
  publisher.send(...published);
  const got = receivers.map((receiver) => drain(receiver));
  const { publishBytesReceived, publishBytesSent } = harness.core.statistics;
  return { got, publishBytesReceived, publishBytesSent };
}

const EXPECTED = { got: [SUM, SUM], publishBytesReceived: SUM, publishBytesSent: 2 * SUM };

describe("bytes of payloads", () => {
  for (const [way, hooks] of [
    ["of a run", {}],
    ["of single messages", GENERAL],
  ] as const) {
    for (const qos of [0, 1, 2] as const satisfies readonly QoS[]) {
      it(`${way} at QoS ${qos}, from either version to both`, () => {
        expect(counted(packets("a/b", { qos }), hooks)).toEqual(EXPECTED);
        expect(counted(packets("a/b", { qos }), hooks, true)).toEqual(EXPECTED);
      });
    }

    it(`${way} with properties, and with a Topic Alias`, () => {
      const properties = { contentType: "text", userProperties: [["name", "value"]] } as const;
      expect(counted(packets("a/b", { properties }), hooks)).toEqual(EXPECTED);
      const [first, ...rest] = packets("a/b", { properties: { topicAlias: 1 } });
      if (first === undefined) throw new Error("there is none");
      const aliased = [first, ...rest.map((one) => ({ ...one, topic: "" }))];
      expect(counted(aliased, hooks)).toEqual(EXPECTED);
    });

    it(`${way} whose topics differ`, () => {
      const published = packets("a/b").map((one, index) => ({ ...one, topic: `a/${index}` }));
      expect(counted(published, hooks)).toEqual(EXPECTED);
    });
  }

  it("are counted again for what is sent again", () => {
    const repeated = packets("a/b", { qos: 1, duplicate: true });
    expect(counted([...packets("a/b", { qos: 1 }), ...repeated], {})).toEqual({
      got: [2 * SUM, 2 * SUM],
      publishBytesReceived: 2 * SUM,
      publishBytesSent: 4 * SUM,
    });
  });

  it("are those of a message that a handler has replaced", () => {
    const hooks: Hooks = {
      interceptingPublish: (event) => {
        const message = event.applicationMessage;
        if (message !== undefined)
          event.applicationMessage = { ...message, payload: Uint8Array.of(1, 2) };
        return undefined;
      },
    };
    expect(counted(packets("a/b"), hooks)).toMatchObject({
      publishBytesReceived: SUM,
      publishBytesSent: 2 * 2 * PAYLOADS.length,
    });
  });

  for (const [version, fields] of [
    ["5.0", {}],
    ["3.1.1", OLDER],
  ] as const) {
    it(`that have waited for a client of ${version}`, () => {
      const harness = new CoreHarness();
      const away = harness.connect("r", { ...lasting(), ...fields });
      subscribe(away, "a/#");
      away.cut();
      harness.connect("p").send(...packets("a/b", { qos: 1 }));
      expect(harness.core.statistics.publishBytesSent).toBe(0);
      expect(drain(harness.connect("r", { ...lasting(), ...fields }))).toBe(SUM);
      expect(harness.core.statistics.publishBytesSent).toBe(SUM);
    });

    it(`that were retained, for a client of ${version}`, () => {
      const harness = new CoreHarness();
      const properties = { contentType: "text" };
      const retained = packets("a", { retain: true, properties }).map((one, index) => ({
        ...one,
        topic: `a/${index}`,
      }));
      harness.connect("p").send(...retained, ...packets("b", { retain: true }));
      expect(harness.core.statistics.publishBytesReceived).toBe(2 * SUM);
      const receiver = harness.connect("r", fields);
      subscribe(receiver, { topicFilter: "a/#", qos: 0 });
      expect(drain(receiver)).toBe(SUM);
      expect(harness.core.statistics.publishBytesSent).toBe(SUM);
    });
  }

  it("are told of what waits and of what is retained, until it is gone", () => {
    const harness = new CoreHarness({ queueMessagesMax: PAYLOADS.length });
    const [gone, back] = ["gone", "back"].map((clientId) => harness.connect(clientId, lasting()));
    for (const receiver of [gone, back]) {
      if (receiver === undefined) continue;
      subscribe(receiver, "a/#");
      receiver.cut();
    }
    const publisher = harness.connect("p");
    const stored = (): number[] => {
      const { queuedPayloadBytesCurrent, retainedPayloadBytesCurrent } = harness.core.statistics;
      return [queuedPayloadBytesCurrent, retainedPayloadBytesCurrent];
    };
    publisher.send(...packets("a/b", { qos: 1 }));
    expect(stored()).toEqual([2 * SUM, 0]);
    // The largest gives way.
    publisher.send(...packets("a/c", { qos: 1 }));
    expect(stored()).toEqual([2 * SUM, 0]);
    publisher.send(publishPacket("r", "four", { retain: true, properties: { contentType: "t" } }));
    publisher.send(
      publishPacket("r", "three", { retain: true }),
      publishPacket("s", "1", { retain: true }),
    );
    expect(stored()).toEqual([2 * SUM, 6]);
    publisher.send(publishPacket("r", "", { retain: true }));
    expect(stored()).toEqual([2 * SUM, 1]);
    drain(harness.connect("back", lasting()));
    expect(stored()).toEqual([SUM, 1]);
    harness.connect("gone");
    expect(stored()).toEqual([0, 1]);
  });

  it("are told of what a store has kept", () => {
    const server = new DurableServer();
    const away = server.harness.connect("away", lasting());
    subscribe(away, "a/#");
    away.cut();
    const publisher = server.harness.connect("p");
    publisher.send(...packets("a/b", { qos: 1 }));
    publisher.send(publishPacket("a/c", "single", { qos: 1, packetIdentifier: 9, retain: true }));
    const { queuedPayloadBytesCurrent, retainedPayloadBytesCurrent } =
      server.harness.core.statistics;
    expect([queuedPayloadBytesCurrent, retainedPayloadBytesCurrent]).toEqual([SUM + 6, 6]);
    server.crash();
    expect(server.harness.core.statistics).toMatchObject({
      queuedPayloadBytesCurrent,
      retainedPayloadBytesCurrent,
    });
    expect(drain(server.harness.connect("away", lasting()))).toBe(SUM + 6);
    expect(server.harness.core.statistics.queuedPayloadBytesCurrent).toBe(0);
  });

  it("are none in a packet that is not well formed", () => {
    const harness = new CoreHarness();
    harness.connect("p").send("300400096100");
    harness.connect("q").send("300600016182ffff");
    expect(harness.core.statistics).toMatchObject({
      publishesReceived: 2,
      publishBytesReceived: 0,
    });
  });
});
