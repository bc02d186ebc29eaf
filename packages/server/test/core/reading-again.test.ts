import { describe, expect, it } from "vitest";
import { StoredState } from "../../src/core/recovery/stored-state.ts";
import { StoredMessages } from "../../src/core/journal/stored-messages.ts";
import { lasting, publishPacket, subscribe } from "../support/core-harness.ts";
import { DurableServer } from "../support/durable-server.ts";

const MESSAGES = 500;

describe("messages that are only in the store", () => {
  it("are read a batch at a time, and once for all that are taken from it one after the other", () => {
    const server = new DurableServer({ queueMessagesMax: MESSAGES }, { residentBytesMax: 0 });
    const s = server.harness.connect("s", lasting());
    subscribe(s, { topicFilter: "t", qos: 1 });
    s.cut();
    const p = server.harness.connect("p");
    const packets = Array.from({ length: MESSAGES }, (_, index) =>
      publishPacket("t", String(index), { qos: 1, packetIdentifier: index + 1 }),
    );
    p.send(...packets);
    const { batches } = server.medium;
    let reads = 0;
    const reader = (position: number): Uint8Array => {
      reads += 1;
      return batches.get(position) ?? new Uint8Array();
    };
    const messages = new StoredMessages({ reader, residentBytesMax: 0 });
    const state = new StoredState(messages);
    for (const [position, bytes] of batches) state.batch(position, bytes);
    const [session] = state.sessions.values();
    const texts = Array.from(session?.queue.keys() ?? [], (number) => {
      const { bytes, payloadStart, end } = messages.parts(state.slots.get(number) ?? -1);
      return new TextDecoder().decode(bytes.subarray(payloadStart, end));
    });
    expect(texts).toEqual(packets.map((_, index) => String(index)));
    expect(reads).toBeLessThanOrEqual(batches.size);
  });
});
