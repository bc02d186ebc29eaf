import { encodeUtf8, topicMatchesFilter } from "@anax/protocol";
import { SeededRandom } from "@anax/testing";
import { expect, it } from "vitest";
import { PermittedTopics } from "../../src/core/access/permitted-topics.ts";
import { PUBLISH_ALLOWED } from "../../src/core/access/authorizer.ts";
import { TopicLevels } from "../../src/core/routing/topic-levels.ts";

it("permitted topics are those that their filter matches", () => {
  const random = new SeededRandom(3);
  const names = ["", "a", "b", "abcd", "abce", "längerer Name", "$SYS"];
  const levels = new TopicLevels(7);
  const path = (wildcards: readonly string[]): string => {
    const count = 1 + random.below(4);
    return Array.from({ length: count }, () => random.pick([...names, ...wildcards])).join("/");
  };
  let matched = 0;
  for (let round = 0; round < 20_000; round += 1) {
    const topic = path([]);
    const filter = path(["+", "+", "+"]) + random.pick(["", "/#"]);
    if (topic === "" || filter === "") continue;
    const bytes = encodeUtf8(`--${topic}--`);
    levels.read(bytes, 2, bytes.length - 2);
    const isMatch = topicMatchesFilter(topic, filter);
    if (isMatch) matched += 1;
    const found = new PermittedTopics(filter, PUBLISH_ALLOWED).includes(levels);
    expect(found, `${filter} ${topic}`).toBe(isMatch);
  }
  expect(matched).toBeGreaterThan(500);
  levels.read(encodeUtf8("$SYS/a"), 0, 6);
  expect(new PermittedTopics("#", PUBLISH_ALLOWED).includes(levels)).toBe(false);
  levels.read(encodeUtf8("a"), 0, 1);
  expect(new PermittedTopics("#", PUBLISH_ALLOWED).includes(levels)).toBe(true);
});
