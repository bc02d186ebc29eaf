/** Which topics get the aliases that a server offers. */
import { describe, expect, it } from "vitest";
import { TopicAliasChoice } from "../../src/core/topic-alias-choice.ts";

/** Sends each topic; the alias, and whether the topic had to go along. */
function send(choice: TopicAliasChoice, topics: string): string {
  const sent = topics.split("").map((topic) => {
    const known = choice.known(topic);
    const alias = known ?? choice.free();
    if (alias !== 0) choice.used(topic, alias);
    return known === undefined ? `${alias}${topic}` : `${alias}`;
  });
  return sent.join(" ");
}

describe("the choice of Topic Aliases", () => {
  it("sends a topic with its alias once, then the alias alone", () => {
    expect(send(new TopicAliasChoice(2), "aabab")).toBe("1a 1 2b 1 2");
  });

  it("gives the alias of the topic used longest ago to the next", () => {
    expect(send(new TopicAliasChoice(2), "abacba")).toBe("1a 2b 1 2c 1b 2a");
  });

  it("[MQTT-3.2.2-18] gives none where the server takes none", () => {
    expect(send(new TopicAliasChoice(0), "aa")).toBe("0a 0a");
  });

  it("gives one alias to one topic after another", () => {
    expect(send(new TopicAliasChoice(1), "abba")).toBe("1a 1b 1 1a");
  });

  it("counts nothing as agreed that was not sent", () => {
    const choice = new TopicAliasChoice(1);
    expect(choice.free()).toBe(1);
    expect(choice.known("a")).toBeUndefined();
    expect(choice.free()).toBe(1);
  });
});
