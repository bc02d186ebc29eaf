import { encodeUtf8 } from "@anax/protocol";
import { SeededRandom } from "@anax/testing";
import { expect, it } from "vitest";
import { RememberedTopics } from "../../src/core/access/remembered-topics.ts";
import type { PublishPermission } from "../../src/core/access/authorizer.ts";
import { TopicLevels } from "../../src/core/routing/topic-levels.ts";

it("permissions of topics are what was kept of them, or nothing", () => {
  const random = new SeededRandom(5);
  const levels = new TopicLevels(7);
  const table = new RememberedTopics();
  const kept = new Map<string, PublishPermission>();
  let found = 0;
  for (let step = 0; step < 60_000; step += 1) {
    const topic = `d/${random.below(20_000)}${"/long".repeat(random.below(4))}`;
    const bytes = encodeUtf8(`--${topic}--`);
    levels.read(bytes, 2, bytes.length - 2);
    const known = table.find(levels);
    if (known !== undefined) {
      expect(known).toEqual(kept.get(topic));
      found += 1;
      continue;
    }
    const permission = {
      isAllowed: random.chance(0.5),
      maximumQos: random.pick([0, 1, 2] as const),
      mayRetain: random.chance(0.5),
    };
    kept.set(topic, permission);
    table.keep(encodeUtf8(topic), levels.digest, permission);
    if (step === 30_000) table.clear();
  }
  expect(found).toBeGreaterThan(1_000);
});
