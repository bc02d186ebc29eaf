import { describe, expect, it } from "vitest";
import type { KnownProperties } from "../../src/core/message/known-properties.ts";
import { PublishRun, RUN_PACKETS_MAX } from "../../src/core/message/publish-run.ts";

const ALIAS: KnownProperties = {
  size: 4,
  received: new Uint8Array(0),
  sent: Uint8Array.of(0),
  hasAlias: true,
  topicAlias: 1,
};

/** As many packets as a run takes that have an alias in place of a topic, each 9 bytes long. */
function aliasedRun(topic: string): PublishRun {
  const packet = Uint8Array.of(0x30, 7, 0, 0, 3, 0x23, 0, 1, 0x78);
  const bytes = new Uint8Array(packet.length * RUN_PACKETS_MAX);
  const run = new PublishRun();
  run.begin(bytes, RUN_PACKETS_MAX, Buffer.from(topic));
  run.isVersion5 = true;
  run.properties = ALIAS;
  for (let start = 0; start < bytes.length && !run.isFull; start += packet.length) {
    bytes.set(packet, start);
    run.add(start, start + 2, start + 4, start + packet.length);
  }
  return run;
}

describe("a run whose topic is that of a Topic Alias", () => {
  it("is encoded with its topic and without the alias [MQTT-3.3.2-7]", () => {
    const run = aliasedRun("a/b");
    const { bytes, starts } = run.encoding(true, 0);
    expect(run.count).toBe(RUN_PACKETS_MAX);
    const last = bytes.subarray(starts[run.count - 1], starts[run.count]);
    expect(Buffer.from(last).toString("hex")).toBe("30070003612f620078");
  });

  it("grows by no more than a few topics of the greatest length, however short its packets are", () => {
    const run = aliasedRun("x".repeat(65_535));
    expect(run.encoding(false, 0).bytes.length).toBeLessThan(1_000_000);
    expect(run.count).toBeGreaterThan(1);
    const { starts } = run.encoding(true, 0);
    expect(starts[run.count]).toBe(run.count * (65_535 + 8));
  });
});
