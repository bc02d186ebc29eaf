import { copyBytes, decodePacket, encodePacket, Framer } from "@anax/protocol";
import type { Packet, PublishPacket, QoS } from "@anax/protocol";
import { describe, expect, it } from "vitest";
import { subscribeInternally } from "../../src/core/management/internal-subscription.ts";
import { Message } from "../../src/core/message/message.ts";
import { addressPackets } from "../../src/core/message/publish-run.ts";
import type { Delivery } from "../../src/core/owed/delivery.ts";
import type { GivenRun, MessageReceiver } from "../../src/core/owed/message-receiver.ts";
import { CoreHarness, publishPacket, subscribe } from "../support/core-harness.ts";

/** Keeps what it gets as MQTT 5.0 packets with identifiers of its own, one behind the other, as a link would send it. */
class Recorder implements MessageReceiver {
  readonly parts: Uint8Array[] = [];
  runs = 0;
  singles = 0;
  #last = 0;

  take({ message, qos, retain }: Delivery): boolean {
    this.singles += 1;
    const { topic } = message;
    const payload = message.bytes.subarray(message.payloadStart);
    const identifier = qos === 0 ? {} : { packetIdentifier: ++this.#last };
    const packet = { type: "publish", topic, payload, qos, retain, duplicate: false } as const;
    this.parts.push(encodePacket({ ...packet, ...identifier }, 5));
    return true;
  }

  takeRun({ run, from, to, qos }: GivenRun): void {
    this.runs += 1;
    const encoding = run.encoding(true, qos);
    const start = encoding.starts[from] ?? 0;
    const copy = copyBytes(encoding.bytes, start, encoding.starts[to] ?? 0);
    const identifiers = new Uint16Array(to);
    if (qos > 0) for (let index = from; index < to; index += 1) identifiers[index] = ++this.#last;
    addressPackets(copy, -start, encoding, { from, to, qos }, identifiers);
    this.parts.push(copy);
  }

  packets(): readonly Packet[] {
    const framer = new Framer(1_000_000);
    const found: Packet[] = [];
    for (const part of this.parts) {
      framer.push(part);
      while (framer.next())
        found.push(decodePacket(framer.firstByte, framer.bytes, framer.bodyStart, framer.end, 5));
    }
    return found;
  }
}

/** What comes in one read: three topics in turn, 40 packets, an identifier each. */
function burst(qos: QoS): PublishPacket[] {
  return Array.from({ length: 40 }, (_, index) =>
    publishPacket(`t/${index % 3}`, `text ${index}`, { qos, packetIdentifier: index + 1 }),
  );
}

function shown(packets: readonly Packet[]): unknown[] {
  return packets.flatMap((packet) =>
    packet.type === "publish"
      ? [
          [
            packet.topic,
            new TextDecoder().decode(packet.payload),
            packet.qos,
            packet.packetIdentifier,
          ],
        ]
      : [],
  );
}

/** How many messages were made objects while something was done. */
function countMade(action: () => void): number {
  const { received } = Message;
  let made = 0;
  Message.received = (fields) => {
    made += 1;
    return received(fields);
  };
  try {
    action();
  } finally {
    Message.received = received;
  }
  return made;
}

describe("a recorder in place of a client", () => {
  for (const version of [4, 5] as const)
    for (const qos of [0, 1, 2] as const)
      it(`gets runs of QoS ${qos} from MQTT ${version} as packets, and no object is made of a message`, () => {
        const harness = new CoreHarness();
        const recorder = new Recorder();
        const peer = harness.connect("p", { protocolVersion: version });
        subscribeInternally(harness.core, "#", recorder);
        expect(countMade(() => peer.send(...burst(qos)))).toBe(0);
        expect(recorder.singles).toBe(0);
        expect(recorder.runs).toBeLessThan(burst(qos).length);
        const expected = burst(qos).map((packet, index) => [
          packet.topic,
          new TextDecoder().decode(packet.payload),
          qos,
          qos === 0 ? undefined : index + 1,
        ]);
        expect(shown(recorder.packets())).toEqual(expected);
        const { length } = peer.receive();
        expect(length).toBe(qos === 0 ? 0 : 40);
      });

  it("gets the same where a handler has every message go singly", () => {
    const harness = new CoreHarness({}, { interceptingClientEnqueue: () => undefined });
    const recorder = new Recorder();
    const peer = harness.connect("p");
    subscribeInternally(harness.core, "#", recorder);
    peer.send(...burst(1));
    expect(recorder).toMatchObject({ singles: 40, runs: 0 });
    expect(shown(recorder.packets())).toHaveLength(40);
  });

  it("takes its share of a shared subscription, beside a client", () => {
    const harness = new CoreHarness();
    const recorder = new Recorder();
    subscribeInternally(harness.core, "$share/g/#", recorder);
    const member = harness.connect("m");
    subscribe(member, { topicFilter: "$share/g/#", qos: 0 });
    harness.connect("p").send(...burst(0));
    const own = shown(member.receive()).length;
    expect(own).toBeGreaterThan(0);
    expect(own + shown(recorder.packets()).length).toBe(40);
  });
});
