/** A filter is allowed exactly if each topic that it matches is: compared with trying all topics over a small alphabet. */
import { isTopicFilterIn, isTopicName, topicMatchesFilter } from "@anax/protocol";
import { SeededRandom } from "@anax/testing";
import { describe, expect, it } from "vitest";
import type { AccessRule } from "../../src/access/access-rules.ts";
import { AccessRuleBook } from "../../src/access/rule-book.ts";

/** What rules and filters name; topics have one more level, which none of them names. */
const NAMES = ["a", "b", "", "$s"];
const ALL_NAMES = [...NAMES, "z"];
/** Levels of rules and filters; topics have one more, which stands for all that are longer. */
const LEVELS = 3;

const CLIENT = { clientId: "c", groups: [], listener: "" };

function allTopics(): string[] {
  let longest = [...ALL_NAMES];
  const topics = [...longest];
  for (let level = 1; level <= LEVELS; level += 1) {
    longest = longest.flatMap((topic) => ALL_NAMES.map((name) => `${topic}/${name}`));
    topics.push(...longest);
  }
  return topics.filter((topic) => isTopicName(topic));
}

const TOPICS = allTopics();

function randomFilter(random: SeededRandom): string {
  for (;;) {
    const levels: string[] = [];
    const count = 1 + random.below(LEVELS);
    for (let level = 0; level < count; level += 1)
      levels.push(random.pick([...NAMES, "a", "+", "+"]));
    if (random.below(3) === 0) levels.splice(-1, 1, "#");
    const filter = levels.join("/");
    if (isTopicFilterIn(5, filter)) return filter;
  }
}

function randomRules(random: SeededRandom): AccessRule[] {
  return Array.from({ length: 1 + random.below(6) }, () => {
    const topics = randomFilter(random);
    return random.below(3) === 0
      ? { deny: "subscribe", topics }
      : { allow: "subscribe", topics, maximumQos: random.pick([0, 1, 2] as const) };
  });
}

/** Without a tree: the first rule that matches. */
function firstRule(rules: readonly AccessRule[], topic: string): AccessRule | undefined {
  return rules.find(({ topics }) => topicMatchesFilter(topic, String(topics)));
}

describe("rules", () => {
  it("decide about each topic and each filter as trying all topics does", () => {
    const random = new SeededRandom(13);
    let whole = 0;
    let parts = 0;
    for (let round = 0; round < 120; round += 1) {
      const rules = randomRules(random);
      const strict = new AccessRuleBook({ rules });
      const narrowing = new AccessRuleBook({ rules, subscriptions: "narrow" });
      for (let one = 0; one < 4; one += 1) {
        const filter = randomFilter(random);
        const found = TOPICS.filter((topic) => topicMatchesFilter(topic, filter)).map((topic) =>
          firstRule(rules, topic),
        );
        const allowed = found.flatMap((rule) => (rule?.allow === undefined ? [] : [rule]));
        const isWhole = allowed.length === found.length;
        const maximumQos = Math.min(2, ...allowed.map((rule) => rule.maximumQos ?? 2));
        const shown = JSON.stringify({ rules, filter });
        const grant = { isNarrowed: false, maximumQos };
        expect(strict.maySubscribe(CLIENT, filter, false), shown).toEqual(isWhole && grant);
        expect(narrowing.maySubscribe(CLIENT, filter, false), shown).toEqual(
          allowed.length > 0 && { isNarrowed: !isWhole, maximumQos },
        );
        if (isWhole) whole += 1;
        else if (allowed.length > 0) parts += 1;
      }
      for (const topic of TOPICS.slice(round % 50, (round % 50) + 40))
        expect(strict.mayReceive(CLIENT, topic)).toBe(firstRule(rules, topic)?.allow !== undefined);
    }
    expect(whole).toBeGreaterThan(30);
    expect(parts).toBeGreaterThan(30);
  });

  it("name filters of whose topics all are allowed in the same way", () => {
    const random = new SeededRandom(14);
    const found = { trees: 0, patterns: 0 };
    for (let round = 0; round < 40; round += 1) {
      const rules = randomRules(random).map(({ deny, topics, maximumQos }): AccessRule =>
        deny === undefined ? { allow: "publish", topics, maximumQos } : { deny: "both", topics },
      );
      const book = new AccessRuleBook({ rules });
      for (let asked = 0; asked < 6; asked += 1) {
        const topic = random.pick(TOPICS);
        const answer = book.mayPublish(CLIENT, topic);
        if (typeof answer !== "object" || answer.topicFilter === undefined) continue;
        const { topicFilter } = answer;
        found[topicFilter.endsWith("#") ? "trees" : "patterns"] += 1;
        const shown = JSON.stringify({ rules, topic, topicFilter });
        expect(topicMatchesFilter(topic, topicFilter), shown).toBe(true);
        for (const one of TOPICS.filter((other) => topicMatchesFilter(other, topicFilter))) {
          const rule = firstRule(rules, one);
          const said = rule?.allow === undefined ? "denied" : (rule.maximumQos ?? 2);
          expect(said, shown).toBe(answer.maximumQos ?? 2);
        }
      }
    }
    expect(found.trees).toBeGreaterThan(40);
    expect(found.patterns).toBeGreaterThan(1);
  });

  it("refuse a filter that would be too much work", () => {
    const rules = Array.from({ length: 30_000 }, (_, index): AccessRule => {
      return { allow: "subscribe", topics: `devices/${index}/#` };
    });
    const book = new AccessRuleBook({ rules: [...rules, { allow: "both", topics: "#" }] });
    expect(book.maySubscribe(CLIENT, "#", false)).toBe(false);
    expect(book.explain({ action: "subscribe", topic: "#" }).reason).toContain("too many rules");
    expect(book.maySubscribe(CLIENT, "devices/7/#", false)).not.toBe(false);
  });
});
